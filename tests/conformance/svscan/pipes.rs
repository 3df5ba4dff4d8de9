//! The pipe between a service and its logger outlives both processes.

use std::fs;

use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{SLEEPER, log_said, output, scan};

/// A tree whose service prints the next number at each start, and whose logger appends to
/// `lines`.
fn pair(side: &Side) -> Proc {
    side.service(
        "s/x",
        "echo start >> starts\nwc -l < starts\nexec sleep 1000",
    );
    side.service("s/x/log", "exec cat >> lines");
    let svscan = scan(side, &["x", "x/log"]);
    until_lines(side, 1);
    svscan
}

/// Waits for the lines 1 to `count` in the log: none lost, none doubled.
fn until_lines(side: &Side, count: usize) {
    let expected: String = (1..=count).map(|number| format!("{number}\n")).collect();
    side.until(&format!("{count} lines"), || {
        side.read("s/x/log/lines") == expected.as_bytes()
    });
}

fn end_process(side: &Side, dir: &str) -> u32 {
    let pid = side.until_status(dir, "up", Status::is_up).pid;
    kill(
        Pid::from_raw(i32::try_from(pid).expect("a pid")),
        Signal::SIGKILL,
    )
    .expect("it runs");
    pid
}

pub(super) fn cases() -> Vec<Case> {
    let pipe_of = |side: &Side, dir: &str, number: u32| {
        let pid = side.until_status(dir, "up", Status::is_up).pid;
        fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("an open descriptor")
    };
    let steps = |name: &str, step: fn(&Side)| {
        Case::scenario(name, move |side| {
            let svscan = pair(side);
            let before = pipe_of(side, "s/x", 1);
            step(side);
            assert_eq!(pipe_of(side, "s/x", 1), before, "the same pipe");
            assert_eq!(pipe_of(side, "s/x/log", 0), before, "on both sides");
            side.log_file("s/x/log/lines");
            log_said(side, &svscan);
        })
        .without_files()
    };
    vec![
        steps("the pipe outlives the service", |side| {
            for count in 2..=3 {
                end_process(side, "s/x");
                until_lines(side, count);
            }
        }),
        steps("the pipe outlives the logger", |side| {
            let old = end_process(side, "s/x/log");
            side.until_restarted("s/x/log", old);
            end_process(side, "s/x");
            until_lines(side, 2);
        }),
        steps("the pipe outlives the service's supervise", |side| {
            side.control("s/x", b"dx");
            until_lines(side, 2);
        }),
        steps("the pipe outlives the logger's supervise", |side| {
            let old = side.status("s/x/log").expect("a record").pid;
            side.control("s/x/log", b"dx");
            // cat reads until TERM, so lines that are written now stay in the pipe.
            side.until_restarted("s/x/log", old);
            end_process(side, "s/x");
            until_lines(side, 2);
        }),
        steps("what is written while the logger is down is kept", |side| {
            side.control("s/x/log", b"d");
            side.until_status("s/x/log", "down", Status::is_down);
            end_process(side, "s/x");
            side.until("a second start", || side.read("s/x/starts").len() == 12);
            end_process(side, "s/x");
            side.until("a third start", || side.read("s/x/starts").len() == 18);
            side.control("s/x/log", b"u");
            until_lines(side, 3);
        }),
        Case::scenario("each pair has a pipe of its own", move |side| {
            for name in ["a", "b"] {
                side.service(
                    &format!("s/{name}"),
                    &format!("echo {name}\nexec sleep 1000"),
                );
                side.service(&format!("s/{name}/log"), "exec cat > out");
            }
            let _svscan = scan(side, &["a", "a/log", "b", "b/log"]);
            side.until("a line each", || {
                side.read("s/a/log/out") == b"a\n" && side.read("s/b/log/out") == b"b\n"
            });
            assert_ne!(pipe_of(side, "s/a", 1), pipe_of(side, "s/b", 1));
        }),
        Case::scenario("each end is held by its own side alone", |side| {
            const FDS: &str = "for fd in /proc/self/fd/*; do readlink $fd; done";
            let run = format!(
                "({FDS}) 2>&- | sed 's/[0-9]//g' | sort -u > fds.new\nmv fds.new fds\n{SLEEPER}"
            );
            side.service("s/x", &run);
            side.service("s/x/log", &run);
            let _svscan = scan(side, &["x", "x/log"]);
            side.log("the service's input", output(side, "s/x", 0));
            side.log("the service's output", output(side, "s/x", 1));
            side.log("the service's errors", output(side, "s/x", 2));
            side.log("the logger's input", output(side, "s/x/log", 0));
            side.log("the logger's output", output(side, "s/x/log", 1));
            for dir in ["s/x", "s/x/log"] {
                let pid = side.until_status(dir, "up", Status::is_up).pid;
                side.until("it sleeps", || {
                    fs::read(format!("/proc/{pid}/comm")).is_ok_and(|name| name == b"sleep\n")
                });
                let count = fs::read_dir(format!("/proc/{pid}/fd"))
                    .expect("it runs")
                    .count();
                side.log(&format!("{dir} descriptors"), count);
            }
        })
        .without_files(),
    ]
}
