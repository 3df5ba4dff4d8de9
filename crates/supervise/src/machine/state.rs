//! The state of one service, and what can be asked about it.

use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;

use super::event::{Event, Launch};
use super::finish::Finish;
use super::main_service::MainService;
use super::readiness::Readiness;
use super::restart::Restarts;
use super::stop::Stop;

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
    pub(super) pid: Option<u32>,
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
    pub(super) policy: Option<Policy>,
    /// The process that runs was taken over.
    pub(crate) adopted: bool,
    /// The service has ended, and nobody was there to see it.
    pub(crate) unseen_end: bool,
    pub(crate) restarts: Restarts,
    pub(crate) stop: Stop,
    pub(crate) readiness: Readiness,
    pub(crate) finish: Finish,
    /// supervise exits with the service; `None`: it does not.
    pub(crate) main: Option<MainService>,
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
            main: None,
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

    pub(super) fn ready_deadline(&self, policy: &Policy) -> Option<Monotonic> {
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
    pub fn set_policy(&mut self, policy: Option<Policy>) {
        self.policy = match &mut self.main {
            Some(main) => Some(main.policy(policy)),
            None => policy,
        };
    }

    /// From now on supervise exits when the service has ended for good.
    pub(crate) fn follow_main(&mut self) {
        self.main = Some(MainService::default());
    }

    /// Whether it is the main service and has ended for good.
    pub(super) fn is_over(&self) -> bool {
        let idle = self.pid.is_none() && self.start_at.is_none() && self.finish.is_over();
        idle && self.main.is_some_and(|main| main.ended)
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
