//! What a datagram of `sd_notify(3)` says: a field a line, with or without a newline at
//! its end. Pure.

/// The fields that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// `READY=1`.
    pub(super) ready: bool,
    /// `WATCHDOG=1`.
    pub(super) alive: bool,
}

impl Told {
    /// Of a datagram that does not end in the middle of a field unless `is_cut`.
    pub(super) fn of(datagram: &[u8], is_cut: bool) -> Self {
        let whole = match (is_cut, datagram.iter().rposition(|&byte| byte == b'\n')) {
            (true, newline) => &datagram[..newline.unwrap_or(0)],
            (false, _) => datagram,
        };
        let mut told = Self::default();
        for field in whole.split(|&byte| matches!(byte, b'\n' | b'\0')) {
            told.ready |= field == b"READY=1";
            told.alive |= field == b"WATCHDOG=1";
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_wherever_it_stands_and_only_as_a_whole() {
        for (datagram, ready, alive) in [
            (&b"READY=1"[..], true, false),
            (b"READY=1\n", true, false),
            (b"READY=1\0", true, false),
            (b"STATUS=up\nREADY=1\nMAINPID=7", true, false),
            (b"WATCHDOG=1\nREADY=1", true, true),
            (b"WATCHDOG=1", false, true),
            (b"READY=10", false, false),
            (b"READY=0", false, false),
            (b"XREADY=1", false, false),
            (b"STATUS=READY=1", false, false),
            (b"ready=1", false, false),
            (b"", false, false),
            (b"\n\n", false, false),
        ] {
            assert_eq!(Told::of(datagram, false), Told { ready, alive });
        }
    }

    #[test]
    fn the_last_field_of_a_datagram_that_is_cut_does_not_count() {
        assert_eq!(Told::of(b"READY=1", true), Told::default());
        assert!(Told::of(b"READY=1\nSTATUS=lon", true).ready);
    }
}
