//! envdir: a program with environment variables from the files of a directory.

use core::ffi::CStr;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;

use daemontools::pathexec::Changes;
use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::{fd, file};
use daemontools::{Args, Errno, Result, TEMPORARY, getopt};

use crate::next;

static ME: Reporter = Reporter::new("envdir");

/// How much is read at once.
const BLOCK: usize = 4096;

/// Sets or unsets a variable for each file, then execs the program. Gives the exit code
/// if that failed.
pub fn envdir(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    let (Some(directory), Some(_)) = (args.get(1), args.get(2)) else {
        return getopt::usage(&ME, "envdir dir child").with_code(TEMPORARY);
    };
    let start = match file::open_directory(c".") {
        Ok(start) => start,
        Err(error) => return ME.fatal(&[b"unable to switch to current directory"], error),
    };
    let name = CStr::to_bytes(directory);
    if let Err(error) = file::chdir(directory) {
        return ME.fatal(&[b"unable to switch to directory ", name], error);
    }
    let changes = match read_directory() {
        Ok(changes) => changes,
        Err(ReadError::Directory(error)) => {
            return ME.fatal(&[b"unable to read directory ", name], error);
        }
        Err(ReadError::File(file, error)) => {
            return ME.fatal(&[b"unable to read ", name, b"/", file.as_bytes()], error);
        }
    };
    if let Err(error) = file::fchdir(&start) {
        return ME.fatal(&[b"unable to switch to starting directory"], error);
    }
    drop(start);
    next::exec_with(&ME, args, 2, &changes)
}

/// What could not be read: the directory or one of its files.
enum ReadError {
    Directory(Errno),
    File(CString, Errno),
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        Self::Directory(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    }
}

/// A change for each file of the working directory whose name does not begin with a dot.
fn read_directory() -> core::result::Result<Changes, ReadError> {
    let mut changes = Changes::default();
    for entry in std::fs::read_dir(".")? {
        let name = OsString::into_vec(entry?.file_name());
        if name.starts_with(b".") {
            continue;
        }
        let file = CString::new(name).map_err(|_| ReadError::Directory(Errno::EINVAL))?;
        let change = match read_value(&file) {
            Ok(Some(value)) => changes.set(file.as_bytes(), &value),
            Ok(None) => changes.unset(file.as_bytes()),
            Err(error) => Err(error),
        };
        change.map_err(|error| ReadError::File(file, error))?;
    }
    Ok(changes)
}

/// The value in a file. `None` if the file is empty, was removed since the directory was
/// read, or is a dangling link.
fn read_value(path: &CStr) -> Result<Option<Vec<u8>>> {
    let file = match file::open_read(path) {
        Ok(file) => file,
        Err(Errno::ENOENT) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let mut block = [0; BLOCK];
    loop {
        let count = match fd::read(&file, &mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error),
        };
        bytes.try_reserve(count).map_err(|_| Errno::ENOMEM)?;
        bytes.extend_from_slice(&block[..count]);
        if block[..count].contains(&b'\n') {
            break;
        }
    }
    Ok((!bytes.is_empty()).then(|| value(bytes)))
}

/// The value of a variable: the first line of a file, without spaces and tabs at its end,
/// and with newlines for NULs, which a variable cannot hold.
#[must_use]
pub fn value(mut bytes: Vec<u8>) -> Vec<u8> {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or(&[]);
    let blanks = line.iter().rev();
    let blanks = blanks.take_while(|byte| matches!(byte, b' ' | b'\t'));
    bytes.truncate(line.len() - blanks.count());
    for byte in &mut bytes {
        if *byte == 0 {
            *byte = b'\n';
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_first_line_without_blanks_at_its_end() {
        for (file, expected) in [
            (&b"plain"[..], &b"plain"[..]),
            (b"one\ntwo\n", b"one"),
            (b"  both \t \n", b"  both"),
            (b" \t", b""),
            (b"\nsecond", b""),
            (b"a\0b\0\n", b"a\nb\n"),
            (
                b"blanks \0 before a NUL stay",
                b"blanks \n before a NUL stay",
            ),
            (b"cr\r\n", b"cr\r"),
            (b"\xff\xfe", b"\xff\xfe"),
        ] {
            assert_eq!(value(file.to_vec()), expected, "{file:?}");
        }
    }
}
