//! The alphabet of `supervise/control`: one byte a command. This is its only copy.

use crate::unix::signal::Signal;

/// svscan's own byte, no command of an operator's: it has taken this supervise over and
/// is in charge of it from now on. The C original ignores it, as any that it does not
/// know.
pub const TAKEN_OVER: u8 = b'.';

/// What `supervise` can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `u`: start, and start again when it ends.
    Up,
    /// `d`: TERM, CONT, and stay down.
    Down,
    /// `o`: start, and leave it down when it ends.
    Once,
    /// `p`: STOP.
    Pause,
    /// `c`: CONT.
    Continue,
    /// `x`: leave as soon as the service is down; can't be undone.
    Exit,
    /// Any other letter: a signal, and nothing else.
    Signal(Signal),
}

impl Command {
    /// Every command with its byte: those of the reference, then `q`, `1` and
    /// `2`, which daemontools-encore, runit and Ansible send too. `w` is WINCH
    /// in the family and is left alone.
    pub const ALL: [(u8, Self); 14] = [
        (b'u', Self::Up),
        (b'd', Self::Down),
        (b'o', Self::Once),
        (b'x', Self::Exit),
        (b'p', Self::Pause),
        (b'c', Self::Continue),
        (b'h', Self::Signal(Signal::SIGHUP)),
        (b'a', Self::Signal(Signal::SIGALRM)),
        (b'i', Self::Signal(Signal::SIGINT)),
        (b't', Self::Signal(Signal::SIGTERM)),
        (b'k', Self::Signal(Signal::SIGKILL)),
        (b'q', Self::Signal(Signal::SIGQUIT)),
        (b'1', Self::Signal(Signal::SIGUSR1)),
        (b'2', Self::Signal(Signal::SIGUSR2)),
    ];

    /// The command of a byte; bytes that mean nothing are ignored in silence.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL
            .iter()
            .find_map(|&(letter, command)| (letter == byte).then_some(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_distinct_and_the_family_s_w_is_free() {
        for (i, (letter, command)) in Command::ALL.iter().enumerate() {
            assert_eq!(Command::from_byte(*letter), Some(*command));
            assert!(Command::ALL[..i].iter().all(|(other, _)| other != letter));
        }
        for byte in [b'w', b'U', TAKEN_OVER, 0, 0xff, b'\n'] {
            assert_eq!(Command::from_byte(byte), None);
        }
    }
}
