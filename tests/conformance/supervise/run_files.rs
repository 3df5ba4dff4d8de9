//! Files of all types called `run`.

use std::io::Write;

use conformance::{Case, Side};

/// Starts a service with this `run`; logs the message, which must come at least twice.
pub(super) fn cases() -> Vec<Case> {
    let fails = |name: &str, setup: fn(&Side)| {
        Case::scenario(name, move |side| {
            side.mkdir("x");
            setup(side);
            let supervise = side.command(["supervise", "x"]).spawn();
            let lines = || -> Vec<Vec<u8>> {
                let text = supervise.stderr();
                let lines = text.split_inclusive(|&byte| byte == b'\n');
                lines
                    .filter(|line| line.ends_with(b"\n"))
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            side.until("two messages", || lines().len() >= 2);
            let mut different = lines();
            different.dedup();
            side.log_bytes("said", &different.concat());
            side.log("ended", supervise.ended().is_some());
            side.control("x", b"dx");
            side.log("end", supervise.wait());
            side.log("status", side.status("x").expect("a record"));
        })
    };
    vec![
        fails("no run", |_| ()),
        fails("run is not executable", |side| {
            side.file("x/run", "#!/bin/sh\n");
        }),
        fails("run is a directory", |side| {
            side.mkdir("x/run");
        }),
        fails("run has no #!", |side| {
            side.executable("x/run", "exec sleep 1000\n");
        }),
        fails("run is empty", |side| {
            side.executable("x/run", "");
        }),
        fails("run has an interpreter that is missing", |side| {
            side.executable("x/run", "#!/no/such/interpreter\n");
        }),
        fails("run is a dangling link", |side| {
            side.symlink("gone", "x/run");
        }),
        fails("run is a link to itself", |side| {
            side.symlink("run", "x/run");
        }),
        fails("run is a FIFO", |side| {
            side.fifo("x/run");
            side.mode("x/run", 0o755);
        }),
        Case::scenario("run made later is found", |side| {
            side.mkdir("x");
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until("a message", || !supervise.stderr().is_empty());
            side.recorder("new");
            side.rename("new/run", "x/run");
            side.log("rest", side.until_rest("x", &supervise));
        })
        .without_files(),
        Case::scenario("run is a link to a program", |side| {
            side.mkdir("x");
            side.symlink("/bin/cat", "x/run");
            let (read, write) = side.pipe();
            let supervise = side.command(["supervise", "x"]).stdin_file(read).spawn();
            let status = side.until_status("x", "up", conformance::Status::is_up);
            side.until("cat runs", || {
                std::fs::read(format!("/proc/{}/cmdline", status.pid))
                    .is_ok_and(|words| !words.is_empty() && !words.starts_with(b"supervise"))
            });
            let words = std::fs::read(format!("/proc/{}/cmdline", status.pid)).expect("cat runs");
            side.log_bytes("arguments", &words);
            (&write).write_all(b"hello\n").expect("a reader");
            side.hold(write);
            side.until("its output", || supervise.stdout() == b"hello\n");
            side.log_output(&supervise);
        }),
    ]
}
