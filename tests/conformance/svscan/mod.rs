//! svscan: the directories that become services, and their pipes.

mod changes;
mod entries;
mod life;
mod logs;
mod pipes;

use std::collections::BTreeSet;
use std::fs;

use conformance::process::all;
use conformance::{Case, Proc, Side, Status};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = life::arguments();
    cases.extend(entries::cases());
    cases.extend(changes::cases());
    cases.extend(logs::cases());
    cases.extend(pipes::cases());
    cases.extend(life::cases());
    cases
}

const SLEEPER: &str = "exec sleep 1000";

/// svscan on `s`, with all of these services up.
fn scan(side: &Side, up: &[&str]) -> Proc {
    side.mkdir("s");
    let svscan = side.command(["svscan", "s"]).spawn();
    for name in up {
        side.until_status(format!("s/{name}"), "up", Status::is_up);
    }
    svscan
}

/// Logs the different lines of a tree's messages, sorted: their order and number differ
/// from run to run.
fn log_said(side: &Side, svscan: &Proc) {
    let text = svscan.stderr();
    let lines: BTreeSet<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        side.log_bytes("said", line);
    }
}

/// Waits for the next scan: a new service is up.
fn until_scanned(side: &Side, marker: &str) {
    // Made elsewhere and moved, so that svscan never finds it incomplete.
    side.service("new", SLEEPER);
    side.rename("new", format!("s/{marker}"));
    side.until_status(format!("s/{marker}"), "up", Status::is_up);
}

fn supervised(side: &Side, name: &str) {
    side.log(
        &format!("{name} supervised"),
        side.is_supervised(format!("s/{name}")),
    );
}

fn children(svscan: &Proc) -> usize {
    let table = all();
    table
        .iter()
        .filter(|entry| entry.parent.as_raw() == svscan.pid() && entry.state != 'Z')
        .count()
}

/// The file type of a service's descriptor.
fn output(side: &Side, dir: &str, number: u32) -> String {
    let pid = side.until_status(dir, "up", Status::is_up).pid;
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("an open descriptor");
    let text = link.to_string_lossy().into_owned();
    match text.split_once(":[") {
        Some((kind, _)) => kind.to_owned(),
        None => text.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}
