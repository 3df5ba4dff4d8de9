//! Supervises that were taken over. They are no children of this svscan, so no signal tells
//! of their ends: a pidfd of each does, all behind one descriptor, [`ExitWatch`]. Without it each
//! scan looks which of them still run, which is when the reference looks.

use daemontools::procfs::{self, Process};
use daemontools::unix::exit_watch::ExitWatch;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::{pidfd, poll};
use daemontools::{Errno, Result};
use std::os::fd::{AsFd, OwnedFd};

/// The supervises that were taken over and have not ended.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    processes: Vec<Process>,
}

impl Adopted {
    /// Whether this process was taken over.
    pub(crate) fn has(&self, pid: u32) -> bool {
        self.processes.iter().any(|known| known.pid == pid)
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// Adds a process and, with `exits`, has its end told. `is_right` is called once the
    /// pidfd is open: what it finds out by the pid is about that very process.
    ///
    /// # Errors
    /// ESRCH if there is no such process or it is not the right one; ENOMEM; those of
    /// `pidfd_open(2)`, of reading `/proc` and of `is_right`.
    pub(crate) fn add(
        &mut self,
        pid: u32,
        exits: &mut Option<ExitWatch>,
        is_right: impl FnOnce() -> Result<bool>,
    ) -> Result<()> {
        let process = open(pid)?;
        let known = procfs::process(pid)?;
        if !is_right()? || poll::has_input(process.as_fd()) {
            return Err(Errno::ESRCH);
        }
        self.processes.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        if self.processes.is_empty() && exits.is_none() {
            *exits = ExitWatch::new().ok();
        }
        if let Some(watch) = exits
            && watch.add(pid, process).is_err()
        {
            *exits = None;
        }
        self.processes.push(known);
        Ok(())
    }

    /// A new [`ExitWatch`] that tells of all of them.
    ///
    /// # Errors
    /// Those of `epoll_create1(2)`, `pidfd_open(2)` and reading `/proc`; ESRCH if one has
    /// ended.
    pub(crate) fn watch_all(&self) -> Result<ExitWatch> {
        let mut exits = ExitWatch::new()?;
        for known in &self.processes {
            let process = open(known.pid)?;
            if !procfs::process(known.pid)?.is(known) {
                return Err(Errno::ESRCH);
            }
            exits.add(known.pid, process)?;
        }
        Ok(exits)
    }

    /// Removes those whose ends were told, and calls `each` with their pids.
    pub(crate) fn take_ended(&mut self, exits: &mut ExitWatch, mut each: impl FnMut(u32)) {
        exits.take(|pid| {
            self.processes.retain(|known| known.pid != pid);
            each(pid);
        });
    }

    /// Removes those that run no more, and calls `each` with their pids.
    pub(crate) fn look_for_ended(&mut self, mut each: impl FnMut(u32)) {
        self.processes.retain(|known| {
            // The first call takes no descriptor; the second tells a later process with the
            // same pid apart.
            let runs = process::exists(Pid::from_raw(known.pid.cast_signed()))
                && match procfs::process(known.pid) {
                    Ok(now) => now.is(known) && !now.has_ended(),
                    Err(error) => !matches!(error, Errno::ENOENT | Errno::ESRCH),
                };
            if !runs {
                each(known.pid);
            }
            runs
        });
    }
}

fn open(pid: u32) -> Result<OwnedFd> {
    let number = i32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    pidfd::open(Pid::from_raw(number))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::zombie_processes)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn child() -> Child {
        let mut cat = Command::new("cat");
        cat.stdin(Stdio::piped()).spawn().unwrap()
    }

    /// The pids of those that have ended.
    fn ended(adopted: &mut Adopted, exits: &mut Option<ExitWatch>) -> Vec<u32> {
        let mut pids = Vec::new();
        match exits {
            Some(exits) => adopted.take_ended(exits, |pid| pids.push(pid)),
            None => adopted.look_for_ended(|pid| pids.push(pid)),
        }
        pids
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn end_is_told_once_with_and_without_descriptors() {
        for with_descriptors in [false, true] {
            let (mut adopted, mut exits) = (Adopted::default(), None);
            let child = child();
            let pid = child.id();
            let wrong = adopted.add(pid, &mut exits, || Ok(false));
            assert_eq!(wrong, Err(Errno::ESRCH));
            let unknown = adopted.add(pid, &mut exits, || Err(Errno::EIO));
            assert_eq!(unknown, Err(Errno::EIO));
            adopted.add(pid, &mut exits, || Ok(true)).unwrap();
            assert!(adopted.has(pid));
            if !with_descriptors {
                exits = None;
            }
            assert_eq!(ended(&mut adopted, &mut exits), []);
            end(child);
            assert_eq!(ended(&mut adopted, &mut exits), [pid]);
            assert_eq!(ended(&mut adopted, &mut exits), []);
            assert!(!adopted.has(pid));
            let gone = adopted.add(pid, &mut exits, || Ok(true));
            assert_eq!(gone, Err(Errno::ESRCH));
        }
    }

    #[test]
    fn pidfds_that_were_given_up_are_opened_again() {
        let (mut adopted, mut exits) = (Adopted::default(), None);
        let (first, second) = (child(), child());
        for child in [&first, &second] {
            adopted.add(child.id(), &mut exits, || Ok(true)).unwrap();
        }
        drop(exits);
        let mut exits = Some(adopted.watch_all().unwrap());
        let pid = first.id();
        end(first);
        assert_eq!(ended(&mut adopted, &mut exits), [pid]);
        let pid = second.id();
        end(second);
        // A process that has ended is first to be looked for.
        assert_eq!(adopted.watch_all().err(), Some(Errno::ESRCH));
        assert_eq!(ended(&mut adopted, &mut exits), [pid]);
        assert!(adopted.is_empty());
    }
}
