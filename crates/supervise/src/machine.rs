//! What supervise decides: it takes an event and the time, and returns actions in the
//! order in which they must be done. No I/O and no heap.
//!
//! A service is *down* (no pid), *up* (a pid), or *waiting*: down, and started when a
//! second has passed since the last start. Waiting delays the start and nothing else:
//! commands are obeyed at once.
//!
//! | event | down | waiting | up |
//! |---|---|---|---|
//! | `u` | start | – | – |
//! | `o` | start | – | – |
//! | `d` | – | start dropped | TERM, CONT |
//! | `x` | exit | exit | exits at its end |
//! | `p`, `c` | noted | noted | STOP, CONT |
//! | signals | – | – | sent |
//! | end | – | – | exit if `x`; start if want is up |
//! | time | – | start, once it is due | – |
//!
//! A start that comes less than a second after the last makes the service waiting.

mod event;

use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

pub use event::{Action, Actions, Event};

/// The least time from one start to the next.
pub const MIN_START_INTERVAL: Duration = Duration::from_secs(1);

/// How long the next start waits after the first, the second, and any later failed fork.
pub const FORK_RETRY: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// The state of one service.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pid: Option<u32>,
    pub(crate) since: Tai64n,
    pub(crate) paused: bool,
    want: Want,
    pub(crate) exiting: bool,
    /// The last start, whether its fork failed or not.
    pub(crate) last_start: Option<Monotonic>,
    /// When to start, while waiting.
    pub(crate) start_at: Option<Monotonic>,
    /// Failed forks in a row, as an index into [`FORK_RETRY`].
    pub(crate) failures: usize,
}

impl Machine {
    /// A service that is down since `since`. If it is wanted up, the first
    /// [`Event::Time`] starts it.
    #[must_use]
    pub fn new(want: Want, since: Tai64n) -> Self {
        Self {
            pid: None,
            since,
            paused: false,
            want,
            exiting: false,
            last_start: None,
            start_at: (want == Want::Up).then_some(Monotonic(0)),
            failures: 0,
        }
    }

    /// An adopted service: it is as the record of an earlier supervise says, and was
    /// started at `last_start`.
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

    /// The status record of this state. A service that is down is never paused.
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

    /// How long the next start waits after a failed fork, before
    /// [`Event::NotStarted`] is told.
    #[must_use]
    pub const fn retry_delay(&self) -> Duration {
        FORK_RETRY[self.failures]
    }

    /// Takes an event at the moment `now`. Returns what to do about it.
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
                self.start_at = Some(now + self.retry_delay());
                self.failures = (self.failures + 1).min(FORK_RETRY.len() - 1);
                Actions::default()
            }
            Event::Ended(at) => {
                self.pid = None;
                self.since = at;
                let next = match self.want {
                    _ if self.exiting => Some(Action::Exit),
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
                self.exiting = true;
                let exit = (!up).then_some(Action::Exit);
                Actions::of([record, exit, None])
            }
            Command::Signal(number) => Actions::of([signal(number), None, None]),
        }
    }

    /// Starts the service, or makes it wait until a second has passed since the last
    /// start.
    fn start(&mut self, now: Monotonic) -> Option<Action> {
        match self.last_start.map(|last| last + MIN_START_INTERVAL) {
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

/// As diagnostics show it.
impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.pid, self.start_at) {
            (Some(pid), _) => write!(f, "up, pid {pid}")?,
            (None, Some(_)) => f.write_str("waiting")?,
            (None, None) => f.write_str("down")?,
        }
        write!(f, ", want {:?}", self.want)?;
        let paused = if self.status().paused { ", paused" } else { "" };
        let exiting = if self.exiting {
            ", exits when down"
        } else {
            ""
        };
        write!(f, "{paused}{exiting}")
    }
}

#[cfg(test)]
mod tests;
