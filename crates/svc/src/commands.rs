//! The commands of one `svc` call, in the order they were given.

use daemontools::command::Command;

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
    fn every_letter_is_a_command_and_every_command_has_its_letter() {
        let mut commands = Commands::default();
        LETTERS.bytes().for_each(|letter| commands.add(letter));
        assert_eq!(commands.iter().count(), Command::ALL.len());
        assert_eq!(LETTERS.len(), Command::ALL.len());
    }
}
