//! A process that has had threads: what they give, and that it can't fork any more. A
//! program of its own, since the unit tests fork.
#![allow(missing_docs)]

use daemontools::unix::process::{End, fork, spawn, wait_for};
use daemontools::{Errno, shares};

/// More than one thread takes alone.
const MANY: usize = 5000;

#[test]
fn two_threads_give_in_order_and_afterwards_the_process_does_not_fork() {
    let pid = spawn(|| 7).expect("a child, before any thread");
    assert_eq!(wait_for(pid), Ok(End::Exited(7)));
    for count in [0, 1, 16, 255, 256, MANY] {
        let all: Vec<usize> = (0..count).collect();
        let done = shares::each(&all, |number| number * 2);
        assert!(done.iter().copied().eq((0..count).map(|number| number * 2)));
    }
    assert!(matches!(fork(), Err(Errno::EDEADLK)));
}
