//! `supervise/detail`: facts for which the status record has no room, as lines
//! `name value`. The reference has no such file. Unknown lines are ignored, so that
//! later versions can add some. The file always has the same length, filled up with
//! empty lines, so that one write replaces all of it.

mod stage;
mod text;

use std::os::fd::AsFd;

use crate::Result;
use crate::procfs::BOOT_ID_LEN;
use crate::tai64n::LABEL_LEN;
use crate::unix::file;
use crate::unix::process::End;
use text::Text;

pub use stage::{Outcome, Stage};
pub use text::DETAIL_LEN;

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
    // The file is filled up with empty lines.
    let end = text.iter().rposition(|&byte| byte != b'\n');
    let text = &text[..end.map_or(0, |end| end + 1)];
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
    /// `stage NAME`, where the service has a policy.
    pub stage: Option<Stage>,
    /// `then finished` or `then failed`: the stage after `./finish`, while that runs.
    pub then: Option<Outcome>,
    /// `ready LABEL`: when the service said that it is ready.
    pub ready: Option<[u8; LABEL_LEN]>,
    /// `failures N`: how often in a row it has ended early.
    pub failures: u32,
    /// `failed N`: how often it has ended early, ever.
    pub failed: u64,
    /// `next LABEL`: when it will be started, while it waits.
    pub next: Option<[u8; LABEL_LEN]>,
    /// `asked 1`: supervise was told to send its process a signal that ends it.
    pub asked: bool,
    /// `finish N` and `finish-born TICKS`: the process of `./finish`, while it runs.
    pub finish: Option<MainProcess>,
    /// `ended 1`: it is the main service of a container and has ended, in the way that
    /// `exit` or `signal` tells.
    pub ended: bool,
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
        if let Some(stage) = self.stage {
            text.line(b"stage ", stage.text().as_bytes());
        }
        if let Some(then) = self.then {
            text.line(b"then ", then.stage().text().as_bytes());
        }
        if let Some(ready) = &self.ready {
            text.line(b"ready ", ready);
        }
        if self.failures > 0 {
            text.number(b"failures ", u64::from(self.failures));
        }
        if self.failed > 0 {
            text.number(b"failed ", self.failed);
        }
        if let Some(next) = &self.next {
            text.line(b"next ", next);
        }
        if self.asked {
            text.number(b"asked ", 1);
        }
        if let Some(finish) = self.finish {
            text.number(b"finish ", u64::from(finish.pid));
            text.number(b"finish-born ", finish.start_time);
        }
        if self.ended {
            text.number(b"ended ", 1);
        }
        text.filled()
    }

    /// Reads the content of the file. A line that is not understood counts as missing.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut detail = Self::default();
        let (mut pid, mut start_time) = (None, None);
        let (mut finish, mut finish_start_time) = (None, None);
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
                b"stage" => detail.stage = Stage::parse(value),
                b"then" => detail.then = Stage::parse(value).and_then(Stage::outcome),
                b"ready" => detail.ready = value.try_into().ok(),
                b"failures" => {
                    let most = |number| u32::try_from(number).unwrap_or(u32::MAX);
                    detail.failures = number().map_or(0, most);
                }
                b"failed" => detail.failed = number().unwrap_or(0),
                b"next" => detail.next = value.try_into().ok(),
                b"asked" => detail.asked = number() == Some(1),
                b"finish" => finish = number().and_then(|pid| u32::try_from(pid).ok()),
                b"finish-born" => finish_start_time = number(),
                b"ended" => detail.ended = number() == Some(1),
                _ => {}
            }
        }
        let process = pid.zip(start_time);
        detail.process = process.map(|(pid, start_time)| MainProcess { pid, start_time });
        let finish = finish.zip(finish_start_time);
        detail.finish = finish.map(|(pid, start_time)| MainProcess { pid, start_time });
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

#[cfg(test)]
mod tests;
