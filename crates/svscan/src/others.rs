//! Supervises that were taken over: no children of ours, so that no signal tells of
//! their ends. A pidfd of each does, all behind one descriptor. Where descriptors are
//! short these are given up, for the pipes of services need them; then it is looked
//! every five seconds who still runs, which is when the reference looks.

use std::os::fd::{AsFd, BorrowedFd};

use daemontools::procfs::{self, Process};
use daemontools::unix::exit_watch::ExitWatch;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::{pidfd, poll};
use daemontools::{Errno, Result};

/// The supervises that were taken over.
#[derive(Debug)]
pub(crate) struct Others {
    /// What tells of their ends; none where that can't be had.
    ends: Option<ExitWatch>,
    all: Vec<Process>,
}

impl Others {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            ends: ExitWatch::new().ok(),
            all: Vec::new(),
        }
    }

    /// What can be read when one has ended.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.ends.as_ref().map(AsFd::as_fd)
    }

    /// Whether this process was taken over and its end was not told yet.
    pub(crate) fn has(&self, pid: u32) -> bool {
        self.all.iter().any(|known| known.pid == pid)
    }

    /// Notes a process, to tell its end. `is_right` is asked once nothing can put another
    /// process in its place: what it learns by the pid is about the process that is noted.
    ///
    /// # Errors
    /// ESRCH if there is no such process or it is not the right one; ENOMEM; what
    /// `pidfd_open(2)`, looking in `/proc` and `is_right` say.
    pub(crate) fn add(&mut self, pid: u32, is_right: impl FnOnce() -> Result<bool>) -> Result<()> {
        let number = i32::try_from(pid).map_err(|_| Errno::ESRCH)?;
        let process = pidfd::open(Pid::from_raw(number))?;
        let known = procfs::process(pid)?;
        if !is_right()? || poll::has_input(process.as_fd()) {
            return Err(Errno::ESRCH);
        }
        self.all.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        if let Some(ends) = &mut self.ends
            && ends.add(pid, process).is_err()
        {
            self.ends = None;
        }
        self.all.push(known);
        Ok(())
    }

    /// Gives up the descriptors of all; says whether there were any.
    pub(crate) fn release(&mut self) -> bool {
        self.ends.take().is_some()
    }

    /// Takes in the ends that were told.
    pub(crate) fn take(&mut self, mut each: impl FnMut(u32)) {
        let all = &mut self.all;
        if let Some(ends) = &mut self.ends {
            ends.take(|pid| {
                all.retain(|known| known.pid != pid);
                each(pid);
            });
        }
    }

    /// Looks who has ended, where nothing tells it.
    pub(crate) fn look(&mut self, mut each: impl FnMut(u32)) {
        if self.ends.is_some() {
            return;
        }
        self.all.retain(|known| {
            // The first takes no descriptor; by the second it is known from a later process.
            let lives = process::exists(Pid::from_raw(known.pid.cast_signed()))
                && match procfs::process(known.pid) {
                    Ok(now) => now.is(known) && !now.has_ended(),
                    Err(error) => !matches!(error, Errno::ENOENT | Errno::ESRCH),
                };
            if !lives {
                each(known.pid);
            }
            lives
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::zombie_processes)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_once_with_and_without_descriptors() {
        for frugal in [false, true] {
            let mut others = Others::new();
            let mut child = std::process::Command::new("cat")
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let pid = child.id();
            assert_eq!(others.add(pid, || Ok(false)), Err(Errno::ESRCH));
            assert_eq!(others.add(pid, || Err(Errno::EIO)), Err(Errno::EIO));
            others.add(pid, || Ok(true)).unwrap();
            assert!(others.has(pid));
            assert_eq!(frugal && others.release(), frugal);
            let mut told = Vec::new();
            others.take(|pid| told.push(pid));
            others.look(|pid| told.push(pid));
            assert_eq!(told, []);
            drop(child.stdin.take());
            child.wait().unwrap();
            for _ in 0..2 {
                others.take(|pid| told.push(pid));
                others.look(|pid| told.push(pid));
            }
            assert_eq!(told, [pid]);
            assert!(!others.has(pid));
            assert_eq!(others.add(pid, || Ok(true)), Err(Errno::ESRCH));
        }
    }
}
