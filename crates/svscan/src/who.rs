//! Who a process is: it is known by its name and by where it works. Whatever is told
//! by a pid holds only as long as nothing can put another process in its place.

use daemontools::procfs;
use daemontools::unix::file::{self, Identity};

use crate::path::Path;

/// Whether a process has this name and works in this directory.
pub(crate) fn is(pid: u32, name: &[u8], directory: Identity) -> bool {
    procfs::is_named(pid, name) && leads_to(pid, b"cwd") == Some(directory)
}

/// What an entry of a process in `/proc` leads to.
pub(crate) fn leads_to(pid: u32, entry: &[u8]) -> Option<Identity> {
    let path = Path::of_process(pid, entry).ok()?;
    Some(file::stat(path.as_c_str()).ok()?.identity)
}
