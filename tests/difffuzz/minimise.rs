//! Makes an input that shows a difference as small as it gets by leaving out.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::input::Input;

/// How many smaller inputs are tried.
const ATTEMPTS: u32 = 600;
/// And for how long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Leaves out words, files, variables and stretches of bytes as long as the
/// difference stays.
pub(crate) fn minimise(mut input: Input, differs: impl Fn(&Input) -> bool) -> Input {
    let attempts = Cell::new(0);
    let start = Instant::now();
    let differs = |input: &Input| {
        attempts.set(attempts.get() + 1);
        attempts.get() <= ATTEMPTS && start.elapsed() < PATIENCE && differs(input)
    };
    list(&mut input, |input| &mut input.args, &differs);
    list(&mut input, |input| &mut input.files, &differs);
    list(&mut input, |input| &mut input.env, &differs);
    list(&mut input, |input| &mut input.steps, &differs);
    list(&mut input, |input| &mut input.stdin, &differs);
    for index in 0..input.files.len() {
        list(&mut input, |input| &mut input.files[index].bytes, &differs);
    }
    for index in 0..input.args.len() {
        list(&mut input, |input| &mut input.args[index], &differs);
    }
    input
}

/// Leaves out stretches of a list, halves first, then shorter ones.
fn list<T: Clone>(
    input: &mut Input,
    part: impl Fn(&mut Input) -> &mut Vec<T>,
    differs: &impl Fn(&Input) -> bool,
) {
    let mut size = part(input).len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < part(input).len() {
            let mut smaller = input.clone();
            let list = part(&mut smaller);
            let end = (start + size).min(list.len());
            list.drain(start..end);
            if differs(&smaller) {
                *input = smaller;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
}
