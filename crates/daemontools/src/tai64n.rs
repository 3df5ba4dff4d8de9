//! TAI64N, the time format of the family: in the status record, in the labels that
//! `multilog` and `tai64n` print, and in the names of finished log files.
//!
//! As in the reference, which has no table of leap seconds, a label is Unix time plus 2^62
//! plus 10 s.

/// The TAI64 label of Unix time 0.
const OFFSET: u64 = (1 << 62) + 10;

/// Length of a label in hexadecimal, without the `@`.
pub const LABEL_LEN: usize = 24;

/// A time of the wall clock as a TAI64N label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tai64n {
    /// The TAI64 label: seconds.
    pub seconds: u64,
    /// Nanoseconds; below 10^9 in every label that we make.
    pub nanos: u32,
}

impl Tai64n {
    /// The label of a Unix time. `seconds` may be negative.
    #[must_use]
    pub const fn from_unix(seconds: i64, nanos: u32) -> Self {
        Self {
            seconds: OFFSET.wrapping_add(seconds.cast_unsigned()),
            nanos,
        }
    }

    /// The Unix seconds of this label, which may be negative. A label outside of their
    /// range wraps.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds.wrapping_sub(OFFSET).cast_signed()
    }

    /// The packed form: 8 bytes of seconds and 4 of nanoseconds, big endian.
    #[must_use]
    pub fn pack(self) -> [u8; 12] {
        let mut out = [0; 12];
        let (seconds, nanos) = out.split_at_mut(8);
        seconds.copy_from_slice(&self.seconds.to_be_bytes());
        nanos.copy_from_slice(&self.nanos.to_be_bytes());
        out
    }

    /// Reads the packed form. Any 12 bytes are a label, also one with 10^9 nanoseconds or
    /// more.
    #[must_use]
    pub const fn unpack(packed: [u8; 12]) -> Self {
        let [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3] = packed;
        Self {
            seconds: u64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            nanos: u32::from_be_bytes([n0, n1, n2, n3]),
        }
    }

    /// The 24 lower-case hexadecimal digits of the label, without the `@`.
    #[must_use]
    pub fn label(self) -> [u8; LABEL_LEN] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; LABEL_LEN];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.pack()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_ten_seconds_past_two_to_the_62() {
        let epoch = Tai64n::from_unix(0, 0);
        assert_eq!(&epoch.label(), b"400000000000000a00000000");
        assert_eq!(epoch.unix_seconds(), 0);
    }

    #[test]
    fn labels_round_trip_also_before_1970() {
        for (seconds, nanos) in [(-1, 999_999_999), (0, 0), (1_700_000_000, 1), (i64::MAX, 5)] {
            let label = Tai64n::from_unix(seconds, nanos);
            assert_eq!(Tai64n::unpack(label.pack()), label);
            assert_eq!(label.unix_seconds(), seconds);
        }
    }
}
