//! A directory tree as lines of a transcript: names, types, modes and bytes.
//! Times, owners of our own and inode numbers are left out.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use crate::normal::LABELS;
use crate::service::Status;
use crate::transcript::printable;

/// Longer files are shown by their length and a sum of their bytes, in which all labels are
/// equal.
const SHOWN: usize = 400;

/// Files of ours that the reference does not make: next to a record, and in a log directory
/// (while multilog runs, and after it was killed). They are left out, since nearly every
/// listing would differ; [`crate::Case::with_additions`] compares them.
const ADDITIONS: &[&str] = &["detail", "detail.new", ".pending"];

/// Every file below `root`, sorted by name, with paths relative to it.
#[must_use]
pub fn listing(root: &Path, additions: bool) -> Vec<String> {
    let mut lines = Vec::new();
    walk(root, root, additions, &mut lines);
    lines
}

fn walk(root: &Path, dir: &Path, additions: bool, lines: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let added = ADDITIONS.iter().any(|name| path.ends_with(name));
        let added = added && dir.join("lock").exists();
        if added && !additions {
            continue;
        }
        let name = path.strip_prefix(root).expect("below the root");
        // A file may be removed after it was listed.
        let Ok(about) = path.symlink_metadata() else {
            continue;
        };
        let kind = about.file_type();
        let (letter, rest) = if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap_or_default();
            (
                'l',
                format!(" -> {}", printable(target.as_os_str().as_bytes())),
            )
        } else if kind.is_dir() {
            ('d', String::new())
        } else if kind.is_fifo() {
            ('p', String::new())
        } else if kind.is_socket() {
            ('s', String::new())
        } else if added {
            ('-', " (of ours)".to_owned())
        } else if kind.is_file() {
            ('-', format!(" {}", contents(&path)))
        } else {
            ('?', String::new())
        };
        let mode = about.mode() & 0o7777;
        lines.push(format!(
            "{} {letter}{mode:04o}{rest}",
            printable(name.as_os_str().as_bytes())
        ));
        if kind.is_dir() {
            walk(root, &path, additions, lines);
        }
    }
}

fn contents(path: &Path) -> String {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return format!("(unreadable: {error})"),
    };
    if path.ends_with("status")
        && let Some(status) = Status::unpack(&bytes)
    {
        return format!("({status})");
    }
    if bytes.len() > SHOWN {
        return format!("({} bytes, sum {:016x})", bytes.len(), sum(&bytes));
    }
    format!("\"{}\"", printable(&bytes))
}

/// A sum of bytes, in which all labels are equal.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let equal = LABELS.apply(bytes);
    equal.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
