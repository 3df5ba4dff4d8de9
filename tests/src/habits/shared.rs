//! Two services that share a logger or a log directory, or of which one is the other's
//! logger.

use super::{Habit, Outcome, expect, lines, scan, until_scan};
use crate::Status;
use crate::side::Side;

pub(super) const HABITS: &[Habit] = &[
    Habit::new("b/log -> ../a/log: one logger for two", one_logger),
    Habit::new("two loggers write into one directory", one_directory),
    Habit::new("a/log -> ../b, which runs already", a_service_as_logger),
];

/// Prints its name and a number, twenty times a second.
fn counter(name: &str) -> String {
    format!("i=0; while :; do i=$((i+1)); echo {name} $i; sleep 0.05; done")
}

/// Whether one of the two services has all its lines in the log and writes on, and both have
/// the same processes as before.
fn undisturbed(side: &Side, log: &str) -> Outcome {
    let pids = || ["s/a", "s/b"].map(|name| side.until_status(name, "up", Status::is_up).pid);
    let before = pids();
    until_scan(side);
    until_scan(side);
    expect("restarted", &(pids() != before), &false)?;
    let first = lines(side, log).first().cloned().unwrap_or_default();
    let (name, _) = first.split_once(' ').unwrap_or_default();
    all_lines(side, log, name)
}

/// Whether the log has all lines of a counter, and gets more.
fn all_lines(side: &Side, log: &str, name: &str) -> Outcome {
    let logged = || -> Vec<String> {
        let all = lines(side, log).into_iter();
        all.filter(|line| line.starts_with(name)).collect()
    };
    let count = logged().len();
    let mut patience = 200;
    while logged().len() < count + 3 && patience > 0 {
        patience -= 1;
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    if patience == 0 {
        return Err(format!("no line comes after the first {count}"));
    }
    let seen = logged();
    // The last line may be incomplete.
    let seen = &seen[..seen.len() - 1];
    let right: Vec<String> = (1..=seen.len()).map(|n| format!("{name} {n}")).collect();
    expect("all its lines", &(seen == right), &true)
}

fn one_logger(side: &Side) -> Outcome {
    side.service("s/a", &counter("a"));
    side.service("s/b", &counter("b"));
    side.service("s/a/log", "exec multilog ./main");
    side.symlink("../a/log", "s/b/log");
    let _svscan = scan(side);
    undisturbed(side, "s/a/log/main/current")
}

fn one_directory(side: &Side) -> Outcome {
    for name in ["a", "b"] {
        side.service(&format!("s/{name}"), &counter(name));
        side.service(&format!("s/{name}/log"), "exec multilog ../../../main");
    }
    let _svscan = scan(side);
    undisturbed(side, "main/current")
}

fn a_service_as_logger(side: &Side) -> Outcome {
    side.service("s/b", &counter("b"));
    side.service("s/b/log", "exec multilog ./main");
    let _svscan = scan(side);
    side.until_status("s/b", "up", Status::is_up);
    side.service("new", &counter("a"));
    side.symlink("../b", "new/log");
    side.rename("new", "s/a");
    undisturbed(side, "s/b/log/main/current")?;
    all_lines(side, "s/b/log/main/current", "b")
}
