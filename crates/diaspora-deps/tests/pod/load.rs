//! Jobs that are enqueued through the page, one after the other. Each has a number. A
//! request that fails is made again with the same number, so a job may be enqueued twice,
//! but one that was accepted must be done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use daemontools::unix::thread::builder;

use crate::http;

/// No two jobs of all tests have the same number.
static NUMBER: AtomicU32 = AtomicU32::new(1);

/// Whether the job was accepted; it takes so many seconds.
fn enqueue(number: u32, seconds: f32) -> bool {
    let path = format!("/jobs?number={number}&seconds={seconds}");
    matches!(http::request("POST", &path), Ok((202, _)))
}

/// Enqueues so many jobs on a pod that runs; gives their numbers.
pub(crate) fn some(count: u32, seconds: f32) -> Vec<u32> {
    (0..count)
        .map(|_| {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            assert!(enqueue(number, seconds), "job {number} was refused");
            number
        })
        .collect()
}

/// A thread that enqueues short jobs.
pub(crate) struct Load {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<u32>>,
}

impl Load {
    pub(crate) fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let run = move || {
            let mut accepted = Vec::new();
            let mut number = NUMBER.fetch_add(1, Ordering::Relaxed);
            while !seen.load(Ordering::Relaxed) {
                if enqueue(number, 0.1) {
                    accepted.push(number);
                    number = NUMBER.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(50));
            }
            accepted
        };
        let thread = builder().spawn(run).unwrap();
        Self { over, thread }
    }

    /// Ends the thread; gives the numbers of the jobs that were accepted.
    pub(crate) fn end(self) -> Vec<u32> {
        self.over.store(true, Ordering::Relaxed);
        let accepted = self.thread.join().unwrap();
        assert!(!accepted.is_empty(), "no job was accepted");
        accepted
    }
}
