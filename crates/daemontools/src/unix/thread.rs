//! Threads that live for some milliseconds, for speed alone: a program does without if the
//! kernel refuses them.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;

use nix::sched::{CloneFlags, sched_getaffinity, sched_getcpu, sched_setaffinity, unshare};
use nix::unistd::Pid;

/// Whether this process has, or has had, more than one thread.
static SEVERAL: AtomicBool = AtomicBool::new(false);

/// Starts a thread. `clippy.toml` refuses all other ways to start one. From now on
/// [`fork`](super::process::fork) fails in this process.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn builder() -> Builder {
    SEVERAL.store(true, Ordering::SeqCst);
    Builder::new()
}

/// Whether this process has, or has had, more than one thread.
#[must_use]
pub fn are_several() -> bool {
    SEVERAL.load(Ordering::SeqCst)
}

/// The number of the processor that this thread runs on.
#[must_use]
pub fn processor() -> Option<usize> {
    sched_getcpu().ok()
}

/// Moves this thread to another processor. Else the kernel may let a new thread wait for
/// the thread that has started it, while other processors are idle.
pub fn leave_processor(number: usize) {
    let this = Pid::from_raw(0);
    if let Ok(mut others) = sched_getaffinity(this)
        && others.unset(number).is_ok()
    {
        // EINVAL if there is no other.
        let _ = sched_setaffinity(this, &others);
    }
}

/// Gives this thread a table of descriptors of its own: then two threads do not wait for
/// each other at each open and close.
pub fn own_descriptors() {
    let _ = unshare(CloneFlags::CLONE_FILES);
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
mod tests {
    use nix::sched::CpuSet;

    use super::*;

    #[test]
    fn a_thread_moves_if_there_is_another_processor() {
        let all = sched_getaffinity(Pid::from_raw(0)).expect("a set");
        let number = (0..CpuSet::count()).filter(|&number| all.is_set(number) == Ok(true));
        let helper = std::thread::spawn(|| {
            let first = processor().expect("a processor");
            leave_processor(first);
            (first, processor().expect("a processor"))
        });
        let (first, then) = helper.join().expect("a thread");
        assert_eq!(first == then, number.count() == 1);
    }
}
