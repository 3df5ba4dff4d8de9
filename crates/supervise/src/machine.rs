//! What supervise decides: an event and the time in, actions out, in the order in
//! which they must be done. No I/O and no heap.
//!
//! A service is *down* (no pid), *up* (a pid), or *waiting*: down, with a start to
//! come once a second has passed since the last one. Waiting delays the start and
//! nothing else: a command that comes meanwhile is answered at once.
//!
//! | event | down | waiting | up |
//! |---|---|---|---|
//! | `u` | start | – | – |
//! | `o` | start | – | – |
//! | `d` | – | start dropped | TERM, CONT |
//! | `x` | leave | leave | leaves at its end |
//! | `p`, `c` | noted | noted | STOP, CONT |
//! | signals | – | – | sent |
//! | end | – | – | leave if `x`; start if want is up |
//! | time | – | start, once it is due | – |
//!
//! A start that comes less than a second after the last makes the service waiting.

use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

/// The least time from one start to the next.
pub const PACE: Duration = Duration::from_secs(1);

/// How long to wait after the first, the second, and any later failed fork.
pub const PATIENCE: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command came through the FIFO.
    Command(Command),
    /// The start that was asked for gave a process, at this wall time.
    Started(u32, Tai64n),
    /// The start that was asked for gave none.
    NotStarted,
    /// The service's process has ended, at this wall time.
    Ended(Tai64n),
    /// Time has passed.
    Time,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the service and answer with [`Event::Started`] or
    /// [`Event::NotStarted`].
    Start,
    /// Send a signal to the service's process.
    Signal(Signal),
    /// The record has changed or may have: write it, before the next signal and
    /// before anything is waited for.
    Record,
    /// Leave; nothing after it counts.
    Leave,
}

/// Up to three actions, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions([Option<Action>; 3]);

impl Actions {
    const fn of(list: [Option<Action>; 3]) -> Self {
        Self(list)
    }
}

impl IntoIterator for Actions {
    type Item = Action;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<Action>, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten()
    }
}

/// The state of one service.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pid: Option<u32>,
    since: Tai64n,
    paused: bool,
    want: Want,
    leaving: bool,
    /// The last start, whether it gave a process or not.
    last_start: Option<Monotonic>,
    /// When to start, while waiting.
    start_at: Option<Monotonic>,
    /// Failed starts in a row, as an index into [`PATIENCE`].
    failures: usize,
}

impl Machine {
    /// A service that is down since `since` and wanted up or down. It is started
    /// by the first [`Event::Time`] if wanted up.
    #[must_use]
    pub fn new(want: Want, since: Tai64n) -> Self {
        Self {
            pid: None,
            since,
            paused: false,
            want,
            leaving: false,
            last_start: None,
            start_at: (want == Want::Up).then_some(Monotonic(0)),
            failures: 0,
        }
    }

    /// A service that is up under an earlier supervise's record and goes on as it
    /// was; it was started at `last_start`.
    #[must_use]
    pub fn adopt(status: &Status, last_start: Monotonic) -> Self {
        Self {
            pid: Some(status.pid),
            since: status.since,
            paused: status.paused,
            last_start: Some(last_start),
            start_at: None,
            ..Self::new(status.want, status.since)
        }
    }

    /// The status record of this state. Paused says nothing while it is down.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            since: self.since,
            pid: self.pid.unwrap_or(0),
            paused: self.paused && self.pid.is_some(),
            want: self.want,
        }
    }

    /// The service's process, while it is up.
    #[must_use]
    pub const fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// When [`Event::Time`] is due, if at all.
    #[must_use]
    pub const fn deadline(&self) -> Option<Monotonic> {
        self.start_at
    }

    /// How long the next start waits after the failed one just told.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        PATIENCE[self.failures]
    }

    /// Takes an event at the moment `now` and says what to do about it.
    pub fn on(&mut self, event: Event, now: Monotonic) -> Actions {
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Started(pid, at) => {
                self.pid = Some(pid);
                self.since = at;
                self.paused = false;
                self.failures = 0;
                Actions::of([Some(Action::Record), None, None])
            }
            Event::NotStarted => {
                self.start_at = Some(now + self.patience());
                self.failures = (self.failures + 1).min(PATIENCE.len() - 1);
                Actions::default()
            }
            Event::Ended(at) => {
                self.pid = None;
                self.since = at;
                let next = match self.want {
                    _ if self.leaving => Some(Action::Leave),
                    Want::Up => self.start(now),
                    Want::Down | Want::Once => None,
                };
                Actions::of([Some(Action::Record), next, None])
            }
            Event::Time => {
                let due = self.start_at.is_some_and(|at| at <= now);
                let start = if due { self.start(now) } else { None };
                Actions::of([start, None, None])
            }
        }
    }

    fn command(&mut self, command: Command, now: Monotonic) -> Actions {
        let up = self.pid.is_some();
        let signal = |signal| up.then_some(Action::Signal(signal));
        let record = Some(Action::Record);
        match command {
            Command::Up | Command::Once => {
                self.want = match command {
                    Command::Up => Want::Up,
                    _ => Want::Once,
                };
                let idle = !up && self.start_at.is_none();
                let start = if idle { self.start(now) } else { None };
                Actions::of([start, record, None])
            }
            Command::Down => {
                self.want = Want::Down;
                self.start_at = None;
                if up {
                    self.paused = false;
                }
                Actions::of([signal(Signal::SIGTERM), signal(Signal::SIGCONT), record])
            }
            Command::Pause => {
                self.paused = true;
                Actions::of([record, signal(Signal::SIGSTOP), None])
            }
            Command::Continue => {
                self.paused = false;
                Actions::of([record, signal(Signal::SIGCONT), None])
            }
            Command::Exit => {
                self.leaving = true;
                let leave = (!up).then_some(Action::Leave);
                Actions::of([record, leave, None])
            }
            Command::Signal(number) => Actions::of([signal(number), None, None]),
        }
    }

    /// Starts the service, or makes it wait for its second.
    fn start(&mut self, now: Monotonic) -> Option<Action> {
        match self.last_start.map(|last| last + PACE) {
            Some(at) if at > now => {
                self.start_at = Some(at);
                None
            }
            _ => {
                self.start_at = None;
                self.last_start = Some(now);
                Some(Action::Start)
            }
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
