//! Processes: made, waited for, signalled.

use core::ffi::{c_int, c_void};

use nix::sys::wait::WaitPidFlag;
use nix::unistd::ForkResult;
pub use nix::unistd::Pid;

use super::signal::Signal;
use crate::{Errno, Result};

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, with the pid of the new.
    Parent(Pid),
}

/// Makes a child. The programs of the suite have one thread, so the child may do
/// whatever the parent might.
///
/// # Errors
/// What `fork(2)` says.
pub fn fork() -> Result<Fork> {
    // SAFETY: there are no other threads whose locks the child could inherit.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Fork::Child),
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
    }
}

/// Makes a child that runs `child`, which gives its exit code should it return, and does
/// not wait for it: whatever it execs may hang for as long as it likes. It is a copy of
/// this process; what it changes is not changed here.
///
/// # Errors
/// What `fork(2)` says.
pub fn spawn(child: impl FnOnce() -> i32) -> Result<Pid> {
    match fork()? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => exit_now(child()),
    }
}

/// How far below what it shares the child of [`spawn_shared`] has its stack: room for the
/// rest of that function's own frame, which holds little else, and for what the C
/// library's `clone` itself may put there.
const ASIDE: usize = 4096;
/// What is shared may be so large.
const SHARED_MAX: usize = 256;

/// Makes a child that runs `child` in this process's own memory, and waits until it
/// has exec'ed or ended: nothing is copied, and what `child` changes is changed here.
/// `child` gets its pid and gives its exit code, should it have to end.
///
/// Its descriptors, signals and working directory are its own. Whoever kills this
/// process meanwhile does not disturb it.
///
/// # Errors
/// What `clone(2)` says.
// A frame of its own, so that nothing of a caller's lies below what is shared.
#[inline(never)]
pub fn spawn_shared<F: FnMut(Pid) -> i32>(child: F) -> Result<Pid> {
    // The pid first: the kernel writes it there before the child runs.
    #[repr(C)]
    struct Shared<F> {
        pid: libc::pid_t,
        child: F,
    }
    extern "C" fn enter<F: FnMut(Pid) -> i32>(shared: *mut c_void) -> c_int {
        // SAFETY: this is what `spawn_shared` passed; it waits and touches nothing.
        let shared = unsafe { &mut *shared.cast::<Shared<F>>() };
        (shared.child)(Pid::from_raw(shared.pid))
    }
    const { assert!(size_of::<Shared<F>>() <= SHARED_MAX, "a small frame") };
    let mut shared = Shared { pid: 0, child };
    let shared = &raw mut shared;
    // The stack below this frame is nobody's while this process waits.
    let stack = shared.cast::<u8>().wrapping_sub(ASIDE);
    let stack = stack.map_addr(|address| address & !15);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT_SETTID | libc::SIGCHLD;
    // SAFETY: stacks grow downwards, and the only frames that reach below `shared` are
    // this function's, never inlined and small, and `clone`'s: the child's stays below
    // both. With CLONE_VFORK nothing else runs in this memory until the child has left it.
    let pid = unsafe {
        libc::clone(
            enter::<F>,
            stack.cast(),
            flags,
            shared.cast(),
            shared.cast::<libc::pid_t>(),
        )
    };
    Errno::result(pid).map(Pid::from_raw)
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal.
    Killed(i32),
}

impl End {
    /// What a status of `waitpid(2)` says of a process that has ended.
    const fn of(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Killed(libc::WTERMSIG(status))
        } else {
            Self::Exited(libc::WEXITSTATUS(status))
        }
    }
}

/// The next child that has ended, if any: its pid and how it ended. Also children
/// that this process did not make but inherited.
///
/// # Errors
/// What `waitpid(2)` says, but for EINTR, and for having no children.
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

/// Waits for one child and says how it ended.
///
/// # Errors
/// What `waitpid(2)` says, but for EINTR.
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

/// Makes this process the leader of a new session, and so of a new process group.
///
/// # Errors
/// EPERM for one that leads a group already.
pub fn new_session() -> Result<()> {
    nix::unistd::setsid().map(drop)
}

/// Makes this process the leader of a new process group.
///
/// # Errors
/// What `setpgid(2)` says: EPERM for one that leads a session.
pub fn new_group() -> Result<()> {
    nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))
}

/// Has the kernel kill this process when its parent ends: for a helper that must not
/// be left behind. Exec'ed programs keep it.
///
/// # Errors
/// What `prctl(2)` says.
pub fn die_with_parent() -> Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)
}

/// Sends a signal to one process.
///
/// # Errors
/// What `kill(2)` says.
pub fn kill(pid: Pid, signal: Signal) -> Result<()> {
    nix::sys::signal::kill(pid, signal)
}

/// Whether there is a process with this pid, be it one that has ended and was not waited
/// for. Takes no descriptor.
#[must_use]
pub fn exists(pid: Pid) -> bool {
    nix::sys::signal::kill(pid, None) != Err(Errno::ESRCH)
}

/// Ends this process at once: for a child that could not exec, which must not run
/// what its parent has registered for its own end.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_changes_is_changed_here_and_its_pid_is_known_to_both() {
        let (mut seen, mut own) = (None, None);
        let pid = spawn_shared(|pid| {
            seen = Some(pid);
            own = Some(nix::unistd::getpid());
            7
        })
        .expect("a child");
        assert_eq!((seen, own), (Some(pid), Some(pid)));
        assert_eq!(wait_for(pid), Ok(End::Exited(7)));
    }

    #[test]
    fn a_child_with_a_deep_stack_leaves_ours_alone() {
        let before: [u8; 64] = core::array::from_fn(|index| index.to_le_bytes()[0]);
        let mut sum = 0;
        let pid = spawn_shared(|_| {
            let deep = core::hint::black_box([1_u8; 16 << 10]);
            sum = deep.iter().map(|&byte| usize::from(byte)).sum();
            0
        });
        assert_eq!(wait_for(pid.expect("a child")), Ok(End::Exited(0)));
        assert_eq!(sum, 16 << 10);
        assert!(before.iter().zip(0..).all(|(&byte, index)| byte == index));
    }
}
