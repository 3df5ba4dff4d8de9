//! The status record: 18 bytes in `supervise/status`, the one format that every
//! client of the family unpacks. It is frozen; new facts go into files beside it.

use crate::tai64n::Tai64n;

/// Length of the record in bytes. Clients fail on any other length.
pub const STATUS_LEN: usize = 18;

/// What the operator wants of a service, as the record says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// `u`: started again when it ends.
    Up,
    /// `d`: stays down when it ends.
    Down,
    /// 0: runs once; its end is answered by nothing.
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

    /// Reads the byte of the record; any byte but `u` and `d` wants nothing.
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
    /// The service's process; 0 while it is down.
    pub pid: u32,
    /// Whether it was told to pause.
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

    /// Reads a record. Any 18 bytes are one, as they are for the reference.
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
    fn the_record_is_laid_out_as_the_contract_says() {
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
    fn every_combination_round_trips() {
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
}
