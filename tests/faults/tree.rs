//! `svc --tree`: all processes of a service get what it gets, and no other does.

use std::fs;

use conformance::case::Need;
use conformance::process::{self, Entry};
use conformance::{Case, Proc, Side, Status, Whose};
use nix::sys::signal::{Signal, kill};

use crate::within;

/// A service with processes in every place: a child and a grandchild in the group that
/// it shares with supervise; one in a session of its own; one of that session whose
/// parent is gone; and two daemons that nothing connects with it any more.
const FAMILY: &str = "\
sh -c 'sleep 1001 & exec sleep 1002' &
setsid sleep 1003 &
setsid sh -c '(sleep 1004 &); exec sleep 1005' &
(setsid sleep 2001 &)
(sleep 2002 &)
exec sleep 1000";
const MEMBERS: &str = "1000 1001 1002 1003 1004 1005";
const ESCAPED: &str = "2001 2002";
const ALL: &str = "1000 1001 1002 1003 1004 1005 2001 2002";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for whose in [Whose::Ours, Whose::Reference] {
        cases.extend(both(whose));
    }
    cases.extend(ways());
    cases.extend(doubts());
    cases
}

/// With a supervise of either side.
fn both(whose: Whose) -> Vec<Case> {
    let end = |letters: &'static str| {
        let name = format!("{letters} reaches all, {whose:?}'s supervise");
        Case::scenario(name, move |side| {
            let _both = beside(side, whose, FAMILY, ALL);
            let neighbour = side.status("y").expect("a record");
            side.command(["svc", letters, "--tree", "--wait", "x"])
                .run();
            side.log("left", sleepers(side, "x"));
            side.log("beside it", sleepers(side, "y"));
            side.log("same", side.status("y") == Some(neighbour));
        })
    };
    let run = |letters| format!("run: svc {letters} --tree --wait x");
    let rest = ["end: exit 0", "stdout:", "stderr:"];
    let still = ["beside it: 1000 1001 1002", "same: true"];
    let promise = |letters: &'static str, left: &str| {
        let lines: Vec<String> = [run(letters)]
            .into_iter()
            .chain(rest.map(String::from))
            .chain([format!("left: {left}")])
            .chain(still.map(String::from))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        end(letters).promises(&lines)
    };
    vec![
        promise("-d", ESCAPED),
        promise("-dk", ESCAPED),
        promise("-dx", ESCAPED),
        Case::scenario(
            format!("all that it was are gone when another runs, {whose:?}'s supervise"),
            move |side| {
                let _both = beside(side, whose, "sleep 1001 & exec sleep 1000", "1000 1001");
                let before = side.status("x").expect("a record");
                let old = pids(side, "x");
                side.command(["svc", "-du", "--tree", "--wait", "x"]).run();
                let now = side.status("x").expect("a record");
                side.log("another", now.is_up() && now.pid != before.pid);
                side.log("old", old.iter().filter(|&&pid| is_alive(pid)).count());
            },
        )
        .promises(&[
            "run: svc -du --tree --wait x",
            rest[0],
            rest[1],
            rest[2],
            "another: true",
            "old: 0",
        ]),
        Case::scenario(
            format!("supervise is first to signal, {whose:?}'s supervise"),
            move |side| {
                // It ends with its child: too early, and it would be started again,
                // for the signal to meet the next.
                let run = "echo >>starts; sleep 1001 & wait";
                let _both = beside(side, whose, run, "1001");
                let supervise = processes(side, &["x"], "supervise")[0].pid;
                kill(supervise, Signal::SIGSTOP).expect("a signal");
                let svc = side.command(["svc", "-t", "--tree", "x"]).spawn();
                side.until("the command", || side.unread_control("x") > 0);
                side.log("meanwhile", sleepers(side, "x"));
                kill(supervise, Signal::SIGCONT).expect("a signal");
                side.log("end", svc.wait());
                side.until("another", || side.read("x/starts").len() > 1);
                side.log("starts", side.read("x/starts").len());
            },
        )
        .promises(&["meanwhile: 1001", "end: exit 0", "starts: 2"]),
        Case::scenario(
            format!("pgrphack: orphans too, {whose:?}'s supervise"),
            move |side| {
                let run = "exec pgrphack sh -c '(sleep 1001 &); (sh -c \"sleep 1002; :\" &); exec sleep 1000'";
                let _both = beside(side, whose, run, "1000 1001 1002");
                side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
                side.log("left", sleepers(side, "x"));
                side.log("beside it", sleepers(side, "y"));
            },
        )
        .promises(&[
            "run: svc -d --tree --wait x",
            rest[0],
            rest[1],
            rest[2],
            "left: none",
            still[0],
        ]),
        Case::scenario(
            format!("p stops all, c lets all go on, {whose:?}'s supervise"),
            move |side| {
                let _both = beside(side, whose, FAMILY, ALL);
                for letters in ["-p", "-c"] {
                    side.command(["svc", letters, "--tree", "x"]).run();
                    let stopped = if letters == "-p" { MEMBERS } else { "none" };
                    side.log("obeyed", within(|| named(side, "x", |now| now.state == 'T') == stopped));
                }
            },
        )
        .promises(&[
            "run: svc -p --tree x",
            rest[0],
            rest[1],
            rest[2],
            "obeyed: true",
            "run: svc -c --tree x",
            rest[0],
            rest[1],
            rest[2],
            "obeyed: true",
        ]),
    ]
}

/// How it goes about it.
fn ways() -> Vec<Case> {
    vec![
        Case::scenario("each gets a signal once", |side| {
            let note = |name: &str| format!("trap 'echo {name} >>hups' HUP; echo {name} >>ready");
            let wait = "while :; do sleep 0.05; done";
            let run = format!("./child &\n{}\n{wait}", note("main"));
            side.script("x/child", &format!("{}\n{wait}", note("child")));
            side.service("x", &run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("both", || lines(side, "x/ready") == "child main");
            side.command(["svc", "-h", "--tree", "x"]).run();
            let all = within(|| lines(side, "x/hups") == "child main");
            side.log("both", all);
            side.command(["svc", "-dk", "--tree", "--wait", "x"]).run();
            side.log("once", lines(side, "x/hups"));
        })
        .promises(&[
            "run: svc -h --tree x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "both: true",
            "run: svc -dk --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "once: child main",
        ]),
        Case::scenario("a service that forks all the time leaves none", |side| {
            // Its children are orphans at once, so none is found by its parent.
            let run = "exec pgrphack sh -c 'while :; do (sleep 1001 &); done'";
            side.service("x", run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("some", || pids(side, "x").len() > 20);
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log("left", sleepers(side, "x"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "left: none",
        ]),
        Case::scenario("what answers the signal is left alone", |side| {
            let run = "trap 'sleep 0.2; echo done >>answer; exit' TERM; echo >>ready; while :; do sleep 0.05; done";
            side.service("x", run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("it", || side.exists("x/ready"));
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log_bytes("answer", &side.read("x/answer"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "answer: done",
        ]),
        Case::scenario("those that stay are waited for, and said", |side| {
            let stay = "trap \"\" TERM; echo >>ready; while :; do sleep 0.05; done";
            side.service("x", &format!("sh -c '{stay}' &\nexec sleep 1000"));
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("it", || side.exists("x/ready"));
            side.command(["svc", "-d", "--tree", "--wait", "--timeout=0.5", "x"])
                .run();
            side.log("record", side.status("x").expect("a record"));
        })
        .promises(&[
            "run: svc -d --tree --wait --timeout=0.5 x",
            "end: exit 111",
            "stdout:",
            "stderr: svc: warning: x still has processes: timed out",
            "record: status down, paused 0, want d",
        ]),
        Case::scenario("after supervise was killed, by the record's time", |side| {
            let first = beside(side, Whose::Ours, FAMILY, ALL);
            end_supervises(side);
            drop(first);
            let _successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log("left", sleepers(side, "x"));
            side.log("beside it", sleepers(side, "y"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "left: 2001 2002",
            "beside it: 1000 1001 1002",
        ]),
        Case::scenario("what is down is told as ever", |side| {
            side.fake_supervise("x", Status::down());
            side.command(["svc", "-dt", "--tree", "x"]).run();
            side.log_control("x");
        })
        .promises(&[
            "run: svc -dt --tree x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "x/supervise/control: dt",
        ]),
    ]
}

/// Where it can't be sure, it sends nothing, and lets go on what it has stopped.
fn doubts() -> Vec<Case> {
    let nothing = |what: &str| {
        [
            "end: exit 111".to_owned(),
            "stdout:".to_owned(),
            format!("stderr: svc: warning: {what}"),
            "still there: 1000 1001 1002 1003 1004 1005 2001 2002".to_owned(),
            "stopped: none".to_owned(),
            "record: status up, paused 0, want u".to_owned(),
        ]
    };
    let look = |side: &Side| {
        side.log("still there", sleepers(side, "x"));
        let stopped = || named(side, "x", |now| now.state == 'T');
        within(|| stopped() == "none");
        side.log("stopped", stopped());
        side.log("record", side.status("x").expect("a record"));
    };
    let injected = |name: &str, fault: &'static str, what: &str| {
        Case::scenario(name, move |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            let svc = side.bin("svc");
            let fault = format!("-einject={fault}");
            let strace = ["/usr/bin/strace", "-o/dev/null", &fault].map(AsRef::as_ref);
            let words = ["-d", "--tree", "--strict", "x"].map(AsRef::as_ref);
            let process = side
                .command(strace.into_iter().chain([svc.as_os_str()]).chain(words))
                .spawn();
            side.log("end", process.wait());
            side.log_output(&process);
            look(side);
        })
        .needs(Need::Strace)
        .promises(&nothing(what).each_ref().map(String::as_str))
    };
    vec![
        injected(
            "without pidfds",
            "pidfd_open:error=ENOSYS",
            "unable to find all processes of x: system call not available",
        ),
        injected(
            "without pidfds for some",
            "pidfd_open:error=EMFILE:when=4+",
            "unable to find all processes of x: process cannot open more files",
        ),
        injected(
            "without supervise's ear once all are held",
            "write:error=EIO:when=1",
            "error writing commands to x: input/output error",
        ),
        Case::scenario("without /proc", move |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            let svc = side.bin("svc");
            let script = format!(
                "mount -t tmpfs none /proc && exec {} -d --tree --strict x",
                svc.display()
            );
            let process = side
                .command(["/usr/bin/unshare", "-m", "/bin/sh", "-c", &script])
                .spawn();
            side.log("end", process.wait());
            side.log_output(&process);
            look(side);
        })
        .needs(Need::Namespaces)
        .promises(
            &nothing("unable to find all processes of x: /proc does not show them")
                .each_ref()
                .map(String::as_str),
        ),
        Case::scenario("a pid that may be another's by now", |side| {
            side.fake_supervise("x", Status::up(side.own_pid()));
            let svc = side
                .command(["svc", "-k", "--tree", "--strict", "x"])
                .spawn();
            side.log("end", svc.wait());
            let stderr = String::from_utf8_lossy(&svc.stderr()).into_owned();
            let stderr = stderr.replace(&side.own_pid().to_string(), "N");
            side.log("stderr", stderr.trim_end());
            side.log_control("x");
        })
        .promises(&[
            "end: exit 111",
            "stderr: svc: warning: unable to tell whether process N is x: nothing sent",
            "x/supervise/control:",
        ]),
    ]
}

/// Two services in one process group, `x` with this `run`, and `y`: all of `x` is there.
fn beside(side: &Side, whose: Whose, run: &str, all: &str) -> Proc {
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
fn end_supervises(side: &Side) {
    for entry in processes(side, &["x", "y"], "supervise") {
        kill(entry.pid, Signal::SIGKILL).expect("a signal");
    }
    side.until("nobody supervises x", || !side.is_supervised("x"));
}

/// The processes called `name` that work in one of these directories.
fn processes(side: &Side, dirs: &[&str], name: &str) -> Vec<Entry> {
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

/// The sleeps of a service that `which` picks, by their numbers.
fn named(side: &Side, dir: &str, which: impl Fn(&Entry) -> bool) -> String {
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

fn sleepers(side: &Side, dir: &str) -> String {
    named(side, dir, |_| true)
}

fn pids(side: &Side, dir: &str) -> Vec<i32> {
    let found = processes(side, &[dir], "sleep");
    found.iter().map(|entry| entry.pid.as_raw()).collect()
}

fn is_alive(pid: i32) -> bool {
    Entry::of(pid).is_some_and(|entry| entry.state != 'Z')
}

/// The lines of a file, sorted, in one.
fn lines(side: &Side, path: &str) -> String {
    let text = String::from_utf8_lossy(&side.read(path)).into_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join(" ")
}
