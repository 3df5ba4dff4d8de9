//! What follows from an event.

use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::status::Want;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use super::event::{Action, Actions, Event, FinishArguments, Next, Report};
use super::finish::{Finish, Run};
use super::readiness::Readiness;
use super::restart::Ending;
use super::state::{FORK_RETRY, MIN_START_INTERVAL, Machine};
use super::stop::{self, Stop};

impl Machine {
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
                    Actions::of([record, self.is_over().then_some(Action::Exit)])
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
        if let Some(main) = &mut self.main {
            (main.ended, main.end) = (true, end);
            // So nothing else can be asked for.
            self.stop.asked &= !main.first_end_is_last;
        }
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
            // A supervise before this one was killed before it exited.
            Finish::None => Actions::of([self.is_over().then_some(Action::Exit)]),
        }
    }

    /// After an end, and after `./finish`: exits, or starts what is due.
    fn go_on(&mut self, now: Monotonic) -> Option<Action> {
        if self.exiting || self.is_over() {
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
