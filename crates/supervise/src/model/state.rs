//! A state, and what follows from a step.

use daemontools::command::TAKEN_OVER;
use daemontools::servicedir::policy::Policy;

use super::promise::by_down_file;
use super::simulation::Simulation;
use super::step::Step;
use super::world::Main;
use crate::adopt::adopt;
use crate::supervisor::Supervisor;

/// One state.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "cloned for each transition: a box costs more"
)]
pub(super) enum State {
    /// A supervise waits for an event.
    Supervised(Supervisor<Simulation>),
    Unsupervised(Simulation),
}

use State::{Supervised, Unsupervised};

impl State {
    pub(super) fn new(normally_down: bool, policy: Option<Policy>) -> Self {
        let mut simulation = Simulation::new(normally_down);
        simulation.world.policy = policy;
        Unsupervised(simulation)
    }

    /// A main service.
    pub(super) fn of_main(normally_down: bool, policy: Policy, main: Main) -> Self {
        let mut state = Self::new(normally_down, Some(policy));
        state.simulation_mut().world.main = Some(main);
        state
    }

    pub(super) const fn simulation(&self) -> &Simulation {
        match self {
            Supervised(supervisor) => &supervisor.host,
            Unsupervised(simulation) => simulation,
        }
    }

    /// The supervise that waits.
    pub(super) const fn supervisor(&self) -> Option<&Supervisor<Simulation>> {
        match self {
            Supervised(supervisor) => Some(supervisor),
            Unsupervised(_) => None,
        }
    }

    const fn simulation_mut(&mut self) -> &mut Simulation {
        match self {
            Supervised(supervisor) => &mut supervisor.host,
            Unsupervised(simulation) => simulation,
        }
    }

    fn into_simulation(self) -> Simulation {
        match self {
            Supervised(supervisor) => supervisor.host,
            Unsupervised(simulation) => simulation,
        }
    }

    /// The state after a step. With `kill_before`, supervise is killed before it has that
    /// many effects. `None` where nothing is promised of what follows.
    ///
    /// # Errors
    /// The promise that was broken.
    pub(super) fn after(
        &self,
        step: Step,
        kill_before: Option<u32>,
    ) -> Result<Option<Self>, String> {
        let mut next = self.clone();
        next.simulation_mut().begin_turn(kill_before);
        let next = next.go(step);
        let turn = &next.simulation().turn;
        if let Some(what) = &turn.broken {
            return Err(what.clone());
        }
        if !turn.killed {
            return Ok(Some(next));
        }
        let mut simulation = next.into_simulation();
        let (world, promise) = (&simulation.world, &mut simulation.promise);
        promise.lives.killed(world, kill_before.is_some());
        if world.full || promise.untrue {
            return Ok(None);
        }
        if simulation.turn.exits {
            promise.may_have_exited(world);
        }
        // It was killed before it noted that, or after.
        if matches!(step, Step::Terminate | Step::Svscan) {
            promise.may_begin_anew(world);
        }
        Ok(Some(Unsupervised(simulation)))
    }

    fn go(self, step: Step) -> Self {
        match self {
            Supervised(supervisor) => supervised(supervisor, step),
            Unsupervised(simulation) => unsupervised(simulation, step),
        }
    }
}

/// A step while a supervise waits.
fn supervised(mut supervisor: Supervisor<Simulation>, step: Step) -> State {
    let Simulation {
        world,
        promise,
        turn,
    } = &mut supervisor.host;
    match step {
        Step::Wake {
            ends,
            commands,
            fork_fails,
        } => {
            turn.service_ends = ends;
            turn.control = commands.into_iter().flatten().collect();
            turn.fork_fails = fork_fails;
        }
        Step::Time => world.pass(),
        Step::Ready => world.ready = Some(true),
        Step::FinishEnds => turn.finish_ends = true,
        Step::Terminate => turn.sigterm = true,
        Step::Svscan => {
            world.svscan = world.ticks();
            turn.control = vec![TAKEN_OVER];
        }
        Step::Disk => {
            world.full = !world.full;
            return Supervised(supervisor);
        }
        Step::Reboot => {
            world.reboot();
            promise.forget();
            turn.killed = true;
            return Supervised(supervisor);
        }
        Step::Kill => {
            turn.killed = true;
            return Supervised(supervisor);
        }
        Step::Begin { .. } | Step::End | Step::ReusePid | Step::Original { .. } => {
            unreachable!("{step:?} is for a world without supervise")
        }
    }
    supervisor.turn();
    rest(supervisor)
}

/// The end of a turn: supervise is about to wait, or it has exited or ended.
fn rest(mut supervisor: Supervisor<Simulation>) -> State {
    supervisor.host.finish_command();
    if supervisor.exited {
        // It may still be killed before it exits.
        supervisor.host.turn.effect();
    }
    if supervisor.host.turn.ended_by_sigterm {
        let mut simulation = supervisor.host;
        simulation.promise.begins_anew(&simulation.world);
        return Unsupervised(simulation);
    }
    if supervisor.host.turn.is_running() {
        let Supervisor {
            host,
            machine,
            deadline,
            exited,
            ..
        } = &mut supervisor;
        let result = host
            .promise
            .at_rest(&host.world, machine, *deadline, *exited);
        host.check(result);
    }
    if supervisor.exited || !supervisor.host.turn.is_running() {
        return Unsupervised(supervisor.host);
    }
    Supervised(supervisor)
}

/// A step while there is no supervise.
fn unsupervised(mut simulation: Simulation, step: Step) -> State {
    let Simulation {
        world,
        promise,
        turn,
    } = &mut simulation;
    match step {
        Step::Begin { fork_fails } => {
            turn.fork_fails = fork_fails;
            promise.before_begin(world);
            let want = by_down_file(world);
            let is_main = world.main.is_some();
            let initial =
                adopt(&mut simulation, want, is_main).expect("the simulation has no errors");
            let supervisor = Supervisor::begin(simulation, initial).expect("ok opens");
            return rest(supervisor);
        }
        Step::Time => world.pass(),
        Step::Ready => world.ready = Some(true),
        Step::FinishEnds => world.finish = None,
        Step::Svscan => {
            world.svscan = world.ticks();
            promise.begins_anew(world);
        }
        Step::End => {
            world.services.clear();
            world.killed = false;
            promise.service_ended(world);
        }
        Step::ReusePid => world.reuse_pid(),
        Step::Disk => world.full = !world.full,
        Step::Reboot => {
            world.reboot();
            promise.forget();
            turn.killed = true;
        }
        Step::Original { want } => {
            world.original(want);
            promise.forget();
            promise.original = true;
        }
        Step::Wake { .. } | Step::Kill | Step::Terminate => {
            unreachable!("{step:?} is for a world with supervise")
        }
    }
    Unsupervised(simulation)
}
