//! The files that supervise executes.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daemontools::servicedir::policy::Policy;

use super::finding::Finding;

/// What there is to say about `run`.
pub(super) fn run(directory: &Path) -> Option<Finding> {
    executable(directory, "run").map(|why| Finding::of("run", why))
}

/// What there is to say about `finish`, for this policy.
pub(super) fn finish(directory: &Path, policy: Option<&Policy>) -> Option<Finding> {
    let wanted = policy.is_some_and(|policy| policy.finish);
    let is_there = directory.join("finish").is_file();
    match (wanted, is_there) {
        (true, _) => executable(directory, "finish").map(|why| Finding::of("finish", why)),
        (false, true) => Some(Finding::of(
            "finish",
            "is there and does not run: supervise.toml has no finish = true".to_owned(),
        )),
        (false, false) => None,
    }
}

/// Why a file can't be executed, or should not be.
fn executable(directory: &Path, name: &str) -> Option<String> {
    let path = directory.join(name);
    let facts = match fs::metadata(&path) {
        Ok(facts) => facts,
        Err(error) if error.kind() == ErrorKind::NotFound => return Some("is missing".to_owned()),
        Err(error) => return Some(error.kind().to_string()),
    };
    let mode = facts.permissions().mode();
    let others_write = |mode: u32| mode & 0o002 != 0;
    let directory_mode = fs::metadata(directory).map_or(0, |facts| facts.permissions().mode());
    match () {
        () if !facts.is_file() => Some("is no regular file".to_owned()),
        () if mode & 0o111 == 0 => Some(format!("is not executable: chmod +x {name}")),
        () if others_write(mode) => Some("may be written by every user".to_owned()),
        () if others_write(directory_mode) => {
            Some("may be replaced by every user: its directory is not protected".to_owned())
        }
        () if facts.len() == 0 => Some("is empty".to_owned()),
        () => None,
    }
}
