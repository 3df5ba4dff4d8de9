//! The ends of many processes that are not our children, behind one descriptor that
//! a `poll` can wait for: to hand thousands of pidfds to every `poll` would cost as
//! many looks at each wake-up.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::{Errno, Result};

/// How many ends are taken in at once.
const BATCH: usize = 64;

/// The processes that are watched.
#[derive(Debug)]
pub struct Ends {
    epoll: Epoll,
    watched: Vec<(u32, OwnedFd)>,
}

impl AsFd for Ends {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl Ends {
    /// None yet.
    ///
    /// # Errors
    /// What `epoll_create1(2)` says.
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            watched: Vec::new(),
        })
    }

    /// Watches a process for as long as it lives, through its pidfd.
    ///
    /// # Errors
    /// ENOMEM; what `epoll_ctl(2)` says: ENOSPC where the user watches too many.
    pub fn watch(&mut self, pid: u32, process: OwnedFd) -> Result<()> {
        self.watched.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, u64::from(pid));
        self.epoll.add(&process, event)?;
        self.watched.push((pid, process));
        Ok(())
    }

    /// Takes in what has ended, and watches it no more.
    pub fn take(&mut self, mut each: impl FnMut(u32)) {
        loop {
            let mut events = [EpollEvent::empty(); BATCH];
            let count = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            };
            for event in &events[..count] {
                let is_it = |watched: &(u32, OwnedFd)| u64::from(watched.0) == event.data();
                if let Some(place) = self.watched.iter().position(is_it) {
                    let (pid, process) = self.watched.swap_remove(place);
                    let _ = self.epoll.delete(process);
                    each(pid);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::zombie_processes)]
mod tests {
    use super::*;
    use crate::unix::process::Pid;
    use crate::unix::{pidfd, poll};

    #[test]
    fn the_end_of_a_process_is_told_once() {
        let mut ends = Ends::new().unwrap();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        ends.watch(child.id(), pidfd::open(pid).unwrap()).unwrap();
        let mut told = Vec::new();
        ends.take(|pid| told.push(pid));
        assert_eq!(told, []);
        drop(child.stdin.take());
        poll::wait(ends.as_fd(), poll::Direction::Read).unwrap();
        ends.take(|pid| told.push(pid));
        ends.take(|pid| told.push(pid));
        assert_eq!(told, [child.id()]);
        child.wait().unwrap();
    }
}
