//! A probe of a file: it is ready if it has something in it. The file is not opened: a
//! FIFO in its place would block the probe.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use daemontools::{Errno, errno};

use crate::probe::Readiness;

/// The readiness that a file shows.
pub(super) fn readiness(path: &Path) -> Readiness {
    match fs::metadata(path) {
        Ok(facts) if !facts.is_file() => Readiness::Down("not a regular file".to_owned()),
        Ok(facts) if facts.len() == 0 => Readiness::Starting("it is empty".to_owned()),
        Ok(_) => Readiness::Ready,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Readiness::Down("no such file yet".to_owned())
        }
        Err(error) => {
            let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
            Readiness::Down(errno::text(error).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_with_something_in_it_is_ready() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("file");
        assert!(matches!(readiness(&path), Readiness::Down(_)));
        fs::write(&path, "").expect("write");
        assert!(matches!(readiness(&path), Readiness::Starting(_)));
        fs::write(&path, "x").expect("write");
        assert_eq!(readiness(&path), Readiness::Ready);
        assert!(matches!(readiness(place.path()), Readiness::Down(_)));
        assert!(matches!(readiness(&path.join("x")), Readiness::Down(_)));
    }

    #[test]
    fn a_fifo_does_not_block() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success());
        let why = "not a regular file".to_owned();
        assert_eq!(readiness(&path), Readiness::Down(why));
    }
}
