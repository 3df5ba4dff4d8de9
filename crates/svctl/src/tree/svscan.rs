//! Whether an svscan looks after a tree.

use daemontools::Errno;
use daemontools::procfs;
use daemontools::unix::file::{self, Identity};

use super::scan::Tree;
use crate::service::c_path;

/// Whether no svscan looks after a tree. `false` where `/proc` does not tell.
pub(crate) fn is_without_svscan(tree: &Tree) -> bool {
    let Ok(here) = c_path(tree.directory()).and_then(|path| file::stat(&path)) else {
        return false;
    };
    // Ours has the directory locked. The C original locks nothing: then all processes are
    // looked at.
    let mut holder = None;
    let _ = procfs::each_flock(|inode, pid| {
        if inode == here.identity.inode {
            holder = Some(pid);
        }
    });
    if holder.is_some_and(|pid| may_look_after(pid, here.identity)) {
        return false;
    }
    let mut none = true;
    let looked = procfs::each_pid(|pid| none &= !may_look_after(pid, here.identity));
    looked.is_ok() && none
}

/// Whether a process is an svscan that looks after a directory, or may be: one that may not
/// be looked at.
fn may_look_after(pid: u32, directory: Identity) -> bool {
    procfs::has_name(pid, b"svscan") == Ok(true)
        && match procfs::entry_target(pid, b"cwd") {
            Ok(cwd) => cwd == directory,
            Err(error) => matches!(error, Errno::EACCES | Errno::EPERM),
        }
}
