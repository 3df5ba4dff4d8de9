//! multilog: what is selected, what gets into which file, when files are cut and
//! named, what is made of an earlier process's leftovers, and what signals and
//! troubles do.

mod actions;
mod additions;
mod life;
mod processors;
mod recovery;
mod rotation;
mod trouble;

use std::ffi::OsStr;

use conformance::{Case, LABELS};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = actions::cases();
    cases.extend(rotation::cases());
    cases.extend(recovery::cases());
    cases.extend(processors::cases());
    cases.extend(life::cases());
    cases.extend(trouble::cases());
    cases.extend(additions::cases());
    cases
}

/// Runs a script on an input, to the end of it.
fn log<A: AsRef<OsStr>>(name: impl Into<String>, input: impl Into<Vec<u8>>, script: &[A]) -> Case {
    Case::new(name)
        .stdin(input)
        .run(words(script))
        .normal(&[LABELS])
}

/// The same, where the cuts of the reference depend on its reads: these logs are compared
/// as a whole, each with the size of its files.
fn whole<A: AsRef<OsStr>>(
    name: impl Into<String>,
    input: impl Into<Vec<u8>>,
    script: &[A],
    logs: &[(&'static str, usize)],
) -> Case {
    let logs = logs.to_vec();
    let case = log(name, input, script).without_files();
    case.then(move |side| {
        for &(log, size) in &logs {
            side.log_whole(log, size);
        }
    })
}

/// A script as a command.
fn words<A: AsRef<OsStr>>(script: &[A]) -> Vec<&OsStr> {
    let program = OsStr::new("multilog");
    let script = script.iter().map(AsRef::as_ref);
    std::iter::once(program).chain(script).collect()
}

/// Numbered lines of this length, newline included.
fn lines(count: usize, length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(count * length);
    for number in 0..count {
        let line = format!("{number:0width$}\n", width = length - 1);
        text.extend_from_slice(line.as_bytes());
    }
    text
}
