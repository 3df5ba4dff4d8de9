//! What only ours has: the reference ignores these words. So each case says itself
//! what has to come of them, and only ours runs.

mod patterns;
mod sizes;
mod stamps;

use conformance::{Case, Side};

use super::{log, words};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = stamps::cases();
    cases.extend(patterns::cases());
    cases.extend(sizes::cases());
    cases.extend(elsewhere());
    cases
}

/// Where they mean nothing, ours does what the reference does.
fn elsewhere() -> Vec<Case> {
    let run = |name: &str, script: &[&str]| log(name, "one\ntwo\n", script);
    vec![
        run("T is not the first word", &["./l", "T", "d", "m"]),
        run("d is not the first word", &["+*", "d", "./l"]),
        run("m behind t", &["t", "m", "./l"]),
        run("an empty prefix", &["p", "./l"]),
        run("F without a pattern", &["F", "./l"]),
        run("S, and a simple pattern", &["F", "S", "-*", "+?ne", "./l"]),
    ]
}

/// What a script makes of an input: the lines of `l/current`.
fn logged(name: &str, input: impl Into<Vec<u8>>, script: &[&str], current: &[&str]) -> Case {
    let (input, script) = (input.into(), owned(script));
    let mut lines: Vec<String> = current
        .iter()
        .map(|line| format!("current: {line}"))
        .collect();
    if lines.is_empty() {
        lines.push("current:".to_owned());
    }
    lines.insert(0, "end: exit 0".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    Case::scenario(name, move |side| {
        run(side, &input, &script);
        side.log_bytes("current", &side.read("l/current"));
    })
    .promises(&lines)
}

/// Runs a script to the end of an input, without a word on standard error.
fn run(side: &Side, input: &[u8], script: &[String]) {
    let process = side.command(words(script)).stdin(input).spawn();
    side.log("end", process.wait());
    assert_eq!(String::from_utf8_lossy(&process.stderr()), "", "{script:?}");
}

fn owned(script: &[&str]) -> Vec<String> {
    script.iter().map(|&word| word.to_owned()).collect()
}
