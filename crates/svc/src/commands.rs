//! The commands of one `svc` call, in the order they were given.

use daemontools::command::Command;
use daemontools::unix::signal::Signal;

/// Letters that `svc` takes as options: the reference's, then those of ours.
pub(crate) const LETTERS: &str = "udopchaitkxq12";

/// Letters to send. A letter that was given before is not repeated, as in the
/// reference.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Commands {
    letters: [u8; LETTERS.len()],
    len: usize,
}

impl Commands {
    /// Adds one of [`LETTERS`].
    pub(crate) fn add(&mut self, letter: u8) {
        if !self.as_bytes().contains(&letter)
            && let Some(place) = self.letters.get_mut(self.len)
        {
            *place = letter;
            self.len += 1;
        }
    }

    /// What goes into the FIFO.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.len]
    }

    /// What supervise will understand.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Command> {
        self.as_bytes()
            .iter()
            .filter_map(|&letter| Command::from_byte(letter))
    }

    /// What supervise will send to the service, in order.
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

    /// Whether they leave a process stopped that is not killed by them.
    pub(crate) fn stop(&self) -> bool {
        let last = self
            .signals()
            .filter(|signal| matches!(signal, Signal::SIGSTOP | Signal::SIGCONT))
            .last();
        last == Some(Signal::SIGSTOP)
    }

    /// Whether a process that is stopped before it gets [`Self::signals`] won't stay
    /// so unless it is meant to: they kill it, continue it or stop it.
    pub(crate) fn may_hold(&self) -> bool {
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
    fn order_is_kept_and_nothing_is_sent_twice() {
        let mut commands = Commands::default();
        for letter in *b"duddkuu" {
            commands.add(letter);
        }
        assert_eq!(commands.as_bytes(), b"duk");
    }

    #[test]
    fn signals_are_those_that_supervise_sends() {
        let of = |letters: &[u8]| {
            let mut commands = Commands::default();
            letters.iter().for_each(|&letter| commands.add(letter));
            let signals: Vec<Signal> = commands.signals().collect();
            (signals, commands.may_hold(), commands.stop())
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
    fn every_letter_is_a_command_and_every_command_has_its_letter() {
        let mut commands = Commands::default();
        LETTERS.bytes().for_each(|letter| commands.add(letter));
        assert_eq!(commands.iter().count(), Command::ALL.len());
        assert_eq!(LETTERS.len(), Command::ALL.len());
    }
}
