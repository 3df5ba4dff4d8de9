//! What a policy promises, from the commands and the ends alone: how often the service has
//! ended early, whether it is over, and when it may be started. After supervise was killed
//! in the middle of something, more than one may be true.

use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::detail::Outcome;
use daemontools::servicedir::policy::{Policy, Restart};
use daemontools::servicedir::status::Want;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use super::world::{Main, World};
use crate::machine::Machine;

/// A promise that was broken, in words.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

/// More early ends than these are as many.
const MANY: u32 = 3;

/// The pid of a process that is gone.
const GONE: u32 = 0;

/// What may be true of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) pid: Option<u32>,
    pub(super) started: u64,
    pub(super) ready: Option<u64>,
    pub(super) was_paused: bool,
    pub(super) early: u32,
    pub(super) over: Option<Outcome>,
    pub(super) asked: bool,
    pub(super) stop: Option<u64>,
    pub(super) not_ready: bool,
    /// The next start comes no earlier.
    pub(super) not_before: u64,
    /// `./finish` has to run before it.
    pub(super) finish: bool,
    /// A main service: it has ended since the tree was started.
    pub(super) ended: bool,
}

/// All that may be true, now and at some moment of this turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lives {
    pub(super) now: Vec<Life>,
    turn: Vec<Life>,
    /// How often supervise was killed in the middle of something since it was at rest.
    pub(super) kills: u8,
}

impl Default for Lives {
    fn default() -> Self {
        Self {
            now: vec![Life::default()],
            turn: Vec::new(),
            kills: 0,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("no long time")
}

impl Life {
    fn ended(&mut self, world: &World, policy: &Policy, end: Option<End>, want: Option<Want>) {
        self.judge(world, policy, end, want);
        self.ended = world.main.is_some();
    }

    fn judge(&mut self, world: &World, policy: &Policy, end: Option<End>, want: Option<Want>) {
        let now = world.now;
        if world.main == Some(Main::WithoutFile) {
            self.asked = false;
        }
        let before = *self;
        *self = Self {
            early: before.early,
            finish: policy.finish,
            ..Self::default()
        };
        if want != Some(Want::Up) {
            self.early = 0;
            return;
        }
        let up = match policy.ready_fd {
            Some(_) => before.ready,
            None => Some(before.started),
        };
        let healthy = millis(policy.healthy());
        let not_ready = before.not_ready && !before.asked;
        let recovered = !not_ready && up.is_some_and(|since| since + healthy <= now);
        if recovered {
            self.early = 0;
        }
        if before.asked {
            return;
        }
        let success = end == Some(End::Exited(0)) && !not_ready;
        if success && policy.restart != Restart::Always {
            self.early = 0;
            self.over = Some(Outcome::Finished);
            return;
        }
        if !recovered {
            self.early += 1;
            if policy.give_up > 0 && self.early >= policy.give_up {
                self.over = Some(Outcome::Failed);
            } else if self.early >= 2 {
                let wait = 1000_u64.checked_shl(self.early - 1).unwrap_or(u64::MAX);
                self.not_before = now + wait.min(millis(policy.backoff));
            }
        }
        if policy.restart == Restart::Never {
            self.over = Some(Outcome::Failed);
        }
    }

    fn commanded(&mut self, command: Command, now: u64) {
        match command {
            Command::Up | Command::Once => {
                (self.early, self.over, self.not_before) = (0, None, 0);
            }
            Command::Down => {
                (self.early, self.over, self.not_before) = (0, None, 0);
                if self.pid.is_some() {
                    self.asked = true;
                    self.stop.get_or_insert(now);
                }
            }
            Command::Pause => self.was_paused |= self.pid.is_some(),
            Command::Signal(Signal::SIGTERM | Signal::SIGKILL) => self.asked |= self.pid.is_some(),
            _ => {}
        }
    }

    fn is_of(&self, machine: &Machine) -> bool {
        let up = machine.pid().is_some();
        self.pid == machine.pid()
            && self.early.min(MANY) == machine.restarts.failures.min(MANY)
            && self.over == machine.restarts.outcome
            && (!machine.status().paused || self.was_paused)
            && (!up || self.asked == machine.stop.asked)
            && (!up || self.stop.is_some() == machine.stop.since.is_some())
            && (!up || self.ready.is_some() == machine.readiness.ready.is_some())
    }
}

impl Lives {
    pub(super) fn begin_turn(&mut self) {
        self.turn = self.now.clone();
    }

    /// supervise was killed in this turn. Of the processes that are gone the pids do not
    /// matter any more.
    pub(super) fn killed(&mut self, world: &World, in_the_middle: bool) {
        self.kills += u8::from(in_the_middle);
        // After a reboot nothing of this turn counts.
        if !self.turn.is_empty() {
            self.now = core::mem::take(&mut self.turn);
        }
        let alive = world.services.first().map(|service| service.pid);
        for life in self.now.iter_mut().filter(|life| life.pid != alive) {
            life.pid = life.pid.map(|_| GONE);
        }
        self.dedup();
    }

    /// The tree may begin anew: a service that runs may not be wanted down any more, and
    /// what was of one that does not run may not count.
    pub(super) fn may_begin_anew(&mut self, world: &World) {
        let runs = !world.services.is_empty();
        let anew = |life: &Life| match runs {
            true => Life {
                stop: None,
                ..*life
            },
            false => Life::default(),
        };
        let anew: Vec<Life> = self.now.iter().map(anew).collect();
        self.now.extend(anew);
        self.dedup();
    }

    fn dedup(&mut self) {
        let mut all = Vec::new();
        for life in self.now.drain(..) {
            if !all.contains(&life) {
                all.push(life);
            }
        }
        self.now = all;
    }

    fn each(&mut self, mut change: impl FnMut(&mut Life)) {
        self.now.iter_mut().for_each(&mut change);
        self.turn.extend(self.now.iter().copied());
        self.dedup();
    }

    /// The service has ended, and any of `wants` may be wanted.
    pub(super) fn ended(&mut self, world: &World, end: Option<End>, wants: &[Option<Want>]) {
        let Some(policy) = world.policy else { return };
        let all = core::mem::take(&mut self.now);
        for want in wants {
            self.now.extend(all.iter().map(|life| {
                let mut life = *life;
                life.ended(world, &policy, end, *want);
                life
            }));
        }
        self.each(|_| ());
    }

    /// A supervise begins. Where a process is gone, nobody knows how.
    pub(super) fn begins(&mut self, world: &World, wants: &[Option<Want>]) {
        let Some(policy) = world.policy else { return };
        let alive = world.services.first().map(|service| service.pid);
        if alive.is_some() {
            self.now.retain(|life| life.pid == alive);
        }
        let all = core::mem::take(&mut self.now);
        for mut life in all {
            life.stop = life.stop.map(|_| world.now);
            if life.pid.is_none() || life.pid == alive {
                self.now.push(life);
                continue;
            }
            for want in wants {
                let mut life = life;
                life.ended(world, &policy, None, *want);
                self.now.push(life);
            }
        }
        self.each(|_| ());
    }

    pub(super) fn commanded(&mut self, command: Command, now: u64) {
        self.each(|life| life.commanded(command, now));
    }

    pub(super) fn ready(&mut self, now: u64) {
        self.now.retain(|life| life.ready.is_none());
        self.each(|life| life.ready = Some(now));
    }

    /// `./finish` is about to be started.
    pub(super) fn finishes(&mut self, world: &World) -> Result<(), Broken> {
        if !world.services.is_empty() || world.finish.is_some() {
            return Err(Broken("finish runs beside another process".into()));
        }
        self.now.retain(|life| life.finish);
        if self.now.is_empty() {
            return Err(Broken("finish runs without an end".into()));
        }
        self.each(|life| life.finish = false);
        Ok(())
    }

    /// The service is about to be started, as `pid`.
    pub(super) fn starts(&mut self, world: &World, pid: u32) -> Result<(), Broken> {
        if world.policy.is_none() {
            return Ok(());
        }
        if world.finish.is_some() {
            return Err(Broken("it is started beside finish".into()));
        }
        let before = self.now.clone();
        let now = world.now;
        self.now
            .retain(|life| life.over.is_none() && life.not_before <= now && !life.finish);
        if self.now.is_empty() {
            return Err(Broken(format!("it is started at {now}, though {before:?}")));
        }
        self.each(|life| {
            *life = Life {
                pid: Some(pid),
                started: now,
                early: life.early,
                ended: life.ended,
                ..Life::default()
            };
        });
        Ok(())
    }

    /// supervise stops the service, since it is not ready in time.
    pub(super) fn stops(&mut self, world: &World) -> Result<(), Broken> {
        let limit = world.policy.and_then(|policy| policy.ready_timeout);
        let limit = limit.map(millis);
        self.now.retain(|life| {
            life.ready.is_none() && limit.is_some_and(|limit| life.started + limit <= world.now)
        });
        if self.now.is_empty() {
            return Err(Broken(
                "it is stopped before its time to be ready is over".into(),
            ));
        }
        self.each(|life| {
            life.not_ready = true;
            life.stop.get_or_insert(world.now);
        });
        Ok(())
    }

    /// supervise is about to kill the service.
    pub(super) fn kills(&mut self) -> Result<(), Broken> {
        self.now.retain(|life| life.stop.is_some());
        match self.now.is_empty() {
            true => Err(Broken("it is killed, and was not told to end".into())),
            false => Ok(()),
        }
    }

    /// supervise is about to wait, or to exit with the main service: that has ended for
    /// good, or not. `rests`: no start is wanted.
    pub(super) fn leaves(
        &mut self,
        world: &World,
        rests: bool,
        exited: bool,
    ) -> Result<(), Broken> {
        let before = self.now.clone();
        let idle = world.services.is_empty() && world.finish.is_none();
        self.now.retain(|life| {
            let over = rests || life.over.is_some();
            (idle && life.ended && over && !life.finish) == exited
        });
        match self.now.is_empty() {
            true => Err(Broken(format!(
                "{before:?} is true, and it exits: {exited}"
            ))),
            false => Ok(()),
        }
    }

    /// supervise is about to wait.
    pub(super) fn at_rest(&mut self, world: &World, machine: &Machine) -> Result<(), Broken> {
        let Some(policy) = world.policy else {
            return Ok(());
        };
        self.kills = 0;
        let before = self.now.clone();
        self.now.retain(|life| life.is_of(machine));
        if self.now.is_empty() {
            return Err(Broken(format!(
                "{before:?} is true, and it knows {machine:?}"
            )));
        }
        let said = world.ready == Some(true);
        if machine.pid().is_some() && said != machine.readiness.ready.is_some() {
            return Err(Broken(format!("it has said ready: {said}")));
        }
        let since = |at: u64, limit: Option<Duration>| {
            limit.is_some_and(|limit| at + millis(limit) <= world.now)
        };
        let was_paused = self.now.iter().any(|life| life.was_paused);
        for life in self.now.iter().filter(|life| life.pid.is_some()) {
            let limit = match life.not_ready {
                true => policy.stop_timeout_when_not_ready(),
                false => policy.stop_timeout(),
            };
            if life.stop.is_some_and(|at| since(at, limit)) && !world.killed {
                return Err(Broken("it was told to end, and was not killed".into()));
            }
            let awaits = policy.ready_fd.is_some() && !said && !was_paused;
            if awaits && life.stop.is_none() && since(life.started, policy.ready_timeout) {
                return Err(Broken("it is not ready, and was not stopped".into()));
            }
        }
        Ok(())
    }
}
