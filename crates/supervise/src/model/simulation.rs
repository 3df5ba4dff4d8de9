//! The model's [`Host`]: what supervise asks for and does, on the model's world. supervise
//! can be killed before any effect: from then on nothing that it does has an effect, and
//! its memory is dropped at the end of the step. The promises are checked at the calls
//! that they are about.

use core::time::Duration;

use daemontools::servicedir::Checked;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::strerr::Fatal;
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;
use daemontools::{Errno, Result};

use super::life::{Broken, Life};
use super::promise::Promise;
use super::turn::Turn;
use super::world::{Main, Process, World};
use crate::host::{AdoptResult, Child, Host, PreviousFiles};
use crate::machine::{Action, Actions, Event, FinishArguments, Launch, Machine, Report};
use crate::previous::{Clocks, Context, Decided, Decision, PidOwner};

/// The gate of a child: of the service, and whether it can say that it is ready; or of
/// `./finish`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gate {
    Service(Process, bool),
    Finish(Process),
}

/// The world, and what was promised to the operator.
#[derive(Clone, Debug)]
pub(super) struct Simulation {
    pub(super) world: World,
    pub(super) promise: Promise,
    pub(super) turn: Turn,
}

impl Simulation {
    pub(super) fn new(normally_down: bool) -> Self {
        Self {
            world: World::new(normally_down),
            promise: Promise::default(),
            turn: Turn::default(),
        }
    }

    /// Begins a turn in which supervise is killed before it has that many effects.
    pub(super) fn begin_turn(&mut self, kill_before: Option<u32>) {
        self.turn = Turn::new(kill_before);
        self.world.sent.clear();
        self.promise.lives.begin_turn();
    }

    /// Keeps the result of a check. After the first broken promise the others say nothing.
    pub(super) fn check(&mut self, result: core::result::Result<(), Broken>) {
        if let Err(Broken(what)) = result {
            self.turn.broken.get_or_insert(what);
        }
    }

    /// Checks that the last command was obeyed.
    pub(super) fn finish_command(&mut self) {
        if !self.turn.is_running() {
            return;
        }
        if let (Some(command), Some(machine)) = (self.turn.command.take(), self.turn.machine) {
            let result = self.promise.obeyed(command, &self.world, &machine);
            self.check(result);
        }
    }
}

impl Host for Simulation {
    type Gate = Gate;
    type Process = ();

    fn now(&self) -> Monotonic {
        self.world.monotonic()
    }

    fn ticks(&self) -> u64 {
        self.world.ticks()
    }

    fn stamp(&mut self) -> Tai64n {
        self.world.wall()
    }

    fn read_policy(&mut self) -> Option<Policy> {
        let has_file = self.world.main != Some(Main::WithoutFile);
        self.world.policy.filter(|_| has_file)
    }

    fn fork(&mut self, launch: Launch) -> Result<Child<Gate>> {
        self.turn.forked = true;
        if self.turn.fork_fails || !self.turn.effect() {
            return Err(Errno::EAGAIN);
        }
        if let Some(machine) = self.turn.machine {
            let result = self.promise.starts(&self.world, &machine);
            self.check(result);
        }
        let process = self.world.new_process();
        self.world.ready = None;
        let result = self.promise.lives.starts(&self.world, process.pid);
        self.check(result);
        Ok(Child {
            pid: process.pid,
            start_time: Some(process.start_time),
            gate: Gate::Service(process, launch.ready_fd.is_some()),
        })
    }

    fn report_fork(&self, _: Errno, _: Duration) {}

    /// A supervise that is killed before this leaves no process.
    fn open_gate(&mut self, gate: Gate) {
        if !self.turn.effect() {
            return;
        }
        match gate {
            Gate::Service(process, can_say_ready) => {
                self.world.services.push(process);
                self.world.killed = false;
                self.world.ready = can_say_ready.then_some(false);
            }
            Gate::Finish(process) => self.world.finish = Some(process),
        }
    }

    fn signal(&mut self, pid: u32, signal: Signal) {
        if self.turn.effect() {
            let result = self.promise.signals(&self.world, pid, signal);
            self.check(result);
            self.world.sent.push(signal);
        }
    }

    fn fork_finish(&mut self, _: FinishArguments) -> Result<Option<Child<Gate>>> {
        self.turn.forked = true;
        if self.turn.fork_fails || !self.turn.effect() {
            return Err(Errno::EAGAIN);
        }
        let result = self.promise.lives.finishes(&self.world);
        self.check(result);
        let process = self.world.new_process();
        Ok(Some(Child {
            pid: process.pid,
            start_time: Some(process.start_time),
            gate: Gate::Finish(process),
        }))
    }

    fn kill(&mut self, pid: u32) {
        if !self.turn.effect() {
            return;
        }
        let service = self.world.services.iter().any(|service| service.pid == pid);
        self.world.killed |= service;
        if service {
            let result = self.promise.lives.kills();
            self.check(result);
        }
        if !service && self.world.finish.is_none_or(|finish| finish.pid != pid) {
            self.check(Err(Broken(format!("{pid} is killed, which is nobody"))));
        }
    }

    fn reap_deadline(&self) -> Option<Monotonic> {
        None
    }

    fn is_ready(&self) -> bool {
        self.world.ready == Some(true)
    }

    fn gives_notice(&self) -> bool {
        true
    }

    fn report(&mut self, _: Option<u32>, _: Report) {}

    fn reap(&mut self) -> Result<Option<(u32, Option<End>)>> {
        if let Some(end) = self.turn.service_ends.take()
            && let Some(process) = self.world.services.pop()
        {
            self.world.killed = false;
            return Ok(Some((process.pid, Some(end))));
        }
        let finish = core::mem::take(&mut self.turn.finish_ends);
        let ended = self.world.finish.take_if(|_| finish);
        Ok(ended.map(|process| (process.pid, Some(End::Exited(0)))))
    }

    fn write_status(&mut self, record: &[u8; STATUS_LEN]) -> Result<()> {
        if self.turn.effect() {
            self.world.space()?;
            self.world.status = Some(*record);
        }
        Ok(())
    }

    fn write_detail(&mut self, detail: &Detail) -> Result<()> {
        if self.turn.effect() {
            self.world.space()?;
            self.world.detail = *detail;
        }
        Ok(())
    }

    fn open_ok(&mut self) -> core::result::Result<(), Fatal> {
        if let (true, Some(decided), Some(machine)) =
            (self.turn.is_running(), self.turn.decided, self.turn.machine)
        {
            let result = self.promise.begun(&self.world, &machine, decided.decision);
            self.check(result);
        }
        Ok(())
    }

    fn maintain_files(&mut self, _: Monotonic, _: bool) -> bool {
        false
    }

    fn files_deadline(&self) -> Option<Monotonic> {
        None
    }

    fn wait(&mut self, _: Option<Monotonic>) -> bool {
        !self.turn.control.is_empty()
    }

    fn read_control(&mut self, block: &mut [u8]) -> usize {
        let bytes = core::mem::take(&mut self.turn.control);
        block[..bytes.len()].copy_from_slice(&bytes);
        bytes.len()
    }

    fn take_sigterm(&mut self) -> bool {
        core::mem::take(&mut self.turn.sigterm)
    }

    fn end_by_sigterm(&mut self) {
        self.turn.ended_by_sigterm = self.turn.is_running();
    }

    fn context(&self) -> AdoptResult<Context> {
        Ok(self.world.context())
    }

    fn read_previous(&self) -> AdoptResult<PreviousFiles> {
        Ok(PreviousFiles {
            status: self
                .world
                .record()
                .map_or(Checked::Missing, Checked::Trusted),
            detail: self.world.detail,
        })
    }

    fn pid_owner(&self, pid: u32) -> Result<(PidOwner, Option<()>)> {
        Ok((self.world.pid_owner(pid), Some(())))
    }

    fn is_written_here(&self, _: &Status, _: &Context) -> Result<bool> {
        Ok(true)
    }

    fn clocks(&self) -> Clocks {
        self.world.clocks()
    }

    fn adopt(&mut self, _: u32, (): ()) {}

    fn on_adoption(&mut self, _: u32, decided: Decided, machine: &Machine) {
        self.turn.machine = Some(*machine);
        self.turn.decided = Some(decided);
        let want = machine.status().want;
        self.promise.expects(&self.world, want);
        let wants = self.promise.wants_at_end();
        if decided.decision == Decision::Unproven {
            // It reports that, and begins as the reference would.
            self.promise.lives.now.push(Life::default());
        }
        self.promise.lives.begins(&self.world, &wants);
    }

    fn on_taken_over(&mut self) {}

    fn on_event(&mut self, event: Event, actions: Actions, machine: &Machine) {
        if !self.turn.is_running() {
            return;
        }
        // A start belongs to the command that asked for it.
        if !matches!(event, Event::Started(..) | Event::NotStarted) {
            self.finish_command();
        }
        self.turn.machine = Some(*machine);
        self.turn.exits |= actions.into_iter().any(|action| action == Action::Exit);
        let lives = &mut self.promise.lives;
        match event {
            Event::Command(command) => lives.commanded(command, self.world.now),
            Event::Ready(_) => lives.ready(self.world.now),
            Event::Ended(_, end) => {
                let wants = self.promise.wants_at_end();
                self.promise.lives.ended(&self.world, end, &wants);
            }
            Event::Time
                if machine.stop.not_ready && lives.now.iter().all(|life| !life.not_ready) =>
            {
                let result = lives.stops(&self.world);
                self.check(result);
            }
            _ => {}
        }
        if let Event::Command(command) = event {
            self.promise.commanded(command, &mut self.world);
            // A supervise that exits is not looked at again.
            self.turn.command = (!self.turn.exits).then_some(command);
        }
    }
}
