//! Logs as a whole: where the reference cuts them into files depends on how its reads fall,
//! so the bytes of all files together are compared, and our files have to follow the rule.

use std::collections::BTreeSet;

use conformance::cuts;
use nix::sys::signal::Signal;

use crate::feed::Step;
use crate::input::Input;
use crate::observe::{Observation, Seen};

/// A log as the script wants it.
struct Log {
    directory: Vec<u8>,
    size: usize,
    count: usize,
    is_processed: bool,
}

/// The logs of a script.
fn logs(input: &Input) -> Vec<Log> {
    let number = |word: &[u8]| {
        let digits = word.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |sum: usize, digit| sum * 10 + usize::from(digit - b'0'))
    };
    let (mut size, mut count, mut is_processed) = (99_999, 10, false);
    let mut logs = Vec::new();
    for word in &input.args {
        match word.split_first() {
            Some((b's', rest)) => size = number(rest).clamp(4096, 16_777_215),
            Some((b'n', rest)) => count = number(rest).max(2),
            Some((b'!', _)) => is_processed = true,
            Some((b'.', [b'/', name @ ..])) => logs.push(Log {
                directory: name.to_vec(),
                size,
                count,
                is_processed,
            }),
            _ => {}
        }
    }
    logs
}

/// Puts the files of each log together, on both sides.
pub(crate) fn compare_whole(input: &Input, [reference, ours]: &mut [Observation; 2]) {
    for log in logs(input) {
        let prefix = [&log.directory[..], b"/"].concat();
        let [(theirs, removed), (own, own_removed)] =
            [&mut *reference, &mut *ours].map(|seen| take(&mut seen.files, &prefix, log.count));
        let is_odd = input
            .files
            .iter()
            .any(|file| file.name.starts_with(&prefix))
            || input.steps.contains(&Step::Signal(Signal::SIGALRM))
            || log.is_processed;
        let verdict = if is_odd || own.is_empty() {
            Ok(())
        } else {
            cuts::by_the_rule(log.size, &own)
        };
        let mut wholes = [theirs.concat(), own.concat()];
        if removed || own_removed {
            // The oldest files are gone, which are others on each side.
            let shorter = wholes.iter().map(Vec::len).min().unwrap_or(0);
            for whole in &mut wholes {
                whole.drain(..whole.len() - shorter);
            }
        }
        let [theirs, own] = wholes;
        reference
            .files
            .push(seen(&log, theirs, "cuts: by the rule"));
        let verdict = verdict.map_or_else(|error| error, |()| "cuts: by the rule".to_owned());
        ours.files.push(seen(&log, own, &verdict));
    }
}

fn seen(log: &Log, bytes: Vec<u8>, verdict: &str) -> Seen {
    let name = [&log.directory[..], b" (", verdict.as_bytes(), b")"].concat();
    (name, 0, bytes)
}

/// Takes the finished files and `current` of a log out of a list: their bytes in order, and
/// whether some may have been removed because of their number.
fn take(files: &mut Vec<Seen>, prefix: &[u8], count: usize) -> (Vec<Vec<u8>>, bool) {
    let is_part = |name: &[u8]| {
        name.strip_prefix(prefix)
            .is_some_and(|name| name.starts_with(b"@4") || name == b"current")
    };
    let parts: BTreeSet<Seen> = files.extract_if(.., |(name, ..)| is_part(name)).collect();
    let parts: Vec<_> = parts.into_iter().map(|(.., bytes)| bytes).collect();
    let finished = parts.len().saturating_sub(1);
    (parts, finished + 1 >= count)
}
