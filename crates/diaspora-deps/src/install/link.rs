//! The path of `diaspora_svc` in the instructions of 2010. A package may not have files in
//! /usr/local; an operator may.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The path of the instructions of 2010.
pub(super) const LINK: &str = "/usr/local/bin/diaspora_svc.sh";
/// The scan directory that it steers.
const DIRECTORY: &str = "/etc/service";

/// Whether this is the scan directory of the instructions of 2010.
pub(super) fn is_wanted(directory: &Path) -> bool {
    fs::canonicalize(directory).is_ok_and(|path| path == Path::new(DIRECTORY))
}

/// The program that the link is to mean: the neighbour of this one.
pub(super) fn target() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("diaspora_svc");
    match program.exists() {
        true => Ok(program),
        false => Err(ErrorKind::NotFound.into()),
    }
}

/// Makes the link, unless something has its name; gives a word for the report.
pub(super) fn make(link: &Path, target: &Path) -> io::Result<&'static str> {
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent)?;
    }
    match symlink(target, link) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let means = |path: &Path| fs::canonicalize(path).ok();
            match means(link).is_some_and(|path| Some(path) == means(target)) {
                true => Ok("unchanged"),
                false => Ok("kept, for it is another program than diaspora_svc"),
            }
        }
        made => made.map(|()| "made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_name_is_kept() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("diaspora_svc"), "").expect("write");
        let link = path("local/bin/diaspora_svc.sh");
        let make = || make(&link, &path("diaspora_svc")).expect("made");
        assert_eq!(make(), "made");
        assert_eq!(fs::read_link(&link).expect("a link"), path("diaspora_svc"));
        assert_eq!(make(), "unchanged");
        fs::remove_file(&link).expect("remove");
        fs::write(&link, "the script of 2010").expect("write");
        assert!(make().starts_with("kept, for it is another program"));
        assert!(fs::symlink_metadata(&link).expect("a file").is_file());
        assert!(!is_wanted(folder.path()));
    }
}
