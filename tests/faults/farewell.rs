//! svscan is told to stop: services end first, then their loggers, and every line is kept.

use std::fs;

use conformance::case::Need;
use conformance::process::{Entry, all};
use conformance::{Case, Exit, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::svscan::{SLEEPER, lines, supervises};

/// A service that prints a last line some time after TERM.
const POLITE: &str = "trap 'sleep 0.2; echo bye; echo service >>../order; exit' TERM\n\
                      echo hello; while :; do sleep 0.05; done";
/// A logger that reports when it has read everything.
const LAST: &str = "cat >>lines; echo logger >>../../order";

/// The transcript of a stop in order, see [`report`].
const STOPPED: &[&str] = &[
    "end: exit 0",
    "lines: hello bye",
    "order: service logger",
    "left: 0",
    "stderr:",
];

pub(crate) fn cases() -> Vec<Case> {
    let stop = |name: &str, signal: Signal| {
        Case::scenario(name, move |side| {
            tree(side);
            let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
            up(side);
            svscan.signal(signal);
            report(side, svscan.wait(), &svscan);
        })
        .promises(STOPPED)
    };
    vec![
        stop("TERM: services, then loggers, then itself", Signal::SIGTERM),
        stop("INT does the same", Signal::SIGINT),
        Case::scenario("supervises that were taken over end as well", |side| {
            tree(side);
            let first = side.command(["svscan", "s"]).spawn();
            up(side);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let second = side.command(["svscan", "--orderly", "s"]).spawn();
            side.until("it takes signals", || catches_term(second.pid()));
            second.signal(Signal::SIGTERM);
            report(side, second.wait(), &second);
        })
        .promises(STOPPED),
        Case::scenario("TERM while it begins leaves nothing behind", |side| {
            tree(side);
            for round in 0..10_u64 {
                let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
                side.until("it takes signals", || {
                    catches_term(svscan.pid()) || svscan.ended().is_some()
                });
                std::thread::sleep(std::time::Duration::from_micros(round * 700));
                svscan.signal(Signal::SIGTERM);
                assert_eq!(svscan.wait(), Exit::Code(0));
                assert_eq!(left(side), 0);
            }
        })
        .promises(&[]),
        Case::scenario("a moved service is stopped as well", |side| {
            tree(side);
            let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
            up(side);
            side.rename("s/y", "s/.y");
            svscan.signal(Signal::SIGTERM);
            report(side, svscan.wait(), &svscan);
        })
        .promises(STOPPED),
        Case::scenario(
            "a service that does not stop is killed by a second TERM",
            |side| {
                side.service(
                    "s/x",
                    "trap '' TERM; echo hello; while :; do sleep 0.05; done",
                );
                side.service("s/x/log", "exec cat >>lines");
                let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
                side.until("its line", || lines(side) == "hello\n");
                svscan.signal(Signal::SIGTERM);
                side.until_status("s/x", "told", |now| now.want == b'd');
                side.log("waits", svscan.ended().is_none());
                svscan.signal(Signal::SIGTERM);
                side.log("end", svscan.wait());
                side.log("left", left(side));
            },
        )
        .promises(&["waits: true", "end: exit 0", "left: 0"]),
        Case::scenario("a supervise whose exec hangs does not delay it", |side| {
            let hung = side.hung("fs", &[("supervise", &side.bin("supervise"))]);
            hung.stop();
            side.service("s/x", "exec /bin/sleep 1000");
            side.service("s/x/log", SLEEPER);
            side.symlink(side.path("fs"), "s/x/hung");
            let bin = side.bin("svscan");
            let bin = bin.parent().expect("a directory").display();
            let svscan = hung.command(side, &["svscan", "--orderly", "s"]);
            let path = format!("PATH=hung:{bin}:/usr/bin:/bin");
            let svscan = svscan.env_clear().env(path).spawn();
            side.until_status("s/x", "up", Status::is_up);
            svscan.signal(Signal::SIGTERM);
            side.log("end", svscan.wait());
            side.log("left", left(side));
        })
        .needs(Need::Namespaces)
        .promises(&["end: exit 0", "left: 0"]),
        Case::scenario("HUP scans and ends nothing", |side| {
            side.service("s/y", SLEEPER);
            let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
            side.until_status("s/y", "up", Status::is_up);
            side.symlink("../elsewhere", "s/z");
            side.until("its complaint", || !svscan.stderr().is_empty());
            side.service("new", SLEEPER);
            side.rename("new", "elsewhere");
            svscan.signal(Signal::SIGHUP);
            side.until_status("s/z", "up", Status::is_up);
            side.log("ended", svscan.ended().is_some());
        })
        .promises(&["ended: false"]),
        Case::scenario(
            "as PID 1: in order without the option, and orphans are reaped",
            |side| {
                tree(side);
                side.service("s/y", "(sleep 0.1 &)\nexec sleep 1000");
                let unshare = "/usr/bin/unshare --pid --fork --kill-child --mount-proc";
                let program = side.bin("svscan");
                let words = unshare.split(' ').map(AsRef::as_ref);
                let words = words.chain([program.as_os_str(), "s".as_ref()]);
                let unshare = side.command(words).spawn();
                up(side);
                let svscan = child(&unshare);
                side.until("orphans reaped", || {
                    let table = all();
                    let mut ours = table.iter().filter(|entry| entry.parent == svscan);
                    ours.all(|entry| entry.state != 'Z')
                });
                kill(svscan, Signal::SIGTERM).expect("it runs");
                report(side, unshare.wait(), &unshare);
            },
        )
        .needs(Need::Namespaces)
        .promises(STOPPED),
    ]
}

fn tree(side: &Side) {
    side.service("s/x", POLITE);
    side.service("s/x/log", LAST);
    side.service("s/y", SLEEPER);
}

fn up(side: &Side) {
    side.until_status("s/y", "up", Status::is_up);
    side.until_status("s/x/log", "up", Status::is_up);
    side.until("its line", || lines(side) == "hello\n");
}

fn report(side: &Side, end: Exit, svscan: &Proc) {
    side.log("end", end);
    side.log("lines", lines(side).replace('\n', " ").trim());
    let order = fs::read_to_string(side.path("s/order")).unwrap_or_default();
    let mut order: Vec<&str> = order.lines().collect();
    // If supervise sees a logger's end together with the command to exit, it handles the
    // end first: it starts the logger once more, for the empty pipe.
    order.dedup();
    side.log("order", order.join(" "));
    side.log("left", left(side));
    side.log_bytes("stderr", &svscan.stderr());
}

/// The number of supervises that run.
fn left(side: &Side) -> usize {
    let dirs = ["s/x", "s/x/log", "s/y", "s/.y"];
    dirs.iter().map(|dir| supervises(side, dir).len()).sum()
}

fn child(of: &Proc) -> Pid {
    let table = all();
    let child = table.iter().find(|entry| entry.parent.as_raw() == of.pid());
    child.map(|entry: &Entry| entry.pid).expect("a child")
}

/// Whether a process catches TERM.
fn catches_term(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("SigCgt:"));
    line.and_then(|line| u64::from_str_radix(line[7..].trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (Signal::SIGTERM as u64 - 1)) != 0)
}
