//! The files of a log directory: `current`, `previous`, and the finished ones.

use std::collections::BTreeSet;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use daemontools::logdir::Name;
use daemontools::unix::file::{self, Identity, Kind};

use crate::service::c_path;

/// The file that multilog writes.
pub(super) const CURRENT: &str = "current";
/// The one that a processor reads.
pub(super) const PREVIOUS: &str = "previous";
/// The one that it writes.
pub(super) const PROCESSED: &str = "processed";

/// How many bytes at the beginning of a file are compared: a label and some text.
const HEAD: usize = 64;
/// How many are searched at once.
const BLOCK: usize = 64 * 1024;

/// An open file of a log.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    /// It stays its own as long as the file is open.
    pub(super) identity: Identity,
    /// How much of it has been read.
    pub(super) offset: u64,
}

impl LogFile {
    /// Opens a file of a log directory; `None` if it is not there, or is no regular file.
    pub(super) fn open(directory: &Path, name: impl AsRef<Path>) -> io::Result<Option<Self>> {
        let path = c_path(&directory.join(name))?;
        let opened = match file::open_read_nofollow(&path) {
            Ok(opened) => opened,
            Err(daemontools::Errno::ENOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let facts = file::fstat(&opened)?;
        if facts.kind != Kind::Regular {
            return Ok(None);
        }
        Ok(Some(Self {
            file: opened.into(),
            identity: facts.identity,
            offset: 0,
        }))
    }

    /// Its length.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.size())
    }

    /// Reads what comes next; nothing at the end.
    pub(super) fn read<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let count = self.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(&buffer[..count])
    }

    /// Reads at an offset.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Whether it, of that length, ends with a newline, or is empty.
    pub(super) fn ends_with_newline(&self, length: u64) -> io::Result<bool> {
        let mut last = [b'\n'];
        if length > 0 {
            self.read_at(&mut last, length - 1)?;
        }
        Ok(last == [b'\n'])
    }

    /// Counts newlines back from `end`. Gives the offset behind the last of `newlines`;
    /// else there are so many less to be found.
    pub(super) fn back(&self, end: u64, newlines: &mut usize) -> io::Result<Option<u64>> {
        let mut end = end;
        let mut buffer = vec![0; BLOCK];
        while end > 0 {
            let start = end.saturating_sub(BLOCK as u64);
            let wanted = usize::try_from(end - start).unwrap_or(BLOCK);
            let count = self.read_at(&mut buffer[..wanted], start)?;
            for at in (0..count).rev() {
                if *newlines == 0 {
                    return Ok(Some(start + at as u64 + 1));
                }
                if buffer[at] == b'\n' {
                    *newlines -= 1;
                    if *newlines == 0 {
                        return Ok(Some(start + at as u64 + 1));
                    }
                }
            }
            end = start;
        }
        Ok(None)
    }

    /// Its first bytes, if a label is among them: then they tell it from other files.
    pub(super) fn head(&self) -> Option<Vec<u8>> {
        let mut head = vec![0; HEAD];
        let count = self.read_at(&mut head, 0).ok()?;
        head.truncate(count);
        super::line::begins_with_label(head.split(|&byte| byte == b'\n').next()?).then_some(head)
    }

    /// Whether a processor has compressed it.
    pub(super) fn is_compressed(&self) -> bool {
        const MAGIC: [&[u8]; 4] = [b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"BZh"];
        let mut head = [0; 8];
        let count = self.read_at(&mut head, 0).unwrap_or(0);
        MAGIC.iter().any(|magic| head[..count].starts_with(magic))
    }
}

/// The name of a finished file, for a path.
pub(super) fn os(name: &Name) -> &OsStr {
    OsStr::from_bytes(name.as_c_str().to_bytes())
}

/// The identity of a file of a log directory; `None` if it is not there.
pub(super) fn identity(directory: &Path, name: &str) -> Option<Identity> {
    let path = c_path(&directory.join(name)).ok()?;
    file::lstat(&path).ok().map(|facts| facts.identity)
}

/// The names of the finished files of a log directory, the oldest first.
pub(super) fn finished(directory: &Path) -> io::Result<BTreeSet<Name>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(directory)? {
        let name = CString::new(entry?.file_name().into_vec());
        names.extend(name.ok().as_deref().and_then(Name::parse));
    }
    Ok(names)
}
