//! `supervise/detail`: what the 18 bytes of the record have no room for, as lines
//! `name value`. Ours alone; unknown lines are ignored, so that it may grow. Empty
//! lines fill it up, so that it can be written over in one piece.

use daemontools::procfs::BOOT_ID_LEN;
use daemontools::strerr::Decimal;
use daemontools::tai64n::LABEL_LEN;
use daemontools::unix::file;
use daemontools::unix::process::End;

/// How long it is: room for all lines at their longest, and for some to come. Still one
/// write within a page.
pub(crate) const DETAIL_LEN: usize = 512;

/// Which process it is, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// Its start time in clock ticks since boot.
    pub(crate) born: u64,
}

/// The facts of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// `starts N`: how often the service was started.
    pub(crate) starts: u64,
    /// `exit CODE` or `signal NUMBER`: how it ended last.
    pub(crate) last_end: Option<End>,
    /// `pid N` and `born TICKS`: its process, while it is up.
    pub(crate) identity: Option<Identity>,
    /// `since LABEL`: the time of the record that this file goes with, or of a
    /// later one. A record with a later time was written by another program.
    pub(crate) since: Option<[u8; LABEL_LEN]>,
    /// `boot ID`: the boot in which a supervise is in charge; none once it has
    /// left as it was told to.
    pub(crate) boot: Option<[u8; BOOT_ID_LEN]>,
    /// `init TICKS`: when process 1 of that boot started. A container that is started
    /// again has the machine's boot and another process 1.
    pub(crate) init: Option<u64>,
    /// `directory DEVICE INODE`: the service directory that all this is about. A copy
    /// of it has another inode.
    pub(crate) directory: Option<file::Identity>,
    /// `seen TICKS`: a moment, since boot, at which supervise ran under its svscan.
    pub(crate) seen: Option<u64>,
    /// `terminated 1`: supervise was told to end, by TERM.
    pub(crate) terminated: bool,
}

impl Detail {
    /// The file.
    pub(crate) fn render(&self) -> [u8; DETAIL_LEN] {
        let mut text = Text::default();
        text.number(b"starts ", self.starts);
        let positive = |number: i32| u64::from(number.unsigned_abs());
        match self.last_end {
            Some(End::Exited(code)) => text.number(b"exit ", positive(code)),
            Some(End::Killed(signal)) => text.number(b"signal ", positive(signal)),
            None => {}
        }
        if let Some(identity) = self.identity {
            text.number(b"pid ", u64::from(identity.pid));
            text.number(b"born ", identity.born);
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
        text.bytes
    }

    /// Reads the lines. What makes no sense is left out.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut detail = Self::default();
        let (mut pid, mut born) = (None, None);
        for line in text.split(|&byte| byte == b'\n') {
            let Some(space) = line.iter().position(|&byte| byte == b' ') else {
                continue;
            };
            let value = &line[space + 1..];
            let number = || str::from_utf8(value).ok()?.parse::<u64>().ok();
            let small = || number().and_then(|number| i32::try_from(number).ok());
            match &line[..space] {
                b"starts" => detail.starts = number().unwrap_or(0),
                b"exit" => detail.last_end = small().map(End::Exited),
                b"signal" => detail.last_end = small().map(End::Killed),
                b"pid" => pid = number().and_then(|pid| u32::try_from(pid).ok()),
                b"born" => born = number(),
                b"since" => detail.since = value.try_into().ok(),
                b"boot" => detail.boot = value.try_into().ok(),
                b"init" => detail.init = number(),
                b"directory" => detail.directory = identity(value),
                b"seen" => detail.seen = number(),
                b"terminated" => detail.terminated = number() == Some(1),
                _ => {}
            }
        }
        detail.identity = pid.zip(born).map(|(pid, born)| Identity { pid, born });
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

/// Lines in the making.
struct Text {
    bytes: [u8; DETAIL_LEN],
    len: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [b'\n'; DETAIL_LEN],
            len: 0,
        }
    }
}

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
            self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
            self.len += part.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_detail_fits_and_reads_back() {
        for last_end in [End::Exited(i32::MAX), End::Killed(i32::MAX)] {
            let detail = Detail {
                starts: u64::MAX,
                last_end: Some(last_end),
                identity: Some(Identity {
                    pid: u32::MAX,
                    born: u64::MAX,
                }),
                since: Some([b'f'; LABEL_LEN]),
                boot: Some([b'f'; BOOT_ID_LEN]),
                init: Some(u64::MAX),
                directory: Some(file::Identity {
                    device: u64::MAX,
                    inode: u64::MAX,
                }),
                seen: Some(u64::MAX),
                terminated: true,
            };
            let text = detail.render();
            assert!(text.starts_with(b"starts 18446744073709551615\n"));
            assert_eq!(Detail::parse(&text), detail);
        }
    }

    #[test]
    fn garbage_reads_as_nothing() {
        for text in [
            &b""[..],
            b"\n\n",
            b"starts",
            b"starts x\nboot short\npid 7\n",
            b"\xff \xff",
            b"directory 7\nseen x\nterminated 0\n",
        ] {
            assert_eq!(Detail::parse(text), Detail::default());
        }
    }
}
