//! What the machine takes and what it returns.

use core::fmt::{Display, Formatter, Result};

use daemontools::command::Command;
use daemontools::tai64n::Tai64n;
use daemontools::unix::signal::Signal;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command came through the FIFO.
    Command(Command),
    /// The start that was asked for made this process, at this wall time.
    Started(u32, Tai64n),
    /// The start that was asked for failed.
    NotStarted,
    /// The service's process has ended, at this wall time.
    Ended(Tai64n),
    /// Time has passed.
    Time,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the service and answer with [`Event::Started`] or
    /// [`Event::NotStarted`].
    Start,
    /// Send a signal to the service's process.
    Signal(Signal),
    /// The record may have changed: write it before the next signal, and before the
    /// next wait.
    Record,
    /// Exit; nothing after it counts.
    Exit,
}

/// Up to three actions, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions([Option<Action>; 3]);

impl Actions {
    pub(super) const fn of(list: [Option<Action>; 3]) -> Self {
        Self(list)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl IntoIterator for Actions {
    type Item = Action;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<Action>, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

/// As diagnostics show it.
impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Command(command) => {
                let mut all = Command::ALL.into_iter();
                let byte = all.find_map(|(byte, known)| (known == *command).then_some(byte));
                write!(f, "command {}", char::from(byte.unwrap_or(b'?')))
            }
            Self::Started(pid, _) => write!(f, "started process {pid}"),
            Self::NotStarted => f.write_str("not started"),
            Self::Ended(_) => f.write_str("process ended"),
            Self::Time => f.write_str("time"),
        }
    }
}

/// As diagnostics show it.
impl Display for Actions {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.is_empty() {
            return f.write_str("nothing to do");
        }
        for (number, action) in self.into_iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            match action {
                Action::Start => f.write_str("start")?,
                Action::Signal(signal) => f.write_str(signal.as_str())?,
                Action::Record => f.write_str("record")?,
                Action::Exit => f.write_str("exit")?,
            }
        }
        Ok(())
    }
}
