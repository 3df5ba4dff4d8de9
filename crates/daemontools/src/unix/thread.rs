//! A thread that helps for some milliseconds: what a program does for speed alone, and
//! does without where the kernel does not let it.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;

use nix::sched::{CloneFlags, sched_getaffinity, sched_getcpu, sched_setaffinity, unshare};
use nix::unistd::Pid;

/// Whether there may be other threads than the first.
static SEVERAL: AtomicBool = AtomicBool::new(false);

/// What starts a thread. All threads of the suite's programs are started by it:
/// `clippy.toml` refuses the other ways. From now on the process does not fork.
#[allow(clippy::disallowed_methods, reason = "this is the one place")]
pub fn builder() -> Builder {
    SEVERAL.store(true, Ordering::SeqCst);
    Builder::new()
}

/// Whether there may be other threads than the first, or have been.
#[must_use]
pub fn are_several() -> bool {
    SEVERAL.load(Ordering::SeqCst)
}

/// The processor that this thread runs on now.
#[must_use]
pub fn processor() -> Option<usize> {
    sched_getcpu().ok()
}

/// Moves this thread to any processor but this one. A new thread may be left waiting
/// behind its maker for longer than what it was made for takes, others being idle.
pub fn leave_processor(number: usize) {
    let this = Pid::from_raw(0);
    if let Ok(mut others) = sched_getaffinity(this)
        && others.unset(number).is_ok()
    {
        // EINVAL if there is no other.
        let _ = sched_setaffinity(this, &others);
    }
}

/// Gives this thread a table of descriptors of its own, so that two threads don't wait
/// for each other at each open and close.
pub fn own_descriptors() {
    let _ = unshare(CloneFlags::CLONE_FILES);
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
mod tests {
    use nix::sched::CpuSet;

    use super::*;

    #[test]
    fn a_thread_leaves_a_processor_where_there_is_another() {
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
