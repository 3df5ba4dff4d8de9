//! Which processes are a service's, by a table of all: its main process, everything
//! that descends from one of them, and everything in a process group or a session
//! that one of them has made. No I/O.
//!
//! A group or a session counts only while its maker is seen to be the service's: the
//! group of supervise itself, which services share unless they leave it, is never
//! taken for theirs.

use std::collections::{HashMap, HashSet};

use daemontools::procfs::Process;

/// The processes of one service, as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct Family {
    /// By pid, as they were when they were last looked at.
    members: HashMap<u32, Process>,
    /// Pids that are groups or sessions of the service's own.
    own: HashSet<u32>,
    /// Pids that are never taken in.
    spared: HashSet<u32>,
}

impl Family {
    /// A family without members that never takes in `spared`.
    pub(crate) fn sparing(spared: impl IntoIterator<Item = u32>) -> Self {
        Self {
            spared: spared.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Takes in a process that is known to be the service's.
    pub(crate) fn add(&mut self, process: Process) {
        if process.pid == process.group || process.pid == process.session {
            self.own.insert(process.pid);
        }
        self.members.insert(process.pid, process);
    }

    /// Looks at the table again: forgets who has ended, takes in whoever belongs to
    /// the rest, and gives those.
    pub(crate) fn grow(&mut self, table: &[Process]) -> Vec<Process> {
        let now: HashMap<u32, Process> = table.iter().map(|now| (now.pid, *now)).collect();
        let before = std::mem::take(&mut self.members);
        let living: Vec<Process> = before
            .values()
            .filter_map(|member| now.get(&member.pid).filter(|now| now.is(member)))
            .copied()
            .collect();
        // While one of them is still in it, it is the same group: its number can't
        // have been given to another.
        self.own
            .retain(|id| living.iter().any(|p| p.group == *id || p.session == *id));
        for member in living {
            self.add(member);
        }
        let mut found = Vec::new();
        loop {
            let count = found.len();
            for process in table {
                if self.is_missing(process) {
                    self.add(*process);
                    found.push(*process);
                }
            }
            if found.len() == count {
                return found;
            }
        }
    }

    /// Whether a process belongs to the family and is not yet known.
    fn is_missing(&self, process: &Process) -> bool {
        let parent = self.members.get(&process.parent);
        let is_child = parent.is_some_and(|parent| parent.start_time <= process.start_time);
        (is_child || self.own.contains(&process.group) || self.own.contains(&process.session))
            && !self.members.contains_key(&process.pid)
            && !self.spared.contains(&process.pid)
    }
}

#[cfg(test)]
mod tests;
