//! What supervise decides: it takes an event and the time, and returns actions in the
//! order in which they must be done. No I/O and no heap.
//!
//! A service is *down* (no pid), *up* (a pid), *waiting* (down, and started when its time
//! has come), or *finishing*: down, while `./finish` runs. Waiting delays the start and
//! nothing else: commands are obeyed at once.
//!
//! | event | down | waiting | up | finishing |
//! |---|---|---|---|---|
//! | `u`, `o` | start | no back-off | – | start after it |
//! | `d` | – | start dropped | stop signal, CONT | start dropped |
//! | `x` | exit | exit | exits at its end | exits at its end |
//! | `p`, `c` | noted | noted | STOP, CONT | noted |
//! | `k` | – | – | sent | `finish` killed |
//! | other signals | – | – | sent | – |
//! | end | – | – | `finish`; exit if `x`; start, or not | exit if `x`; start, or not |
//! | ready | – | – | noted | – |
//! | time | – | start, once it is due | stop limit: KILL; ready limit: stop | limit: KILL |
//!
//! A start comes no earlier than a second after the last. Whether an end is followed by a
//! start, and by how long a wait, is in [`restart`]; stopping is in [`stop`], readiness in
//! [`readiness`], `./finish` in [`finish`]. All of that follows the policy of the
//! operator; without one the service is started whenever it is wanted up, and the stop
//! signal is TERM.

mod event;
pub(crate) mod finish;
pub(crate) mod readiness;
pub(crate) mod restart;
pub(crate) mod stop;

use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use finish::{Finish, Run};
use readiness::Readiness;
use restart::{Ending, Restarts};
use stop::Stop;

pub use event::{Action, Actions, Event, FinishArguments, Launch, Next, Report};

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
    pub(crate) want: Want,
    pub(crate) exiting: bool,
    /// The last start, whether its fork failed or not.
    pub(crate) last_start: Option<Monotonic>,
    /// When to start, while waiting; or after `./finish`, while that is not over.
    pub(crate) start_at: Option<Monotonic>,
    /// Failed forks in a row, as an index into [`FORK_RETRY`].
    pub(crate) failed_forks: usize,
    /// What the operator asks for; `None`: there is no file.
    policy: Option<Policy>,
    /// The process that runs was taken over.
    pub(crate) adopted: bool,
    /// The service has ended, and nobody was there to see it.
    pub(crate) unseen_end: bool,
    pub(crate) restarts: Restarts,
    pub(crate) stop: Stop,
    pub(crate) readiness: Readiness,
    pub(crate) finish: Finish,
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
            failed_forks: 0,
            policy: None,
            adopted: false,
            unseen_end: false,
            restarts: Restarts::default(),
            stop: Stop::default(),
            readiness: Readiness::default(),
            finish: Finish::None,
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
            adopted: true,
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

    /// Where in its life the service is; `None` where there is no policy.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.policy?;
        Some(match self.pid {
            _ if !self.finish.is_over() => Stage::Finishing,
            Some(_) if self.stop.since.is_some() => Stage::Stopping,
            Some(_) if self.readiness.is_awaited() => Stage::Starting,
            Some(_) if self.readiness.ready.is_some() => Stage::Ready,
            Some(_) => Stage::Up,
            None => match self.restarts.outcome {
                Some(outcome) => outcome.stage(),
                None if self.start_at.is_some() => Stage::Waiting,
                None => Stage::Down,
            },
        })
    }

    /// When the next start is due, while none is held up by `./finish`.
    #[must_use]
    pub fn start_at(&self) -> Option<Monotonic> {
        self.start_at.filter(|_| self.finish.is_over())
    }

    /// When [`Event::Time`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        let policy = self.policy.unwrap_or_default();
        let up = [self.stop.deadline(&policy), self.ready_deadline(&policy)];
        let down = [self.start_at(), self.finish.deadline(policy.finish_timeout)];
        let due = if self.pid.is_some() { up } else { down };
        due.into_iter().flatten().min()
    }

    fn ready_deadline(&self, policy: &Policy) -> Option<Monotonic> {
        let limit = policy.ready_timeout.filter(|_| self.stop.since.is_none());
        self.readiness.deadline(self.last_start, limit)
    }

    /// How long the next start waits after a failed fork, before
    /// [`Event::NotStarted`] is told.
    #[must_use]
    pub const fn retry_delay(&self) -> Duration {
        FORK_RETRY[self.failed_forks]
    }

    /// What the operator asks for; `None` where there is no file.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// From now on this is what the operator asks for.
    pub const fn set_policy(&mut self, policy: Option<Policy>) {
        self.policy = policy;
    }

    /// Whether something is decided by the policy at this event, so that it has to be
    /// read before.
    #[must_use]
    pub fn consults_policy(&self, event: Event, now: Monotonic) -> bool {
        match event {
            Event::Command(Command::Up | Command::Once) => self.pid.is_none(),
            Event::Command(Command::Down) | Event::Ended(..) | Event::FinishEnded => true,
            Event::Time => self.unseen_end || self.deadline().is_some_and(|at| at <= now),
            _ => false,
        }
    }

    /// Whether the service may still say that it is ready.
    #[must_use]
    pub const fn awaits_ready(&self) -> bool {
        self.pid.is_some() && self.readiness.is_awaited()
    }

    /// How the next process is started.
    #[must_use]
    pub fn launch(&self) -> Launch {
        let policy = self.policy.unwrap_or_default();
        Launch {
            ready_fd: policy.ready_fd,
            own_session: policy.own_session,
        }
    }

    /// Takes an event at the moment `now`. Returns what to do about it.
    pub fn on(&mut self, event: Event, now: Monotonic) -> Actions {
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Started(pid, at) => {
                self.pid = Some(pid);
                self.start_at = None;
                self.since = at;
                self.paused = false;
                self.failed_forks = 0;
                self.adopted = false;
                self.stop = Stop::default();
                self.readiness = Readiness {
                    fd: self.policy.and_then(|policy| policy.ready_fd),
                    ..Readiness::default()
                };
                Actions::of([Some(Action::Record)])
            }
            Event::NotStarted => {
                self.start_at = Some(now + self.count_failed_fork());
                Actions::default()
            }
            Event::Ended(at, end) => {
                self.pid = None;
                self.since = at;
                self.ended(end, now)
            }
            Event::Ready(at) => {
                if self.awaits_ready() {
                    self.readiness.ready = Some((now, at.label()));
                }
                Actions::default()
            }
            Event::FinishStarted(pid) => {
                self.failed_forks = 0;
                self.finish = Finish::Running(Run {
                    pid,
                    since: now,
                    killed: false,
                });
                Actions::default()
            }
            Event::FinishNotStarted => {
                if let Finish::Due(arguments, _) = self.finish {
                    self.finish = Finish::Due(arguments, now + self.count_failed_fork());
                }
                Actions::default()
            }
            Event::FinishEnded => {
                self.finish = Finish::None;
                Actions::of([self.go_on(now)])
            }
            Event::Time => self.time(now),
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
                self.restarts.forget();
                let idle = !up && (self.start_at.is_none() || self.restarts.backs_off);
                let start = if idle { self.start(now) } else { None };
                Actions::of([start, record])
            }
            Command::Down => {
                self.want = Want::Down;
                self.start_at = None;
                self.restarts.forget();
                if up {
                    self.paused = false;
                    self.stop.asked = true;
                    Actions::of(self.stop_service(now))
                } else {
                    Actions::of([record])
                }
            }
            Command::Pause => {
                self.paused = true;
                self.readiness.pause(now);
                Actions::of([record, signal(Signal::SIGSTOP)])
            }
            Command::Continue => {
                self.paused = false;
                self.readiness.resume(now);
                Actions::of([record, signal(Signal::SIGCONT)])
            }
            Command::Exit => {
                self.exiting = true;
                let exit = (!up && self.finish.pid().is_none()).then_some(Action::Exit);
                Actions::of([record, exit])
            }
            Command::Signal(number) => {
                self.stop.asked |= up && stop::ends(number);
                let kill = number == Signal::SIGKILL && self.finish.pid().is_some();
                Actions::of([signal(number), kill.then_some(Action::Kill)])
            }
        }
    }

    /// Sends the stop signal. That it was asked for is in the detail file before; what is
    /// wanted is in the record afterwards, and so surely after the signal.
    fn stop_service(&mut self, now: Monotonic) -> [Option<Action>; 3] {
        self.stop.begin(now);
        self.readiness.resume(now);
        let stop_signal = self.policy.unwrap_or_default().stop_signal;
        [
            Some(Action::Signal(stop_signal)),
            Some(Action::Signal(Signal::SIGCONT)),
            Some(Action::Record),
        ]
    }

    /// The service has ended, seen or unseen.
    fn ended(&mut self, end: Option<End>, now: Monotonic) -> Actions {
        let ending = Ending {
            end,
            now,
            want: (!self.exiting).then_some(self.want),
            last_start: self.last_start,
            stop: &self.stop,
            readiness: &self.readiness,
        };
        let verdict = self.restarts.judge(&ending, self.policy.as_ref());
        if self.restarts.outcome.is_some() {
            self.want = Want::Once;
        }
        self.start_at = (verdict.next == Next::Restart).then(|| now + verdict.wait);
        self.restarts.backs_off = !verdict.wait.is_zero();
        let policy = self.policy.unwrap_or_default();
        let then = if policy.finish {
            let arguments = FinishArguments {
                end,
                next: verdict.next,
            };
            self.hold_start();
            self.finish = Finish::Due(arguments, now);
            Some(Action::Finish(arguments))
        } else {
            self.go_on(now)
        };
        let leftovers = self.adopted && policy.own_session;
        let alone = leftovers.then_some(Action::Report(Report::LeftAlone));
        let report = verdict.report.map(Action::Report);
        Actions::of([Some(Action::Record), report, alone, then])
    }

    /// Time has passed: does what is due.
    fn time(&mut self, now: Monotonic) -> Actions {
        if self.unseen_end {
            let actions = self.ended(None, now);
            self.unseen_end = false;
            return actions;
        }
        let policy = self.policy.unwrap_or_default();
        let is_due = |at: Option<Monotonic>| at.is_some_and(|at| at <= now);
        if self.pid.is_some() {
            if is_due(self.stop.deadline(&policy)) {
                self.stop.killed = true;
                let limit = self.stop.limit(&policy).unwrap_or_default();
                let report = Report::Killed(policy.stop_signal, limit);
                return Actions::of([Some(Action::Kill), Some(Action::Report(report))]);
            }
            if is_due(self.ready_deadline(&policy)) {
                let limit = policy.ready_timeout.unwrap_or_default();
                let report = Report::NotReady(self.readiness.fd.unwrap_or(0), limit);
                self.stop.not_ready = true;
                let [stop, cont, record] = self.stop_service(now);
                return Actions::of([Some(Action::Report(report)), stop, cont, record]);
            }
            return Actions::default();
        }
        match &mut self.finish {
            Finish::Due(arguments, at) if *at <= now => {
                Actions::of([Some(Action::Finish(*arguments))])
            }
            Finish::Running(run) if !run.killed && run.since + policy.finish_timeout <= now => {
                run.killed = true;
                let report = Report::FinishKilled(policy.finish_timeout);
                Actions::of([Some(Action::Kill), Some(Action::Report(report))])
            }
            Finish::Due(..) | Finish::Running(_) => Actions::default(),
            Finish::None if is_due(self.start_at) => Actions::of([self.start(now)]),
            Finish::None => Actions::default(),
        }
    }

    /// After an end, and after `./finish`: exits, or starts what is due.
    fn go_on(&mut self, now: Monotonic) -> Option<Action> {
        if self.exiting {
            return Some(Action::Exit);
        }
        self.hold_start();
        let due = self.start_at.is_some_and(|at| at <= now);
        if due { self.start(now) } else { None }
    }

    /// A start waits until a second has passed since the last.
    fn hold_start(&mut self) {
        let earliest = self.last_start.map(|last| last + MIN_START_INTERVAL);
        self.start_at = self
            .start_at
            .map(|at| earliest.map_or(at, |earliest| at.max(earliest)));
    }

    /// Starts the service; or makes it wait, until a second has passed since the last
    /// start and `./finish` is over.
    fn start(&mut self, now: Monotonic) -> Option<Action> {
        self.start_at = Some(now);
        self.restarts.backs_off = false;
        self.hold_start();
        if self.start_at > Some(now) || !self.finish.is_over() {
            return None;
        }
        self.last_start = Some(now);
        Some(Action::Start)
    }

    fn count_failed_fork(&mut self) -> Duration {
        let delay = self.retry_delay();
        self.failed_forks = (self.failed_forks + 1).min(FORK_RETRY.len() - 1);
        delay
    }
}

/// As diagnostics show it.
impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.pid, self.start_at, self.finish.pid()) {
            (Some(pid), ..) => write!(f, "up, pid {pid}")?,
            (None, _, Some(pid)) => write!(f, "finishing, pid {pid}")?,
            (None, Some(_), None) => f.write_str("waiting")?,
            (None, None, None) => f.write_str("down")?,
        }
        write!(f, ", want {:?}", self.want)?;
        let paused = if self.status().paused { ", paused" } else { "" };
        let exiting = if self.exiting {
            ", exits when down"
        } else {
            ""
        };
        write!(f, "{paused}{exiting}")?;
        if let Some(stage) = self.stage() {
            let failures = self.restarts.failures;
            write!(f, ", stage {}, {failures} early ends", stage.text())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
