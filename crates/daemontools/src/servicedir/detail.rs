//! `supervise/detail`: facts for which the status record has no room, as lines
//! `name value`. The reference has no such file. Unknown lines are ignored, so that
//! later versions can add some. The file always has the same length, filled up with
//! empty lines, so that one write replaces all of it.

use std::os::fd::AsFd;

use crate::Result;
use crate::buffer::Buffer;
use crate::procfs::BOOT_ID_LEN;
use crate::strerr::Decimal;
use crate::tai64n::LABEL_LEN;
use crate::unix::file;
use crate::unix::process::End;

/// Length of the file in bytes: room for every line at its longest and for some more,
/// and short enough to be one write within a page.
pub const DETAIL_LEN: usize = 512;

/// How often a file is read that changes meanwhile.
const TRIES: usize = 8;

/// Reads the file, as much as the buffer holds. supervise may write over it meanwhile,
/// so it is read until two reads give the same.
///
/// # Errors
/// Those of `pread(2)`.
pub fn read(file: impl AsFd, buffer: &mut [u8; DETAIL_LEN]) -> Result<&[u8]> {
    let mut count = file::read_at(&file, buffer, 0)?;
    for _ in 1..TRIES {
        let mut again = [0; DETAIL_LEN];
        let count_again = file::read_at(&file, &mut again, 0)?;
        let same = again[..count_again] == buffer[..count];
        (*buffer, count) = (again, count_again);
        if same {
            break;
        }
    }
    Ok(&buffer[..count])
}

/// The lines of the file as pairs of name and value, for readers that need not know
/// the names.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let space = line.iter().position(|&byte| byte == b' ')?;
        Some((&line[..space], &line[space + 1..]))
    })
}

/// A process, told from a later one with the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MainProcess {
    /// Its pid.
    pub pid: u32,
    /// Its start time in clock ticks since boot.
    pub start_time: u64,
}

/// The facts of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// `starts N`: how often the service was started.
    pub starts: u64,
    /// `exit CODE` or `signal NUMBER`: how the last process of the service ended.
    pub last_end: Option<End>,
    /// `pid N` and `born TICKS`: the main process of the service, while it is up.
    pub process: Option<MainProcess>,
    /// `since LABEL`: the time in the status record when this file was written. A
    /// record with a later time was written by another program, or by a supervise
    /// that was killed before it wrote this file.
    pub since: Option<[u8; LABEL_LEN]>,
    /// `boot ID`: the boot in which a supervise is in charge. The line is missing once
    /// supervise has exited on command.
    pub boot: Option<[u8; BOOT_ID_LEN]>,
    /// `init TICKS`: the start time of process 1, in clock ticks since boot. A
    /// restarted container has the boot id of the machine, but a new process 1.
    pub init: Option<u64>,
    /// `directory DEVICE INODE`: the service directory that the file is about. A copy
    /// of it has another inode.
    pub directory: Option<file::Identity>,
    /// `seen TICKS`: a time, in clock ticks since boot, at which supervise ran under
    /// the svscan that had started it.
    pub seen: Option<u64>,
    /// `terminated 1`: supervise was ended by TERM.
    pub terminated: bool,
}

impl Detail {
    /// The content of the file.
    #[must_use]
    pub fn render(&self) -> [u8; DETAIL_LEN] {
        let mut text = Text::default();
        text.number(b"starts ", self.starts);
        let positive = |number: i32| u64::from(number.unsigned_abs());
        match self.last_end {
            Some(End::Exited(code)) => text.number(b"exit ", positive(code)),
            Some(End::Killed(signal)) => text.number(b"signal ", positive(signal)),
            None => {}
        }
        if let Some(process) = self.process {
            text.number(b"pid ", u64::from(process.pid));
            text.number(b"born ", process.start_time);
        }
        if let Some(since) = &self.since {
            text.line(b"since ", since);
        }
        if let Some(boot) = &self.boot {
            text.line(b"boot ", boot);
        }
        if let Some(init) = self.init {
            text.number(b"init ", init);
        }
        if let Some(directory) = self.directory {
            text.pair(b"directory ", directory.device, directory.inode);
        }
        if let Some(seen) = self.seen {
            text.number(b"seen ", seen);
        }
        if self.terminated {
            text.number(b"terminated ", 1);
        }
        text.filled()
    }

    /// Reads the content of the file. A line that is not understood counts as missing.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut detail = Self::default();
        let (mut pid, mut start_time) = (None, None);
        for (name, value) in lines(text) {
            let number = || str::from_utf8(value).ok()?.parse::<u64>().ok();
            let small = || number().and_then(|number| i32::try_from(number).ok());
            match name {
                b"starts" => detail.starts = number().unwrap_or(0),
                b"exit" => detail.last_end = small().map(End::Exited),
                b"signal" => detail.last_end = small().map(End::Killed),
                b"pid" => pid = number().and_then(|pid| u32::try_from(pid).ok()),
                b"born" => start_time = number(),
                b"since" => detail.since = value.try_into().ok(),
                b"boot" => detail.boot = value.try_into().ok(),
                b"init" => detail.init = number(),
                b"directory" => detail.directory = identity(value),
                b"seen" => detail.seen = number(),
                b"terminated" => detail.terminated = number() == Some(1),
                _ => {}
            }
        }
        let process = pid.zip(start_time);
        detail.process = process.map(|(pid, start_time)| MainProcess { pid, start_time });
        detail
    }
}

/// A device and an inode.
fn identity(value: &[u8]) -> Option<file::Identity> {
    let (device, inode) = str::from_utf8(value).ok()?.split_once(' ')?;
    Some(file::Identity {
        device: device.parse().ok()?,
        inode: inode.parse().ok()?,
    })
}

/// The lines of a file, as far as they are written. [`DETAIL_LEN`] has room for all.
#[derive(Default)]
struct Text(Buffer<DETAIL_LEN>);

impl Text {
    fn number(&mut self, name: &[u8], value: u64) {
        self.line(name, Decimal::new(value).as_bytes());
    }

    fn pair(&mut self, name: &[u8], first: u64, second: u64) {
        let (first, second) = (Decimal::new(first), Decimal::new(second));
        self.put(&[name, first.as_bytes(), b" ", second.as_bytes(), b"\n"]);
    }

    fn line(&mut self, name: &[u8], value: &[u8]) {
        self.put(&[name, value, b"\n"]);
    }

    fn put(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.push_cut(part);
        }
    }

    /// The lines, filled up with empty ones.
    fn filled(&self) -> [u8; DETAIL_LEN] {
        let mut bytes = [b'\n'; DETAIL_LEN];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests;
