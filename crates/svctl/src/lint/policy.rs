//! What supervise would say of `supervise.toml`.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use daemontools::servicedir::POLICY;
use daemontools::servicedir::policy::{FILE_MAX, Policy};
use daemontools::unix::file::{self, Kind};
use daemontools::{Errno, errno};

use super::finding::Finding;
use crate::service::{c_path, path_of};

/// Reads the file as supervise does. `None` if there is none, or it can't be read.
pub(super) fn read(directory: &Path, findings: &mut Vec<Finding>) -> Option<Policy> {
    let name = POLICY.to_string_lossy();
    let path = c_path(&directory.join(path_of(POLICY.to_bytes())));
    let text = match path.and_then(|path| file::open_read(&path)) {
        Err(Errno::ENOENT) => return None,
        Err(error) => Err(errno::text(error)),
        Ok(file) => read_all(file),
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => {
            findings.push(Finding::of(&name, format!("unable to read it: {why}")));
            return None;
        }
    };
    let policy = Policy::parse(&text, |trouble| {
        let words = trouble.kind.describe(|parts| parts.concat());
        let words = String::from_utf8_lossy(&words).into_owned();
        let place = format!("{name}, line {}", trouble.line);
        findings.push(Finding::of(&place, words));
    });
    Some(policy)
}

fn read_all(file: OwnedFd) -> Result<Vec<u8>, &'static str> {
    if file::fstat(&file).map_err(errno::text)?.kind != Kind::Regular {
        return Err("not a regular file");
    }
    let mut text = Vec::new();
    // A byte more than counts tells that there is more.
    let mut start = File::from(file).take(FILE_MAX as u64 + 1);
    match start.read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(errno::text(Errno::from_raw(
            error.raw_os_error().unwrap_or(0),
        ))),
    }
}
