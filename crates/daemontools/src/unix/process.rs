//! Forking, waiting for children, signalling, sessions and groups.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::wait::WaitPidFlag;
use nix::unistd::ForkResult;
pub use nix::unistd::Pid;

use super::signal::Signal;
use super::thread;
use crate::{Errno, Result};

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old process, with the pid of the new one.
    Parent(Pid),
}

/// Forks. This process has one thread, so the child may do whatever the parent may. (A
/// program with threads uses [`std::process::Command`].)
///
/// # Errors
/// Those of `fork(2)`; EDEADLK once this process has had other threads.
pub fn fork() -> Result<Fork> {
    if thread::are_several() {
        return Err(Errno::EDEADLK);
    }
    // SAFETY: no thread has been started, so that there is none whose locks the child
    // could inherit.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Fork::Child),
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
    }
}

/// Forks a child that runs `child` and exits with the code that it returns. Does not wait
/// for the child, not even until its exec, which may hang.
///
/// # Errors
/// As [`fork`].
pub fn spawn(child: impl FnOnce() -> i32) -> Result<Pid> {
    match fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => exit_now(child()),
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with this code.
    Exited(i32),
    /// It was killed by this signal.
    Killed(i32),
}

impl End {
    /// The exit code that a shell reports: 128 and the number of the signal after a kill.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => 128 + signal,
        }
    }

    /// From the status of `waitpid(2)` of a process that has ended.
    pub(super) const fn of(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Killed(libc::WTERMSIG(status))
        } else {
            Self::Exited(libc::WEXITSTATUS(status))
        }
    }
}

/// Reaps the next child that has ended, if there is one: its pid and how it ended. It may
/// be a child that this process did not start but inherited.
///
/// # Errors
/// Those of `waitpid(2)`, but for EINTR, and for having no children.
pub fn reap() -> Result<Option<(Pid, End)>> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one integer.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, WaitPidFlag::WNOHANG.bits()) };
        return match Errno::result(pid) {
            Ok(0) | Err(Errno::ECHILD) => Ok(None),
            Ok(pid) => Ok(Some((Pid::from_raw(pid), End::of(status)))),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// A child that has ended, if any; it stays there to be waited for, and so its pid and
/// its process group are still its own.
///
/// # Errors
/// What `waitid(2)` says, but for EINTR, and for having no children.
pub fn ended_child() -> Result<Option<Pid>> {
    loop {
        // SAFETY: a structure of integers and pointers, for which zeros are a value.
        let mut info: libc::siginfo_t = unsafe { core::mem::zeroed() };
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: the kernel writes one structure, or nothing where no child has ended.
        let result = unsafe { libc::waitid(libc::P_ALL, 0, &raw mut info, flags) };
        return match Errno::result(result) {
            Ok(_) => {
                // SAFETY: what waitid writes is about a child; what it leaves is zero.
                let pid = unsafe { info.si_pid() };
                Ok((pid != 0).then(|| Pid::from_raw(pid)))
            }
            Err(Errno::ECHILD) => Ok(None),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// Sends a signal to each process of the group that `leader` leads.
///
/// # Errors
/// ESRCH if it has none, or `leader` leads none; else what `kill(2)` says.
pub fn kill_group(leader: Pid, signal: Signal) -> Result<()> {
    nix::sys::signal::killpg(leader, signal)
}

/// Whether there is a process of the group that `leader` leads or has led.
#[must_use]
pub fn group_exists(leader: Pid) -> bool {
    nix::sys::signal::killpg(leader, None) != Err(Errno::ESRCH)
}

/// Waits for one child. Gives how it ended.
///
/// # Errors
/// Those of `waitpid(2)`, but for EINTR.
pub fn wait_for(pid: Pid) -> Result<End> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one integer.
        let result = unsafe { libc::waitpid(pid.as_raw(), &raw mut status, 0) };
        return match Errno::result(result) {
            Ok(_) => Ok(End::of(status)),
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// Waits for a child whose end raises no signal. Gives its exit code.
pub(super) fn wait_for_unnoticed(pid: Pid) -> Result<i32> {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes one integer.
        let result = unsafe { libc::waitpid(pid.as_raw(), &raw mut status, libc::__WALL) };
        return match Errno::result(result) {
            Ok(_) => match End::of(status) {
                End::Exited(code) => Ok(code),
                End::Killed(_) => Err(Errno::ECHILD),
            },
            Err(Errno::EINTR) => continue,
            Err(error) => Err(error),
        };
    }
}

/// Makes this process the leader of a new session, and so of a new process group.
///
/// # Errors
/// EPERM if it leads a group already.
pub fn new_session() -> Result<()> {
    nix::unistd::setsid().map(drop)
}

/// Makes this process the leader of a new process group.
///
/// # Errors
/// Those of `setpgid(2)`: EPERM if it leads a session.
pub fn new_group() -> Result<()> {
    nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))
}

/// The pid of the parent of this process; 0 if that is in another pid namespace.
#[must_use]
pub fn parent() -> u32 {
    nix::unistd::getppid().as_raw().unsigned_abs()
}

/// Makes this process the parent of all its descendants whose own parent has ended, as
/// process 1 is. Its children do not inherit this.
///
/// # Errors
/// Those of `prctl(2)`.
pub fn become_subreaper() -> Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// The process group of this process.
#[must_use]
pub fn group() -> Pid {
    nix::unistd::getpgrp()
}

/// Makes the kernel kill this process when its parent ends. An exec'ed program inherits
/// this.
///
/// # Errors
/// Those of `prctl(2)`.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)
}

/// Makes the kernel kill the program that `command` starts when the thread that starts it
/// ends.
pub fn end_with_parent(command: &mut Command) -> &mut Command {
    let ask = || die_with_parent().map_err(std::io::Error::from);
    // SAFETY: the closure makes one system call; it takes no lock and no memory, so
    // that it may run in a child of a process with other threads.
    unsafe { command.pre_exec(ask) }
}

/// Makes the program that `command` starts the leader of a new session, and so of a new
/// process group.
pub fn lead_session(command: &mut Command) -> &mut Command {
    let ask = || new_session().map_err(std::io::Error::from);
    // SAFETY: the closure makes one system call; it takes no lock and no memory, so
    // that it may run in a child of a process with other threads.
    unsafe { command.pre_exec(ask) }
}

/// Sends a signal to one process.
///
/// # Errors
/// Those of `kill(2)`.
pub fn kill(pid: Pid, signal: Signal) -> Result<()> {
    nix::sys::signal::kill(pid, signal)
}

/// Whether there is a process with this pid, also a zombie. Needs no descriptor.
#[must_use]
pub fn exists(pid: Pid) -> bool {
    nix::sys::signal::kill(pid, None) != Err(Errno::ESRCH)
}

/// Exits at once, without the exit handlers that this process or its parent before the
/// fork has registered.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_its_own_memory() {
        let mut here = 0;
        let pid = spawn(|| {
            here = 7;
            here
        })
        .expect("a child");
        assert_eq!(wait_for(pid), Ok(End::Exited(7)));
        assert_eq!(here, 0);
    }
}
