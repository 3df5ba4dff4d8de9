//! The commands in `supervise/control`, one byte each.

use crate::unix::signal::Signal;

/// svscan sends this byte, not an operator: it has taken over this supervise, which another
/// svscan had started. The C original ignores it, like every unknown byte.
pub const TAKEN_OVER: u8 = b'.';

/// A command to supervise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `u`: start, and restart when it ends.
    Up,
    /// `d`: send TERM and CONT, and do not restart.
    Down,
    /// `o`: start, and do not restart when it ends.
    Once,
    /// `p`: send STOP.
    Pause,
    /// `c`: send CONT.
    Continue,
    /// `x`: exit as soon as the service is down; can't be undone.
    Exit,
    /// Any other letter: send a signal.
    Signal(Signal),
}

impl Command {
    /// Every command with its byte: those of the reference, then `q`, `1` and `2`, which
    /// daemontools-encore, runit and Ansible send too. `w` is not used: it means WINCH to
    /// others of the family.
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

    /// The command of a byte; `None` for a byte that supervise ignores.
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
    fn letters_are_distinct_and_other_bytes_are_no_commands() {
        for (i, (letter, command)) in Command::ALL.iter().enumerate() {
            assert_eq!(Command::from_byte(*letter), Some(*command));
            assert!(Command::ALL[..i].iter().all(|(other, _)| other != letter));
        }
        for byte in [b'w', b'U', TAKEN_OVER, 0, 0xff, b'\n'] {
            assert_eq!(Command::from_byte(byte), None);
        }
    }
}
