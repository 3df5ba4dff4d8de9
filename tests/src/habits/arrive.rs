//! Service directories and links, made as operators and their tools make them.

use super::{Habit, Outcome, expect, lines, scan, shell, until_scan};
use crate::Status;
use crate::process::Proc;
use crate::side::Side;

pub(super) const HABITS: &[Habit] = &[
    Habit::new("mkdir x, run, 0.4 s later log/, then log/run", file_by_file),
    Habit::new(
        "mkdir x, log/ and run by rename, a file each 0.4 s",
        by_rename,
    ),
    Habit::new("mkdir x.dpkg-new, filled, then renamed to x", unpacked),
    Habit::new(
        "ln -s to x.dpkg-new, 0.3 s later renamed to x",
        unpacked_link,
    ),
    Habit::new("mkdir x.tmp, filled, mv x.tmp x", moved),
    Habit::new(
        "mkdir x, renamed, filled: as dpkg does",
        filled_after_rename,
    ),
    Habit::new("ln -sfn, 100 times", linked_anew),
];

/// Writes the command line of its supervise to a file, and prints a line.
const RUN: &str = "tr '\\0' ' ' </proc/$PPID/cmdline >>../../names; echo >>../../names\n\
                   echo started\nexec sleep 1000";

/// The files of a logged service, for a script to put in place.
fn parts(side: &Side) {
    side.script("parts/run", RUN);
    side.script("parts/logrun", "exec cat >>out");
    side.mkdir("sv");
}

/// Whether it was started once, under its own name, with its logger.
fn started_once(side: &Side, svscan: &Proc) -> Outcome {
    side.until_status("s/x/log", "up", Status::is_up);
    until_scan(side);
    until_scan(side);
    expect(
        "starts",
        &lines(side, "names"),
        &vec!["supervise x ".to_owned()],
    )?;
    expect(
        "logged",
        &lines(side, "s/x/log/out"),
        &vec!["started".to_owned()],
    )?;
    let said = String::from_utf8_lossy(&svscan.stderr()).into_owned();
    expect("said", &said.as_str(), &"")
}

fn made_so(side: &Side, script: &str) -> Outcome {
    parts(side);
    let svscan = scan(side);
    until_scan(side);
    shell(side, script);
    started_once(side, &svscan)
}

fn file_by_file(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir s/x; sleep 0.4; cp parts/run s/x; sleep 0.4
         mkdir s/x/log; sleep 0.4; cp parts/logrun s/x/log/run",
    )
}

fn by_rename(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir s/x; sleep 0.4; cp parts/run s/x/.run.1; mv s/x/.run.1 s/x/run; sleep 0.4
         mkdir s/x/log; sleep 0.4; cp parts/logrun s/x/log/.run.1; mv s/x/log/.run.1 s/x/log/run",
    )
}

fn unpacked(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir -p s/x.dpkg-new/log; cp parts/logrun s/x.dpkg-new/log/run
         cp parts/run s/x.dpkg-new; sleep 0.3; mv s/x.dpkg-new s/x",
    )
}

fn unpacked_link(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir -p sv/x/log; cp parts/run sv/x; cp parts/logrun sv/x/log/run
         ln -s ../sv/x s/x.dpkg-new; sleep 0.3; mv s/x.dpkg-new s/x",
    )
}

fn moved(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir -p s/x.tmp/log; cp parts/logrun s/x.tmp/log/run
         cp parts/run s/x.tmp; mv s/x.tmp s/x",
    )
}

fn filled_after_rename(side: &Side) -> Outcome {
    made_so(
        side,
        "mkdir s/x.dpkg-new; mv s/x.dpkg-new s/x; sleep 0.1; mkdir s/x/log.dpkg-new
         mv s/x/log.dpkg-new s/x/log; sleep 0.1; cp parts/logrun s/x/log/run.dpkg-new
         cp parts/run s/x/run.dpkg-new; sleep 0.3; mv s/x/log/run.dpkg-new s/x/log/run
         mv s/x/run.dpkg-new s/x/run",
    )
}

fn linked_anew(side: &Side) -> Outcome {
    side.service("sv/x", "exec sleep 1000");
    side.mkdir("s");
    side.symlink("../sv/x", "s/x");
    let svscan = scan(side);
    side.until_status("sv/x", "up", Status::is_up);
    until_scan(side);
    shell(side, "for i in $(seq 100); do ln -sfn ../sv/x s/x; done");
    until_scan(side);
    until_scan(side);
    let said = String::from_utf8_lossy(&svscan.stderr()).into_owned();
    expect("messages", &said.lines().count(), &0)
}
