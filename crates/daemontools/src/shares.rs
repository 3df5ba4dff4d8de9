//! Much work of the same kind, such as reading thousands of services, in two threads.

use std::sync::Mutex;

use crate::unix::thread;

/// From this number on, a second thread makes it faster.
const TWO_THREADS: usize = 256;
/// How many a thread takes at a time.
const SHARE: usize = 16;

/// What `work` gives for each, in their order. If there are many, a second thread takes a
/// part of them, unless the kernel refuses it. It shares no descriptors.
pub fn each<T: Sync, U: Send>(all: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    if all.len() >= TWO_THREADS
        && let Some(done) = by_two_threads(all, &work)
    {
        return done;
    }
    all.iter().map(work).collect()
}

/// `None` if the second thread could not be started.
fn by_two_threads<T: Sync, U: Send>(all: &[T], work: &(impl Fn(&T) -> U + Sync)) -> Option<Vec<U>> {
    let processor = thread::processor();
    let mut done: Vec<Option<U>> = all.iter().map(|_| None).collect();
    let shares = Mutex::new(all.chunks(SHARE).zip(done.chunks_mut(SHARE)));
    let work_off = || {
        let next = || shares.lock().ok().and_then(|mut shares| shares.next());
        while let Some((all, done)) = next() {
            for (one, done) in all.iter().zip(done) {
                *done = Some(work(one));
            }
        }
    };
    let helped = std::thread::scope(|scope| {
        let helper = thread::builder().spawn_scoped(scope, || {
            thread::own_descriptors();
            if let Some(processor) = processor {
                thread::leave_processor(processor);
            }
            work_off();
        });
        if helper.is_ok() {
            work_off();
        }
        helper.is_ok()
    });
    helped.then(|| done.into_iter().flatten().collect())
}
