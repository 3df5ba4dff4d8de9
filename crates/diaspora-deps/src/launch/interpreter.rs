//! The interpreter of a script that asks `env` for it: if it is not in PATH, `env` alone
//! would fail, again and again, and nobody would say why.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file that is executed for a program; `None` if PATH has no such file.
pub(super) fn find(program: &[u8], path: &[u8]) -> Option<PathBuf> {
    let name = OsStr::from_bytes(program);
    if program.contains(&b'/') {
        return Some(PathBuf::from(name));
    }
    let files = || {
        let folders = path.split(|&byte| byte == b':');
        folders.map(|folder| match folder {
            b"" => PathBuf::from(name),
            folder => Path::new(OsStr::from_bytes(folder)).join(name),
        })
    };
    let program = files().find(|file| is_program(file));
    // The kernel says why one that is there can't be executed.
    program.or_else(|| files().find(|file| file.symlink_metadata().is_ok()))
}

/// The interpreter that a program asks `env` for and that is not in PATH.
pub(super) fn missing(program: &Path, path: &[u8]) -> Option<String> {
    let mut start = Vec::new();
    let file = File::open(program).ok()?;
    // The kernel reads no more of the line.
    file.take(256).read_to_end(&mut start).ok()?;
    let name = asked_for(&start)?;
    match find(name.as_bytes(), path) {
        Some(_) => None,
        None => Some(name),
    }
}

/// The name in `#!/usr/bin/env NAME` or `#!/usr/bin/env -S NAME ARGUMENT`.
fn asked_for(start: &[u8]) -> Option<String> {
    let line = start
        .strip_prefix(b"#!")?
        .split(|&byte| byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    if Path::new(words.next()?).file_name()? != "env" {
        return None;
    }
    let name = words
        .next()
        .filter(|&word| word != "-S")
        .or_else(|| words.next())?;
    (!name.starts_with('-') && !name.contains('=')).then(|| name.to_owned())
}

fn is_program(file: &Path) -> bool {
    let metadata = fs::metadata(file);
    metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_interpreter() {
        for (start, name) in [
            ("#!/usr/bin/env ruby\nputs 1", Some("ruby")),
            ("#! /usr/bin/env  ruby", Some("ruby")),
            ("#!/usr/bin/env -S ruby -w\n", Some("ruby")),
            ("#!/usr/bin/env -i ruby\n", None),
            ("#!/usr/bin/env A=b ruby\n", None),
            ("#!/usr/bin/ruby\n", None),
            ("#!\n", None),
            ("\x7fELF", None),
        ] {
            assert_eq!(asked_for(start.as_bytes()).as_deref(), name, "{start}");
        }
    }
}
