//! Which processes of a table belong to a service: its main process, their
//! descendants, and all processes in a process group or session that one of them leads.
//! No I/O.
//!
//! A group or session counts only if its leader has been seen among the service's
//! processes. So the group of supervise, in which services stay unless they make their
//! own, does not count.

use std::collections::{HashMap, HashSet};

use crate::procfs::Process;

/// The known processes of one service.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// By pid, as of the last table.
    members: HashMap<u32, Process>,
    /// The groups and sessions that members lead.
    groups: HashSet<u32>,
    /// Pids that are never members.
    excluded: HashSet<u32>,
}

impl Members {
    /// No members; `excluded` never become members.
    pub(crate) fn without(excluded: impl IntoIterator<Item = u32>) -> Self {
        Self {
            excluded: excluded.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Adds a process that is known to belong to the service.
    pub(crate) fn add(&mut self, process: Process) {
        if process.pid == process.group || process.pid == process.session {
            self.groups.insert(process.pid);
        }
        self.members.insert(process.pid, process);
    }

    /// Takes a new table: removes members that have ended, adds the processes that
    /// belong to the others, and gives those that were added.
    pub(crate) fn update(&mut self, table: &[Process]) -> Vec<Process> {
        let now: HashMap<u32, Process> = table.iter().map(|now| (now.pid, *now)).collect();
        let before = std::mem::take(&mut self.members);
        let living: Vec<Process> = before
            .values()
            .filter_map(|member| now.get(&member.pid).filter(|now| now.is(member)))
            .copied()
            .collect();
        // The kernel does not reuse the number of a group or session that has a process.
        self.groups
            .retain(|id| living.iter().any(|p| p.group == *id || p.session == *id));
        for member in living {
            self.add(member);
        }
        let mut found = Vec::new();
        loop {
            let count = found.len();
            for process in table {
                if self.is_new(process) {
                    self.add(*process);
                    found.push(*process);
                }
            }
            if found.len() == count {
                return found;
            }
        }
    }

    /// Whether a process belongs to the service and is no member yet.
    fn is_new(&self, process: &Process) -> bool {
        let parent = self.members.get(&process.parent);
        let is_child = parent.is_some_and(|parent| parent.start_time <= process.start_time);
        (is_child || self.groups.contains(&process.group) || self.groups.contains(&process.session))
            && !self.members.contains_key(&process.pid)
            && !self.excluded.contains(&process.pid)
    }
}

#[cfg(test)]
mod tests;
