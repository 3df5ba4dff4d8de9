//! Waiting for the exits of many processes that are not children, with one descriptor
//! for `poll(2)`. Thousands of pidfds in every `poll` would cost a look at each of them
//! at every wake-up.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::{Errno, Result};

/// How many exits are read at once.
const BATCH: usize = 64;

/// Processes whose exits are waited for.
#[derive(Debug)]
pub struct ExitWatch {
    epoll: Epoll,
    watched: Vec<(u32, OwnedFd)>,
}

impl AsFd for ExitWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl ExitWatch {
    /// Without processes.
    ///
    /// # Errors
    /// Those of `epoll_create1(2)`.
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            watched: Vec::new(),
        })
    }

    /// Waits for the exit of `pid` too, whose pidfd is `process`.
    ///
    /// # Errors
    /// ENOMEM, and those of `epoll_ctl(2)`: ENOSPC if this user watches too many.
    pub fn add(&mut self, pid: u32, process: OwnedFd) -> Result<()> {
        self.watched.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, u64::from(pid));
        self.epoll.add(&process, event)?;
        self.watched.push((pid, process));
        Ok(())
    }

    /// Calls `each` with the pid of every process that has exited since the last call.
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
    fn tells_the_exit_of_a_process_once() {
        let mut watch = ExitWatch::new().unwrap();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        watch.add(child.id(), pidfd::open(pid).unwrap()).unwrap();
        let mut seen = Vec::new();
        watch.take(|pid| seen.push(pid));
        assert_eq!(seen, []);
        drop(child.stdin.take());
        poll::wait(watch.as_fd(), poll::Direction::Read).unwrap();
        watch.take(|pid| seen.push(pid));
        watch.take(|pid| seen.push(pid));
        assert_eq!(seen, [child.id()]);
        child.wait().unwrap();
    }
}
