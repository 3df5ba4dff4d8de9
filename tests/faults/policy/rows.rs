//! What an operator asks for, on real processes: the messages, `finish`, sessions and
//! readiness.

use std::fs;

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

use super::detail;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::scenario("the exit code of an adopted service is known", |side| {
            let run = "while ! test -e go; do sleep 0.02; done; exit 7";
            let first = service(side, "restart = \"never\"\n", run);
            side.until_status("x", "up", Status::is_up);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let _successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.file("x/go", "");
            until_stage(side, "failed");
            let exit = detail(side, "exit").unwrap_or_default();
            side.log("exit", if tells_ends() { &exit } else { "7" });
        })
        .needs(Need::Pidfds)
        .without_files()
        .promises(&["exit: 7"]),
        Case::scenario("finish is told code, signal and what is next", |side| {
            let run = "test -e quick || exec sleep 1000; exit 3";
            let policy = "restart = \"on-failure\"\nfinish = true\n";
            let supervise = with_finish(side, policy, run, "echo \"$@\" >>../finishes");
            side.until_status("x", "up", Status::is_up);
            let lines = || {
                String::from_utf8_lossy(&read(side, "finishes"))
                    .lines()
                    .count()
            };
            side.control("x", b"k");
            side.until("the first", || lines() == 1);
            side.until_status("x", "up", Status::is_up);
            side.file("x/quick", "");
            side.control("x", b"t");
            side.until("the second and the third", || lines() >= 3);
            side.control("x", b"d");
            until_stage(side, "down");
            side.control("x", b"x");
            let _ = supervise.wait();
            let text = String::from_utf8_lossy(&read(side, "finishes")).into_owned();
            for line in text.lines().take(3) {
                side.log("finish", line);
            }
        })
        .without_files()
        .promises(&[
            "finish: -1 9 restart",
            "finish: -1 15 restart",
            "finish: 3 0 restart",
        ]),
        Case::scenario("what is left of an own session is killed", |side| {
            let run = "sleep 1000 & echo $! >>../child; exec sleep 1000";
            let supervise = service(side, "own-session = true\n", run);
            let child = || read(side, "child");
            side.until("a child", || child().ends_with(b"\n"));
            let pid = String::from_utf8_lossy(&child())
                .trim()
                .parse()
                .unwrap_or(0);
            side.log("alive", alive(pid));
            side.control("x", b"dx");
            let _ = supervise.wait();
            side.until("its end", || !alive(pid));
            side.log("alive", alive(pid));
        })
        .without_files()
        .promises(&["alive: true", "alive: false"]),
        Case::scenario(
            "the descriptor for ready replaces an inherited one",
            |side| {
                side.service("x", "echo >&3; exec sleep 1000");
                side.file("x/supervise.toml", "ready-fd = 3\n");
                side.file("theirs", "");
                let theirs = fs::OpenOptions::new()
                    .append(true)
                    .open(side.path("theirs"))
                    .expect("a file");
                let supervise = side.command(["supervise", "x"]).pass(3, theirs).spawn();
                until_stage(side, "ready");
                side.log("written to theirs", side.read("theirs").len());
                side.log("ready has", side.read("x/supervise/ready").len());
                side.control("x", b"dx");
                let _ = supervise.wait();
            },
        )
        .without_files()
        .promises(&["written to theirs: 0", "ready has: 1"]),
        Case::scenario("an adopted service's session is left alone", |side| {
            let run = "sleep 1000 & echo $! >>../child; exec sleep 1000";
            let first = service(side, "own-session = true\n", run);
            side.until("a child", || read(side, "child").ends_with(b"\n"));
            let child = String::from_utf8_lossy(&read(side, "child")).trim().parse();
            let child = child.expect("a pid");
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.control("x", b"dx");
            let _ = successor.wait();
            side.log("child lives", alive(child));
            side.log("says", String::from_utf8_lossy(&successor.stderr()).trim());
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
        })
        .needs(Need::Pidfds)
        .without_files()
        .promises(&[
            "child lives: true",
            "says: supervise: warning: x was taken over: what is left of its session is left alone",
        ]),
        Case::scenario("a finish that runs is waited for by a successor", |side| {
            let policy = "finish = true\nfinish-timeout = 60\n";
            let finish = "echo >>../finishes; exec sleep 1000";
            let first = with_finish(side, policy, "echo >>../runs", finish);
            let lines = |name: &str| read(side, name).len();
            side.until("finish", || lines("finishes") == 1);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.log("stage", detail(side, "stage").unwrap_or_default());
            side.log("runs", lines("runs"));
            side.control("x", b"tk");
            side.until("the next run", || lines("runs") == 2);
            side.until("its finish", || lines("finishes") == 2);
            side.control("x", b"xk");
            side.log("leaves", successor.wait());
            side.log("says", String::from_utf8_lossy(&successor.stderr()).trim());
        })
        .needs(Need::Pidfds)
        .without_files()
        .promises(&["stage: finishing", "runs: 1", "leaves: exit 0", "says:"]),
        Case::scenario("finish has a limit", |side| {
            let policy = "finish = true\nfinish-timeout = 1.5\nrestart = \"on-failure\"\n";
            let finish = "trap '' TERM; sleep 1000 & echo $! >>../child; wait";
            let supervise = with_finish(side, policy, "exit 0", finish);
            until_stage(side, "finished");
            let child = String::from_utf8_lossy(&read(side, "child")).trim().parse();
            let child = child.expect("a pid");
            side.until("the end of its child", || !alive(child));
            side.log("says", String::from_utf8_lossy(&supervise.stderr()).trim());
            side.control("x", b"x");
            let _ = supervise.wait();
        })
        .without_files()
        .promises(&["says: supervise: warning: x/finish did not end within 1.5 s: killed"]),
    ];
    cases.extend(messages());
    cases
}

/// A service with a policy, and what its supervise says.
fn service(side: &Side, policy: &str, run: &str) -> Proc {
    side.service("x", run);
    side.file("x/supervise.toml", policy);
    side.command(["supervise", "x"]).spawn()
}

/// The same with a `./finish`.
fn with_finish(side: &Side, policy: &str, run: &str, finish: &str) -> Proc {
    side.service("x", run);
    side.script("x/finish", finish);
    service(side, policy, run)
}

fn until_stage(side: &Side, stage: &str) {
    side.until(stage, || detail(side, "stage").as_deref() == Some(stage));
}

fn read(side: &Side, path: &str) -> Vec<u8> {
    if side.exists(path) {
        side.read(path)
    } else {
        Vec::new()
    }
}

/// Whether the kernel tells how a process ended that is no child: from Linux 6.15 on.
fn tells_ends() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse().ok());
    (numbers.next(), numbers.next()) >= (Some(6), Some(15))
}

fn alive(pid: i32) -> bool {
    conformance::process::Entry::of(pid).is_some_and(|entry| entry.state != 'Z')
}

/// A service that is started, told `letters`, and reaches a stage.
fn says(
    name: &str,
    policy: &'static str,
    run: &'static str,
    letters: &'static [u8],
    stage: &'static str,
    message: &str,
) -> Case {
    Case::scenario(name, move |side| {
        let supervise = service(side, policy, run);
        side.until("its start", || detail(side, "starts").is_some());
        side.until("its run", || side.exists("x/runs"));
        if !letters.is_empty() {
            side.control("x", letters);
        }
        until_stage(side, stage);
        side.log("says", String::from_utf8_lossy(&supervise.stderr()).trim());
        side.control("x", b"dkx");
        let _ = supervise.wait();
    })
    .without_files()
    .promises(&[&format!("says: supervise: warning: {message}")])
}

fn messages() -> Vec<Case> {
    vec![
        says(
            "says that it has given up",
            "give-up = 2\n",
            "touch runs; exit 4",
            b"",
            "failed",
            "x has ended early 2 times in a row (exit code 4): given up; svc -u starts it",
        ),
        says(
            "says that it has killed a service that did not end",
            "stop-timeout = 0.25\nstop-signal = \"SIGQUIT\"\n",
            "trap '' QUIT; touch runs; while :; do sleep 0.1; done",
            b"d",
            "down",
            "x did not end within 0.25 s of QUIT: killed",
        ),
        says(
            "says that a service is not ready in time",
            "ready-fd = 5\nready-timeout = 0.5\ngive-up = 1\n",
            "trap '' TERM; touch runs; while :; do sleep 0.1; done",
            b"",
            "stopping",
            "x is not ready after 0.5 s: stopping it",
        ),
        says(
            "says that a service cannot be ready any more",
            "ready-fd = 5\nready-timeout = 0.5\n",
            "exec 5>&-; trap '' TERM; touch runs; while :; do sleep 0.1; done",
            b"",
            "stopping",
            "x is not ready after 0.5 s, and has closed descriptor 5 without a word: stopping it",
        ),
        says(
            "says that finish is not there",
            "finish = true\nrestart = \"on-failure\"\n",
            "touch runs; exit 0",
            b"",
            "finished",
            "unable to start x/finish: file does not exist: going on without it",
        ),
        Case::scenario("trouble in a file is told once a version", |side| {
            let supervise = service(side, "stop-tiemout = 1\n", "exec sleep 1000");
            let again = || {
                let before = side.until_status("x", "up", Status::is_up);
                side.control("x", b"t");
                side.until_restarted("x", before.pid);
            };
            again();
            again();
            side.file("x/supervise.toml", "restart = \"never\"\nready-fd = 2\n");
            again();
            again();
            side.remove("x/supervise.toml");
            side.mkdir("x/supervise.toml");
            again();
            again();
            let status = side.until_status("x", "up", Status::is_up);
            let pid = i32::try_from(status.pid).expect("a pid");
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM);
            // What it said before holds.
            until_stage(side, "failed");
            for line in String::from_utf8_lossy(&supervise.stderr()).lines() {
                side.log("says", line);
            }
            side.control("x", b"x");
            let _ = supervise.wait();
        })
        .without_files()
        .promises(&[
            "says: supervise: warning: x/supervise.toml, line 1: unknown name stop-tiemout, ignored",
            "says: supervise: warning: x/supervise.toml, line 2: ready-fd wants a number from 3 to 255, ignored",
            "says: supervise: warning: unable to read x/supervise.toml: not a regular file: what it said before holds",
        ]),
    ]
}
