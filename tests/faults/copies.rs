//! A record is about one service directory. In a copy of that directory it names the
//! process of the first one, so the copy starts its own, as in the reference.

use std::process::Command;

use conformance::case::Need;
use conformance::{Case, Side, Status, Whose};
use nix::sys::signal::Signal;

/// A service that counts its starts and changes directory, as daemons do.
const COUNTING: &str = "echo >>starts; exec sleep 1000";
const WANDERING: &str = "echo >>starts; cd /; exec sleep 1000";

/// Shell commands that copy a directory `x` to `y`.
const WAYS: [(&str, &str); 4] = [
    ("cp -a", "cp -a x y"),
    ("cp -r", "cp -r x y"),
    ("tar", "mkdir y && tar -C x -cf - . | tar -C y -xf -"),
    ("rename after cp -a", "cp -a x z && mv z y"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, way) in WAYS {
        for killed in [false, true] {
            cases.push(copied(name, way, Whose::Ours, killed, COUNTING));
            cases.push(copied(name, way, Whose::Reference, killed, WANDERING));
        }
    }
    cases.push(swapped());
    cases.push(renamed());
    cases
}

fn shell(side: &Side, script: &str) {
    let status = Command::new("/bin/sh")
        .args(["-ec", script])
        .current_dir(side.dir())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{script}");
}

/// The copy's supervise starts a process of its own. Commands to the copy have no effect
/// on the first directory.
fn copied(name: &str, way: &'static str, whose: Whose, killed: bool, run: &'static str) -> Case {
    let by = match whose {
        Whose::Ours => "",
        Whose::Reference => ", after the C original",
    };
    let then = if killed { ", its supervise killed" } else { "" };
    Case::scenario(
        format!("{name}{by}{then}: the copy starts its own"),
        move |side| {
            side.service("x", run);
            let first = side.command_of(whose, ["supervise", "x"]).spawn();
            let original = side.until_status("x", "up", Status::is_up);
            side.until("its start", || !side.read("x/starts").is_empty());
            if killed {
                first.signal(Signal::SIGKILL);
                let _ = first.wait();
            }
            shell(side, way);
            let _copy = side.command(["supervise", "y"]).spawn();
            let own =
                side.until_status("y", "its own", |now| now.is_up() && now.pid != original.pid);
            side.control("y", b"d");
            side.until_status("y", "down", |now| now.is_down() && now.want == b'd');
            side.log("another", own.pid != original.pid);
            side.log("the original lives", alive(original.pid));
        },
    )
    .without_files()
}

fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}

/// A move to another disk by copy and swap, under a svscan: the service logs afterwards.
fn swapped() -> Case {
    Case::scenario(
        "copied, swapped and told to end: it runs and logs in its new place",
        |side| {
            side.service("s/x", "while echo line; do sleep 0.05; done");
            side.service("s/x/log", "exec cat >>log");
            let _svscan = side.command(["svscan", "s"]).spawn();
            side.until_status("s/x", "up", Status::is_up);
            side.until("a line", || !side.read("s/x/log/log").is_empty());
            shell(side, "cp -a s/x there && mv s/x s/.x && ln -s ../there s/x");
            shell(
                side,
                "for dir in s/.x s/.x/log; do echo dx >$dir/supervise/control; done",
            );
            let size = || side.read("there/log/log").len();
            let before = size();
            side.until("a line in its new place", || size() > before);
        },
    )
    .without_files()
}

/// The same directory under another name: its record still counts.
fn renamed() -> Case {
    Case::scenario(
        "renamed while its supervise is dead: it is taken over",
        |side| {
            side.service("x", COUNTING);
            let first = side.command(["supervise", "x"]).spawn();
            let before = side.until_status("x", "up", Status::is_up);
            // It is in the record before its exec.
            side.until("its start", || !side.read("x/starts").is_empty());
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            shell(side, "mv x y");
            let _next = side.command(["supervise", "y"]).spawn();
            side.until("a supervise", || side.is_supervised("y"));
            side.log(
                "same pid",
                side.status("y").map(|now| now.pid) == Some(before.pid),
            );
        },
    )
    .needs(Need::Pidfds)
    .promises(&["same pid: true"])
}
