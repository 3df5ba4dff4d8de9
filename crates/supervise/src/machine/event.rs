//! What the machine takes and what it returns.

use core::fmt::{Display, Formatter, Result};
use core::time::Duration;

use daemontools::command::Command;
use daemontools::tai64n::Tai64n;
use daemontools::unix::process::End;
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
    /// The service's process has ended, at this wall time; `None`: nobody knows how.
    Ended(Tai64n, Option<End>),
    /// The service has said that it is ready, at this wall time.
    Ready(Tai64n),
    /// `./finish` runs as this process.
    FinishStarted(u32),
    /// The fork of `./finish` failed.
    FinishNotStarted,
    /// `./finish` has ended, or there is none.
    FinishEnded,
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
    /// Kill the process that runs, of the service or of `./finish`, and the group that it
    /// leads.
    Kill,
    /// Start `./finish` and answer with [`Event::FinishStarted`],
    /// [`Event::FinishNotStarted`] or [`Event::FinishEnded`].
    Finish(FinishArguments),
    /// Tell people.
    Report(Report),
    /// The record may have changed: write it before the next signal, and before the
    /// next wait.
    Record,
    /// Exit; nothing after it counts.
    Exit,
}

/// How a process of the service is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The descriptor to which it says that it is ready.
    pub ready_fd: Option<u8>,
    /// It leads a session of its own.
    pub own_session: bool,
}

/// What `./finish` is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinishArguments {
    /// How the service ended.
    pub end: Option<End>,
    /// What follows.
    pub next: Next,
}

/// What follows an end of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A start.
    Restart,
    /// Nothing, as was asked for.
    Down,
    /// Nothing: it has ended as it should.
    Finished,
    /// Nothing: it has failed.
    Failed,
}

/// A message for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It has ended early so many times in a row.
    GivenUp(u32, Option<End>),
    /// It did not end within the limit after the signal.
    Killed(Signal, Duration),
    /// It was not ready within the limit. The descriptor is the one to which it was to
    /// say so.
    NotReady(u8, Duration),
    /// `./finish` did not end within the limit.
    FinishKilled(Duration),
    /// What an adopted service has left of its session may be another's.
    LeftAlone,
    /// The main service has ended, and nobody knows how.
    UnknownEnd,
}

/// The most actions that follow an event.
const MOST: usize = 4;

/// Actions, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions([Option<Action>; MOST]);

impl Actions {
    pub(super) fn of<const N: usize>(list: [Option<Action>; N]) -> Self {
        const { assert!(N <= MOST) };
        let mut actions = Self::default();
        actions.0[..N].copy_from_slice(&list);
        actions
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl IntoIterator for Actions {
    type Item = Action;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<Action>, MOST>>;

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
            Self::Ended(_, end) => {
                f.write_str("process ended")?;
                match end {
                    Some(End::Exited(code)) => write!(f, ", exit code {code}"),
                    Some(End::Killed(signal)) => write!(f, ", signal {signal}"),
                    None => Ok(()),
                }
            }
            Self::Ready(_) => f.write_str("ready"),
            Self::FinishStarted(pid) => write!(f, "finish is process {pid}"),
            Self::FinishNotStarted => f.write_str("finish not started"),
            Self::FinishEnded => f.write_str("finish is over"),
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
                Action::Kill => f.write_str("kill")?,
                Action::Finish(_) => f.write_str("finish")?,
                Action::Report(_) => f.write_str("report")?,
                Action::Record => f.write_str("record")?,
                Action::Exit => f.write_str("exit")?,
            }
        }
        Ok(())
    }
}
