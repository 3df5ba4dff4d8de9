//! svscan's arguments, its end, its search for supervise, and the inheritance of its
//! children.

use std::collections::BTreeSet;
use std::fs;

use conformance::process::{Entry, all};
use conformance::{Case, Status};
use nix::sys::signal::Signal;

use super::{SLEEPER, children, log_said, scan, supervised, until_scanned};

pub(super) fn arguments() -> Vec<Case> {
    vec![
        Case::new("no such directory").run(["svscan", "s"]),
        Case::new("a file")
            .setup(|side| {
                side.file("s", "");
            })
            .run(["svscan", "s"]),
        Case::new("an option is a name").run(["svscan", "-x"]),
        Case::new("two dashes are a name").run(["svscan", "--", "s"]),
        Case::new("an empty name").run(["svscan", ""]),
        Case::new("no permission to enter").then(|side| {
            side.mkdir("s");
            side.mode("s", 0);
            side.command(["svscan", "s"]).unprivileged().run();
            side.mode("s", 0o755);
        }),
        Case::scenario("the working directory without an argument", |side| {
            side.service("s/x", SLEEPER);
            let svscan = side.command(["svscan"]).cwd("s").spawn();
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("further arguments do not count", |side| {
            side.service("s/x", SLEEPER);
            side.service("t/x", SLEEPER);
            let svscan = side.command(["svscan", "s", "t"]).spawn();
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            until_scanned(side, "again");
            side.log("t", side.exists("t/x/supervise"));
            log_said(side, &svscan);
        }),
        Case::scenario("its working directory is the scan directory", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let cwd = fs::read_link(format!("/proc/{}/cwd", svscan.pid())).expect("it runs");
            side.log("directory", cwd.display());
            let comm = fs::read(format!("/proc/{}/comm", svscan.pid())).expect("it runs");
            side.log_bytes("name", &comm);
        }),
        Case::scenario("supervise gets one argument, the name", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/log", "exec cat");
            let svscan = scan(side, &["x", "x/log"]);
            let mut seen = BTreeSet::new();
            for entry in all()
                .iter()
                .filter(|entry| entry.parent.as_raw() == svscan.pid())
            {
                let pid = entry.pid;
                let words = fs::read(format!("/proc/{pid}/cmdline")).expect("it runs");
                let cwd = fs::read_link(format!("/proc/{pid}/cwd")).expect("it runs");
                seen.insert((words, cwd));
            }
            for (words, cwd) in seen {
                side.log_bytes("child", &words);
                side.log("in", cwd.display());
            }
        }),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario("TERM ends it alone: its services live on", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let before = side.status("s/x").expect("a record");
            svscan.signal(Signal::SIGTERM);
            side.log("end", svscan.wait());
            supervised(side, "x");
            assert_eq!(side.status("s/x"), Some(before), "the service goes on");
            side.command(["svc", "-dx", "s/x"]).run();
            side.until("supervise obeys", || !side.is_supervised("s/x"));
        }),
        Case::scenario("supervise is looked for on the path", |side| {
            side.service("s/x", SLEEPER);
            side.script("first/supervise", "echo \"mine: $*\" >&2; exec sleep 1000");
            let path = format!("PATH={}:/usr/bin:/bin", side.path("first").display());
            side.mkdir("s");
            let svscan = side.command(["svscan", "s"]).env_clear().env(path).spawn();
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("no supervise on the path", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            let svscan = side
                .command(["svscan", "s"])
                .env_clear()
                .env("PATH=/nowhere")
                .spawn();
            side.until("two messages", || {
                svscan
                    .stderr()
                    .iter()
                    .filter(|&&byte| byte == b'\n')
                    .count()
                    >= 2
            });
            side.log("ended", svscan.ended().is_some());
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a supervise that may not be executed is passed by",
            |side| {
                side.service("s/x", SLEEPER);
                side.file("first/supervise", "not a program");
                let own = side.path_variable();
                let path = format!("PATH={}:{}", side.path("first").display(), own.display());
                let svscan = side.command(["svscan", "s"]).env_clear().env(path).spawn();
                side.log("x", side.until_status("s/x", "up", Status::is_up));
                log_said(side, &svscan);
            },
        ),
        Case::scenario("children that it did not start are reaped", |side| {
            side.service("s/x", SLEEPER);
            let script = "true & sleep 0.1; exec svscan s";
            let svscan = side.command(["/bin/sh", "-c", script]).spawn();
            side.until_status("s/x", "up", Status::is_up);
            side.until("the zombie is gone", || {
                let table = all();
                !table
                    .iter()
                    .any(|entry| entry.parent.as_raw() == svscan.pid() && entry.state == 'Z')
            });
            side.log("children", children(&svscan));
        }),
        Case::scenario(
            "the session, the group and the environment pass through",
            |side| {
                side.executable("s/x/run", "#!/bin/cat /proc/self/environ\n");
                side.file("s/x/down", "");
                let svscan = side
                    .command(["svscan", "s"])
                    .env("A=1")
                    .env("lonely")
                    .env("A=2")
                    .spawn();
                let first = side.until_status("s/x", "down", Status::is_down);
                side.control("s/x", b"o");
                side.until("its output", || svscan.stdout().ends_with(b"environ\n"));
                side.log_output(&svscan);
                side.until_status("s/x", "down again", |status| {
                    status.is_down() && (status.stamp, status.nanos) != (first.stamp, first.nanos)
                });
                let supervise = all()
                    .into_iter()
                    .find(|entry| entry.parent.as_raw() == svscan.pid());
                let supervise: Entry = supervise.expect("it runs");
                side.log(
                    "the same session",
                    supervise.session.as_raw() == svscan.pid(),
                );
                side.log("the same group", supervise.group.as_raw() == svscan.pid());
            },
        ),
        Case::scenario("a blocked or ignored signal passes through", |side| {
            side.service("s/x", "grep -E '^Sig(Blk|Ign)' /proc/self/status > mask.new\nmv mask.new mask\nexec sleep 1000");
            let command = side
                .command(["svscan", "s"])
                .ignore(Signal::SIGHUP)
                .ignore(Signal::SIGPIPE);
            let _svscan = command.block(Signal::SIGUSR1).spawn();
            side.until("its report", || side.exists("s/x/mask"));
        }),
        Case::scenario("standard input and output closed", |side| {
            side.service(
                "s/x",
                "ls /proc/self/fd > fds.new\nmv fds.new fds\nexec sleep 1000",
            );
            let _svscan = side.command(["svscan", "s"]).close(0).close(1).spawn();
            side.until("its report", || side.exists("s/x/fds"));
        }),
    ]
}
