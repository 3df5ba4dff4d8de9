//! The commands of one `svc` call, in the order of the command line.

use crate::buffer::Buffer;
use crate::command::Command;
use crate::unix::signal::Signal;

/// The letters of `svc`'s options: the reference's, then ours.
pub const LETTERS: &str = "udopchaitkxq12";

/// The letters to send, each once, as in the reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Commands(Buffer<{ LETTERS.len() }>);

impl Commands {
    /// Adds one of [`LETTERS`].
    pub fn add(&mut self, letter: u8) {
        if !self.as_bytes().contains(&letter) {
            self.0.push_cut(&[letter]);
        }
    }

    /// The bytes for the control FIFO.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The commands.
    pub fn iter(&self) -> impl Iterator<Item = Command> {
        self.as_bytes()
            .iter()
            .filter_map(|&letter| Command::from_byte(letter))
    }

    /// The signals that supervise sends for them, in order.
    pub(crate) fn signals(&self) -> impl Iterator<Item = Signal> {
        self.iter().flat_map(|command| {
            let signals = match command {
                Command::Up | Command::Once | Command::Exit => [None, None],
                Command::Down => [Some(Signal::SIGTERM), Some(Signal::SIGCONT)],
                Command::Pause => [Some(Signal::SIGSTOP), None],
                Command::Continue => [Some(Signal::SIGCONT), None],
                Command::Signal(signal) => [Some(signal), None],
            };
            signals.into_iter().flatten()
        })
    }

    /// Whether a process that they do not kill is stopped in the end.
    pub(crate) fn leave_stopped(&self) -> bool {
        let last = self
            .signals()
            .filter(|signal| matches!(signal, Signal::SIGSTOP | Signal::SIGCONT))
            .last();
        last == Some(Signal::SIGSTOP)
    }

    /// Whether [`Self::signals`] kill, continue or stop a process. Only then may it be
    /// stopped before: else it would stay so.
    pub(crate) fn allow_stopping(&self) -> bool {
        self.iter().any(|command| {
            matches!(
                command,
                Command::Down | Command::Pause | Command::Signal(Signal::SIGKILL)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_and_sends_no_letter_twice() {
        let mut commands = Commands::default();
        for letter in *b"duddkuu" {
            commands.add(letter);
        }
        assert_eq!(commands.as_bytes(), b"duk");
    }

    #[test]
    fn gives_the_signals_that_supervise_sends() {
        let of = |letters: &[u8]| {
            let mut commands = Commands::default();
            letters.iter().for_each(|&letter| commands.add(letter));
            let signals: Vec<Signal> = commands.signals().collect();
            (signals, commands.allow_stopping(), commands.leave_stopped())
        };
        use Signal::{SIGCONT, SIGHUP, SIGKILL, SIGSTOP, SIGTERM};
        assert_eq!(of(b"uox"), (vec![], false, false));
        assert_eq!(of(b"du"), (vec![SIGTERM, SIGCONT], true, false));
        assert_eq!(of(b"tcxh"), (vec![SIGTERM, SIGCONT, SIGHUP], false, false));
        assert_eq!(of(b"p"), (vec![SIGSTOP], true, true));
        assert_eq!(of(b"pc"), (vec![SIGSTOP, SIGCONT], true, false));
        assert_eq!(of(b"k"), (vec![SIGKILL], true, false));
    }

    #[test]
    fn letters_and_commands_correspond() {
        let mut commands = Commands::default();
        LETTERS.bytes().for_each(|letter| commands.add(letter));
        assert_eq!(commands.iter().count(), Command::ALL.len());
        assert_eq!(LETTERS.len(), Command::ALL.len());
    }
}
