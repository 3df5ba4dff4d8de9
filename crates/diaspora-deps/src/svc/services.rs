//! The service directories that a form of `diaspora_svc` means, and how messages name them.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use daemontools::strerr::Reporter;

/// The messages of `diaspora_svc`.
pub(super) static ME: Reporter = Reporter::new("diaspora_svc");

/// The service directories of a scan directory, sorted: all, or those that are Diaspora's
/// own.
pub(super) fn services(directory: &Path, all: bool) -> io::Result<Vec<PathBuf>> {
    let mut services: Vec<PathBuf> = std::fs::read_dir(directory)?
        .flatten()
        .filter(|entry| is_selected(entry.file_name().as_bytes(), all))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    services.sort();
    Ok(services)
}

/// Whether the form `all`, or the plain form, means a service of this name.
fn is_selected(name: &[u8], all: bool) -> bool {
    let contains = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    !name.starts_with(b".") && (all || !(contains(b"mongo") || contains(b"nginx")))
}

/// The name of a service in messages.
pub(super) fn label(service: &Path) -> &[u8] {
    service
        .file_name()
        .unwrap_or(service.as_os_str())
        .as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_forms_leave_mongo_and_nginx_alone() {
        for (name, plain, all) in [
            ("30redis", true, true),
            ("99thin_0", true, true),
            ("anything", true, true),
            ("10mongo", false, true),
            ("my-nginx-2", false, true),
            (".hidden", false, false),
        ] {
            assert_eq!(is_selected(name.as_bytes(), false), plain, "{name}");
            assert_eq!(is_selected(name.as_bytes(), true), all, "{name}");
        }
    }
}
