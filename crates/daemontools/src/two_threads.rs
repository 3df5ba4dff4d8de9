//! Reading the same of many things by two threads: faster by half for a program that only
//! asks the kernel. The second thread ends with the call.

use std::sync::Mutex;

use crate::unix::thread;

/// From this number of things on, a second thread makes it faster.
const MANY: usize = 256;
/// How many a thread takes at a time.
const SHARE: usize = 16;

/// What `read` gives for each, in their order.
pub fn map<T: Sync, R: Clone + Default + Send>(
    things: &[T],
    read: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let mut found = vec![R::default(); things.len()];
    if things.len() < MANY || !by_two(things, &mut found, &read) {
        each(things, &mut found, &read);
    }
    found
}

/// Reads in two threads; `false` if the second could not be started.
fn by_two<T: Sync, R: Send>(
    things: &[T],
    found: &mut [R],
    read: &(impl Fn(&T) -> R + Sync),
) -> bool {
    let processor = thread::processor();
    let shares = Mutex::new(things.chunks(SHARE).zip(found.chunks_mut(SHARE)));
    let read_shares = || {
        let next = || shares.lock().ok().and_then(|mut shares| shares.next());
        while let Some((things, found)) = next() {
            each(things, found, read);
        }
    };
    std::thread::scope(|scope| {
        let helper = thread::builder().spawn_scoped(scope, || {
            thread::own_descriptors();
            if let Some(processor) = processor {
                thread::leave_processor(processor);
            }
            read_shares();
        });
        if helper.is_ok() {
            read_shares();
        }
        helper.is_ok()
    })
}

fn each<T, R>(things: &[T], found: &mut [R], read: &impl Fn(&T) -> R) {
    for (thing, found) in things.iter().zip(found) {
        *found = read(thing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_read_once_each_and_in_order() {
        for count in [0, 1, MANY - 1, MANY, 10_007] {
            let things: Vec<usize> = (0..count).collect();
            let wanted: Vec<_> = things.iter().map(|thing| thing * 2).collect();
            assert_eq!(map(&things, |thing| thing * 2), wanted);
        }
    }
}
