//! One turn of the loop: what happens in it, and when supervise is killed.

use daemontools::command::Command;

use crate::machine::Machine;
use crate::previous::Decided;

/// What belongs to one turn of the loop. Nothing of it is part of a state.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    /// Bytes in the control FIFO.
    pub(super) control: Vec<u8>,
    /// The service ends.
    pub(super) service_ends: bool,
    /// TERM comes.
    pub(super) sigterm: bool,
    /// A fork fails.
    pub(super) fork_fails: bool,
    /// A fork was asked for.
    pub(super) forked: bool,
    /// supervise is killed before it has this effect.
    kill_before: Option<u32>,
    /// How many effects it has had.
    pub(super) effects: u32,
    /// It was killed.
    pub(super) killed: bool,
    /// It has ended by TERM.
    pub(super) ended_by_sigterm: bool,
    /// It has decided to exit.
    pub(super) exits: bool,
    /// The state after the last decision.
    pub(super) machine: Option<Machine>,
    /// What was decided about an earlier supervise.
    pub(super) decided: Option<Decided>,
    /// The command that is being obeyed.
    pub(super) command: Option<Command>,
    /// The promise that was broken.
    pub(super) broken: Option<String>,
}

impl Turn {
    /// A turn in which supervise is killed before it has that many effects.
    pub(super) fn new(kill_before: Option<u32>) -> Self {
        Self {
            kill_before,
            ..Self::default()
        }
    }

    /// Whether supervise still runs.
    pub(super) const fn is_running(&self) -> bool {
        !self.killed && !self.ended_by_sigterm
    }

    /// To be asked before each effect: whether supervise has it.
    pub(super) fn effect(&mut self) -> bool {
        if self.is_running() {
            self.killed = self.kill_before == Some(self.effects);
            self.effects += 1;
        }
        self.is_running()
    }
}
