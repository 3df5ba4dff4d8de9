//! How multilog cuts a log into files. The reference's own cuts depend on how its reads
//! fall, so they are not compared: the bytes of all files together are, and each file of
//! ours has to follow the rule.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::normal::LABELS;
use crate::side::{Side, Whose};

/// How close to its size a newline finishes a file.
const MARGIN: usize = 2000;

/// A log's files of size `size` at most, in their order, `current` last: whether each ends
/// at the first newline within 2000 bytes of its size, or at its size where none comes.
///
/// # Errors
/// The first file that does not.
pub fn by_the_rule(size: usize, files: &[Vec<u8>]) -> Result<(), String> {
    for (number, file) in files.iter().enumerate() {
        let first = size - MARGIN - 1;
        let newline = file.iter().skip(first).position(|&byte| byte == b'\n');
        let end = newline.map_or(size, |at| first + at + 1);
        let is_current = number + 1 == files.len();
        let follows = if is_current {
            file.len() < end || file.len() == size && newline.is_none()
        } else {
            file.len() == end
        };
        if !follows {
            let len = file.len();
            return Err(format!("file {number} has {len} bytes instead of {end}"));
        }
    }
    Ok(())
}

/// The finished files of a log and `current`, in their order: name, mode, bytes.
fn files(log: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let entries = fs::read_dir(log).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            )
        })
        .filter(|(name, _)| name.starts_with("@4") || name == "current")
        .map(|(name, path)| {
            let mode = fs::metadata(&path).map_or(0, |about| about.permissions().mode() & 0o7777);
            (name, mode, fs::read(path).unwrap_or_default())
        })
        .collect();
    files.sort();
    files
}

impl Side {
    /// Logs what a log holds, however it is cut: its bytes, the modes of its files, and
    /// that they follow the rule. Of the reference's, that none is larger than `size`.
    pub fn log_whole(&self, log: &str, size: usize) {
        let files = files(&self.path(log));
        let mut kinds: Vec<_> = files
            .iter()
            .map(|(name, mode, _)| {
                format!(
                    "{} {mode:o}",
                    String::from_utf8_lossy(&LABELS.apply(name.as_bytes()))
                )
            })
            .collect();
        kinds.dedup();
        self.log(&format!("{log}: files"), kinds.join(", "));
        let parts: Vec<_> = files.into_iter().map(|(.., bytes)| bytes).collect();
        let verdict = match self.whose() {
            Whose::Ours => by_the_rule(size, &parts),
            Whose::Reference if parts.iter().all(|part| part.len() <= size) => Ok(()),
            Whose::Reference => Err("a file is too large".to_owned()),
        };
        self.log(
            &format!("{log}: cuts"),
            verdict.err().unwrap_or("by the rule".into()),
        );
        let whole = parts.concat();
        let len = whole.len();
        let sum = crate::tree::sum(&whole);
        self.log(&format!("{log}: bytes"), format!("{len}, sum {sum:016x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_break_the_rule_are_found() {
        let line = |len: usize| [vec![b'x'; len - 1], b"\n".to_vec()].concat();
        let check = |files: &[Vec<u8>]| by_the_rule(4096, files).is_ok();
        assert!(check(&[line(2096), vec![]]));
        assert!(check(&[line(4096), line(2095)]));
        assert!(check(&[vec![b'x'; 4096], line(10)]));
        assert!(check(&[vec![b'x'; 4096]]));
        assert!(check(&[[line(2095), line(5)].concat(), line(1)]));
        // Too early, too late, too large, `current` not finished.
        assert!(!check(&[line(2095), vec![]]));
        assert!(!check(&[[line(2096), line(5)].concat(), vec![]]));
        assert!(!check(&[vec![b'x'; 4097], vec![]]));
        assert!(!check(&[vec![b'x'; 4000], vec![]]));
        assert!(!check(&[line(2096)]));
    }
}
