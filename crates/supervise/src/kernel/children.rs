//! The ends of children. A child may lead a session of its own, and then also its process
//! group is killed.

use daemontools::Result;
use daemontools::unix::process::{self, End, Pid};
use daemontools::unix::signal::Signal;

/// The children that supervise waits for.
#[derive(Debug, Default)]
pub(super) struct Children {
    leader: Option<Leader>,
}

/// A child that leads a session of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leader {
    pub(super) pid: u32,
    /// What is left of its group when it has ended is killed.
    pub(super) kills_rest: bool,
}

impl Children {
    /// A child was started.
    pub(super) const fn note_start(&mut self, leader: Option<Leader>) {
        self.leader = leader;
    }

    /// The next child that has ended. Before the leader of a session is waited for, its
    /// pid is surely still its own, and so is its group.
    pub(super) fn reap(&mut self) -> Result<Option<(Pid, End)>> {
        let Some(leader) = self.leader.filter(|leader| leader.kills_rest) else {
            return process::reap();
        };
        let Some(pid) = process::ended_child()? else {
            return Ok(None);
        };
        if pid.as_raw().unsigned_abs() == leader.pid {
            let _ = process::kill_group(pid, Signal::SIGKILL);
            self.leader = None;
        }
        process::wait_for(pid).map(|end| Some((pid, end)))
    }

    /// Kills the group of a child that was not waited for, if the child leads one. It may
    /// not lead it yet.
    pub(super) fn kill_group(&self, pid: u32) {
        let leads = self.leader.is_some_and(|leader| leader.pid == pid);
        if let Some(pid) = i32::try_from(pid).ok().filter(|_| leads) {
            let _ = process::kill_group(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}
