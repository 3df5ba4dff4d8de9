//! Two services in one process group, and which of their processes exist.

use std::fs;

use conformance::process::{self, Entry};
use conformance::{Proc, Side, Whose};
use nix::sys::signal::{Signal, kill};

/// Two services in one process group: `x` with this `run`, and `y`. All processes of `x`
/// exist when it returns.
pub(super) fn beside(side: &Side, whose: Whose, run: &str, all: &str) -> Proc {
    side.service("x", run);
    side.service("y", "sleep 1001 & sleep 1002 & exec sleep 1000");
    let supervise = side.bin_of(whose, "supervise");
    let script = format!("{0} x & {0} y & wait", supervise.display());
    let both = side.command(["/bin/sh", "-c", &script]).spawn();
    side.until("all of x", || sleepers(side, "x") == all);
    side.until("all of y", || sleepers(side, "y") == "1000 1001 1002");
    let up = |dir: &str| side.status(dir).is_some_and(|now| now.is_up());
    side.until("both up", || up("x") && up("y"));
    both
}

/// Kills both supervises of [`beside`].
pub(super) fn end_supervises(side: &Side) {
    for entry in processes(side, &["x", "y"], "supervise") {
        kill(entry.pid, Signal::SIGKILL).expect("a signal");
    }
    side.until("nobody supervises x", || !side.is_supervised("x"));
}

/// The processes called `name` that work in one of these directories.
pub(super) fn processes(side: &Side, dirs: &[&str], name: &str) -> Vec<Entry> {
    let dirs: Vec<_> = dirs.iter().map(|dir| side.path(dir)).collect();
    let mut found = process::all();
    found.retain(|entry| {
        let of = |file: &str| format!("/proc/{}/{file}", entry.pid);
        entry.state != 'Z'
            && fs::read_to_string(of("comm")).is_ok_and(|comm| comm.trim_end() == name)
            && fs::read_link(of("cwd")).is_ok_and(|cwd| dirs.contains(&cwd))
    });
    found
}

/// The sleep processes of a service that `which` selects by their number.
pub(super) fn named(side: &Side, dir: &str, which: impl Fn(&Entry) -> bool) -> String {
    let found = processes(side, &[dir], "sleep");
    let mut names: Vec<String> = found
        .iter()
        .filter(|&entry| which(entry))
        .filter_map(|entry| fs::read(format!("/proc/{}/cmdline", entry.pid)).ok())
        .map(|words| String::from_utf8_lossy(&words).into_owned())
        .filter_map(|words| Some(words.split('\0').nth(1)?.to_owned()))
        .collect();
    names.sort();
    if names.is_empty() {
        names.push("none".to_owned());
    }
    names.join(" ")
}

pub(super) fn sleepers(side: &Side, dir: &str) -> String {
    named(side, dir, |_| true)
}

pub(super) fn pids(side: &Side, dir: &str) -> Vec<i32> {
    let found = processes(side, &[dir], "sleep");
    found.iter().map(|entry| entry.pid.as_raw()).collect()
}

pub(super) fn is_alive(pid: i32) -> bool {
    Entry::of(pid).is_some_and(|entry| entry.state != 'Z')
}

/// The lines of a file, sorted and joined.
pub(super) fn lines(side: &Side, path: &str) -> String {
    let text = String::from_utf8_lossy(&side.read(path)).into_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join(" ")
}
