//! The status record: 18 bytes in `supervise/status`, the one format that every
//! client of the family unpacks. It is frozen; new facts go into files beside it.

use core::ffi::CStr;
use std::os::fd::AsFd;

use crate::tai64n::Tai64n;
use crate::unix::{fd, file};
use crate::{Errno, Result};

/// Length of the record in bytes.
pub const STATUS_LEN: usize = 18;

/// How long a file has to be for its first 18 bytes to count as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Exactly 18 bytes, which is all that a supervise of the reference or ours writes.
    /// For programs that act on what the record says.
    Exact,
    /// 18 bytes or more: the rule of the reference's svstat. Other programs of the
    /// family append bytes of their own.
    AtLeast,
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusError {
    /// The file could not be opened.
    Open(Errno),
    /// It was opened and could not be read.
    Read(Errno),
    /// It has the wrong length.
    Length,
}

/// Reads the record at `path`.
///
/// # Errors
/// [`StatusError`] says which step failed.
pub fn read(path: &CStr, length: Length) -> core::result::Result<Status, StatusError> {
    let file = file::open_read(path).map_err(StatusError::Open)?;
    let status = read_open(file, length).map_err(StatusError::Read)?;
    status.ok_or(StatusError::Length)
}

/// Reads the record from a file that has just been opened; `None` if the file has the
/// wrong length.
///
/// # Errors
/// Those of `read(2)`.
pub fn read_open(file: impl AsFd, length: Length) -> Result<Option<Status>> {
    let mut bytes = [0; STATUS_LEN + 1];
    let count = loop {
        match fd::read(&file, &mut bytes) {
            Err(Errno::EINTR) => {}
            result => break result?,
        }
    };
    let counts = match length {
        Length::Exact => count == STATUS_LEN,
        Length::AtLeast => count >= STATUS_LEN,
    };
    let record = bytes.first_chunk().filter(|_| counts);
    Ok(record.map(Status::unpack))
}

/// What the operator wants of a service, as the record says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// `u`: restarted when it ends.
    Up,
    /// `d`: not restarted when it ends.
    Down,
    /// 0: runs once and is not restarted when it ends.
    Once,
}

impl Want {
    /// The byte of the record.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Up => b'u',
            Self::Down => b'd',
            Self::Once => 0,
        }
    }

    /// Reads the byte of the record; any byte but `u` and `d` is [`Want::Once`].
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            b'u' => Self::Up,
            b'd' => Self::Down,
            _ => Self::Once,
        }
    }
}

/// The status of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// When the pid last changed, by the wall clock.
    pub since: Tai64n,
    /// The service's main process; 0 while it is down.
    pub pid: u32,
    /// Whether the service was paused (`p`) and not continued since.
    pub paused: bool,
    /// What the operator wants.
    pub want: Want,
}

impl Status {
    /// The record: 8 bytes TAI64 and 4 bytes nanoseconds big endian, 4 bytes pid
    /// **little endian**, paused, want.
    #[must_use]
    pub fn pack(&self) -> [u8; STATUS_LEN] {
        let mut out = [0; STATUS_LEN];
        out[..12].copy_from_slice(&self.since.pack());
        out[12..16].copy_from_slice(&self.pid.to_le_bytes());
        out[16] = u8::from(self.paused);
        out[17] = self.want.byte();
        out
    }

    /// Reads the packed form. Any 18 bytes are a record, as for the reference.
    #[must_use]
    pub fn unpack(record: &[u8; STATUS_LEN]) -> Self {
        let mut since = [0; 12];
        since.copy_from_slice(&record[..12]);
        let mut pid = [0; 4];
        pid.copy_from_slice(&record[12..16]);
        Self {
            since: Tai64n::unpack(since),
            pid: u32::from_le_bytes(pid),
            paused: record[16] != 0,
            want: Want::from_byte(record[17]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_in_the_layout_of_the_contract() {
        let status = Status {
            since: Tai64n {
                seconds: 0x0102_0304_0506_0708,
                nanos: 0x090a_0b0c,
            },
            pid: 0x0d0e_0f10,
            paused: true,
            want: Want::Down,
        };
        assert_eq!(
            status.pack(),
            [
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x10, 0x0f, 0x0e, 0x0d, 1, b'd'
            ]
        );
        assert_eq!(Status::unpack(&status.pack()), status);
    }

    #[test]
    fn every_combination_of_want_paused_and_pid_round_trips() {
        for want in [Want::Up, Want::Down, Want::Once] {
            for paused in [false, true] {
                for pid in [0, 1, 4_194_304, u32::MAX] {
                    let status = Status {
                        since: Tai64n::from_unix(1_700_000_000, 999_999_999),
                        pid,
                        paused,
                        want,
                    };
                    assert_eq!(Status::unpack(&status.pack()), status);
                }
            }
        }
    }

    #[test]
    fn the_length_decides_what_counts_as_a_record() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("status");
        let path = std::ffi::CString::new(file.as_os_str().as_encoded_bytes()).expect("no NUL");
        let lengths = [Length::Exact, Length::AtLeast];
        let reads = || lengths.map(|length| read(&path, length).map(|status| status.pid));
        let no_file = Err(StatusError::Open(Errno::ENOENT));
        assert_eq!(reads(), [no_file, no_file]);
        let wrong = Err(StatusError::Length);
        for (length, exact, at_least) in [
            (0, wrong, wrong),
            (17, wrong, wrong),
            (18, Ok(0x0101_0101), Ok(0x0101_0101)),
            (19, wrong, Ok(0x0101_0101)),
            (4096, wrong, Ok(0x0101_0101)),
        ] {
            std::fs::write(&file, vec![1; length]).expect("write");
            assert_eq!(reads(), [exact, at_least], "{length}");
        }
        std::fs::remove_file(&file).expect("unlink");
        std::fs::create_dir(&file).expect("mkdir");
        let directory = Err(StatusError::Read(Errno::EISDIR));
        assert_eq!(reads(), [directory, directory]);
    }
}
