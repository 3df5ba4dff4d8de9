//! Every system call of a running supervise made to fail, one after the other, with
//! every error that a machine in trouble gives: it goes on, and when the trouble is
//! over it obeys, and its record is true.

use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

/// How many calls fail in a row.
const FAILURES: u32 = 9;

/// Not `kill`: it fails only for a process that is gone.
const CALLS: [&str; 14] = [
    "openat",
    "read",
    "write",
    "rename,renameat,renameat2",
    "unlinkat",
    "mkdir,mkdirat",
    "mknod,mknodat",
    "pipe2",
    "clone,clone3,fork,vfork",
    "fcntl",
    "newfstatat,stat,lstat,fstat",
    "ppoll",
    "wait4",
    "flock",
];

const ERRORS: [&str; 6] = ["ENOMEM", "EMFILE", "ENOSPC", "EAGAIN", "EINTR", "EIO"];

pub(crate) fn cases() -> Vec<Case> {
    let pairs = CALLS
        .iter()
        .flat_map(|call| ERRORS.iter().map(move |error| (*call, *error)));
    pairs.map(|(call, error)| fails(call, error)).collect()
}

fn fails(call: &'static str, error: &'static str) -> Case {
    let first = call.split(',').next().unwrap_or(call);
    Case::scenario(
        format!("supervise comes through {first}: {error}"),
        move |side| {
            side.service("x", "exec sleep 1000");
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            let strace = attach(
                side,
                &supervise,
                &format!("-einject={call}:error={error}:when=1..{FAILURES}"),
            );
            // Work for every call: an end, a start, records, signals.
            let first = side.status("x").map_or(0, |status| status.pid);
            for letters in [&b"pc"[..], b"k", b"d", b"u", b"pc", b"k"] {
                if supervise.ended().is_none() {
                    side.control("x", letters);
                }
                side.until("the letters read", || side.unread_control("x") == 0);
            }
            strace.signal(Signal::SIGINT);
            let _ = strace.wait();
            side.log("lives", supervise.ended().is_none());
            side.until("another process, told truly", || {
                let status = side.status("x");
                status.is_some_and(|now| {
                    now.is_up() && now.pid != first && now.paused == 0 && alive(now.pid)
                })
            });
            side.control("x", b"dx");
            side.log("leaves", supervise.wait());
            side.log(
                "record",
                side.status("x")
                    .map_or(String::new(), |now| now.to_string()),
            );
        },
    )
    .needs(Need::Strace)
    .promises(&[
        "lives: true",
        "leaves: exit 0",
        "record: status down, paused 0, want d",
    ])
}

/// strace on a running process, once it traces.
fn attach(side: &Side, process: &Proc, fault: &str) -> Proc {
    let pid = format!("-p{}", process.pid());
    let strace = side
        .command(["/usr/bin/strace", "-o/dev/null", fault, &pid])
        .spawn();
    let status = format!("/proc/{}/status", process.pid());
    side.until("the tracer", || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let tracer = text
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|pid| pid.trim() != "0")
    });
    strace
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}
