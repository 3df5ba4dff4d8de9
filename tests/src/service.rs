//! Service directories for cases: the record, unpacked here and on purpose not with our own
//! library; commands as raw bytes; and a fake supervise for the cases of the clients.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::process::Entry;
use crate::side::Side;

/// The TAI64 label of the Unix epoch, as the reference counts.
const EPOCH: u64 = 4_611_686_018_427_387_914;

/// The 18 bytes of `supervise/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// TAI64 label of the last start or end.
    pub stamp: u64,
    /// Its nanoseconds.
    pub nanos: u32,
    /// The service's process; 0 while it is down.
    pub pid: u32,
    /// 1 while it is paused.
    pub paused: u8,
    /// `u`, `d`, or 0.
    pub want: u8,
}

impl Status {
    /// A service that came up a while ago.
    #[must_use]
    pub fn up(pid: u32) -> Self {
        Self {
            stamp: EPOCH + now() - 1000,
            nanos: 0,
            pid,
            paused: 0,
            want: b'u',
        }
    }

    /// A service that went down a while ago, and is wanted down.
    #[must_use]
    pub fn down() -> Self {
        Self {
            want: b'd',
            ..Self::up(0)
        }
    }

    /// With another want byte.
    #[must_use]
    pub fn want(self, want: u8) -> Self {
        Self { want, ..self }
    }

    /// With another pause byte.
    #[must_use]
    pub fn paused(self, paused: u8) -> Self {
        Self { paused, ..self }
    }

    /// With a time so many seconds ago; negative for the future.
    #[must_use]
    pub fn ago(self, seconds: i64) -> Self {
        Self {
            stamp: (EPOCH + now()).wrapping_add_signed(-seconds),
            ..self
        }
    }

    /// With a time in the far future: the same bytes in every run.
    #[must_use]
    pub fn ahead(self) -> Self {
        Self {
            stamp: EPOCH + 10_000_000_000,
            ..self
        }
    }

    /// Whether the service runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.pid != 0
    }

    /// Whether the service does not run.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.pid == 0
    }

    /// The bytes of the file.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = self.stamp.to_be_bytes().to_vec();
        bytes.extend(self.nanos.to_be_bytes());
        bytes.extend(self.pid.to_le_bytes());
        bytes.extend([self.paused, self.want]);
        bytes
    }

    /// Reads the bytes of the file; `None` unless there are exactly 18.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 18] = bytes.try_into().ok()?;
        Some(Self {
            stamp: u64::from_be_bytes(bytes[..8].try_into().ok()?),
            nanos: u32::from_be_bytes(bytes[8..12].try_into().ok()?),
            pid: u32::from_le_bytes(bytes[12..16].try_into().ok()?),
            paused: bytes[16],
            want: bytes[17],
        })
    }
}

/// Without the time and the pid, which differ from run to run.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_up() { "up" } else { "down" };
        write!(
            f,
            "status {state}, paused {}, want {}",
            self.paused,
            self.want.escape_ascii()
        )
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock past 1970")
        .as_secs()
}

/// Whether a process is a child of supervise before its exec, and is not stopped.
fn is_about_to_exec(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.contains(" (supervise) ") && !stat.contains(" (supervise) T"))
}

impl Side {
    /// The record of a service directory, if there is one.
    #[must_use]
    pub fn status(&self, dir: impl AsRef<OsStr>) -> Option<Status> {
        Status::unpack(&self.read(self.path(dir).join("supervise/status")))
    }

    /// Polls until the record exists and `condition` holds for it; then until its process
    /// has exec'ed, since a process is in the record before that.
    pub fn until_status(
        &self,
        dir: impl AsRef<OsStr>,
        what: &str,
        condition: impl Fn(&Status) -> bool,
    ) -> Status {
        let dir = dir.as_ref();
        let mut last = None;
        self.until(&format!("{}: {what}", dir.display()), || {
            last = self.status(dir);
            last.as_ref()
                .is_some_and(|status| condition(status) && !is_about_to_exec(status.pid))
        });
        last.expect("until returns when it is there")
    }

    /// Waits until the service's process is another than `old`, and runs.
    pub fn until_restarted(&self, dir: impl AsRef<OsStr>, old: u32) -> Status {
        self.until_status(dir, "another pid", |status| {
            status.is_up() && status.pid != old
        })
    }

    /// Writes bytes into `supervise/control`, in one write.
    pub fn control(&self, dir: impl AsRef<OsStr>, bytes: &[u8]) {
        let path = self.path(dir).join("supervise/control");
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        let mut file = options.open(path).expect("a supervise to control");
        assert_eq!(file.write(bytes).expect("room in the FIFO"), bytes.len());
    }

    /// The number of bytes in `control` that supervise has not read yet.
    #[must_use]
    pub fn unread_control(&self, dir: impl AsRef<OsStr>) -> i32 {
        let path = self.path(dir).join("supervise/control");
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .expect("control");
        unread(&file)
    }

    /// Whether a supervise has `ok` open.
    #[must_use]
    pub fn is_supervised(&self, dir: impl AsRef<OsStr>) -> bool {
        let path = self.path(dir).join("supervise/ok");
        let mut options = OpenOptions::new();
        options
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .is_ok()
    }

    /// Makes a directory look as if a supervise ran there: both FIFOs are open for reading
    /// to the end of the case, and it has this record.
    pub fn fake_supervise(&self, dir: impl AsRef<OsStr>, status: Status) {
        let dir = self.path(dir).join("supervise");
        self.hold(self.fifo_reader(dir.join("ok")));
        self.hold(self.fifo_reader(dir.join("control")));
        self.file(dir.join("status"), status.pack());
    }

    /// Reads and logs the bytes in a FIFO of [`Side::fake_supervise`].
    pub fn log_control(&self, dir: &str) {
        let path = self.path(dir).join("supervise/control");
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .expect("a FIFO");
        let mut bytes = vec![0; usize::try_from(unread(&file)).expect("a count")];
        file.read_exact(&mut bytes)
            .expect("the bytes that are there");
        self.log_bytes(&format!("{dir}/supervise/control"), &bytes);
    }

    /// Waits until a process is in one of these states (`S` also stands for
    /// `R` and `D`: it is not stopped and not dead).
    pub fn until_state(&self, pid: u32, state: char) {
        let pid = i32::try_from(pid).expect("a pid");
        self.until(&format!("process state {state}"), || {
            let now = Entry::of(pid).map_or('-', |entry| entry.state);
            let now = if "RD".contains(now) { 'S' } else { now };
            now == state
        });
    }
}

/// The number of bytes in a FIFO.
///
/// # Panics
/// It is not a FIFO.
#[allow(unsafe_code)]
#[must_use]
pub fn unread(file: &File) -> i32 {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD stores one int.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    assert_eq!(result, 0, "a FIFO's fill");
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_bytes_of_the_contract() {
        let status = Status {
            stamp: EPOCH,
            nanos: 1,
            pid: 0x0102,
            paused: 1,
            want: b'd',
        };
        let bytes = status.pack();
        assert_eq!(bytes, b"\x40\0\0\0\0\0\0\x0a\0\0\0\x01\x02\x01\0\0\x01d");
        assert_eq!(Status::unpack(&bytes), Some(status));
        assert_eq!(Status::unpack(&bytes[1..]), None);
    }
}
