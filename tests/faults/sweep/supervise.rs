//! supervise: it obeys commands and restarts its service although calls fail.

use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Status};

use super::{Injection, name, pairs};

/// The number of calls that fail in a row.
const FAILURES: u32 = 9;

/// Without `kill`: it fails only for a process that has ended.
const CALLS: [&str; 14] = [
    "openat",
    "read",
    "write",
    "pwrite64",
    "rename,renameat,renameat2",
    "unlinkat",
    "mkdir,mkdirat",
    "mknod,mknodat",
    "clone,clone3,fork,vfork",
    "fcntl",
    "newfstatat,stat,lstat,fstat",
    "ppoll",
    "wait4",
    "flock",
];

/// The calls that a policy adds, or that matter anew.
const POLICY_CALLS: [&str; 7] = [
    "openat",
    "read",
    "newfstatat,stat,lstat,fstat",
    "unlinkat",
    "clone,clone3,fork,vfork",
    "waitid",
    "wait4",
];

/// All that makes calls of its own.
const POLICY: &str = "ready-fd = 3\nready-timeout = 60\nstop-timeout = 60\nown-session = true\n\
    finish = true\nbackoff = 1\n";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = pairs(&CALLS, |call, error| fails(call, error, None));
    cases.extend(pairs(&POLICY_CALLS, |call, error| {
        fails(call, error, Some(POLICY))
    }));
    cases
}

fn fails(call: &'static str, error: &'static str, policy: Option<&'static str>) -> Case {
    let with = if policy.is_some() {
        " with a policy"
    } else {
        ""
    };
    Case::scenario(
        format!("supervise{with} comes through {}: {error}", name(call)),
        move |side| {
            side.service("x", "exec sleep 1000");
            if let Some(policy) = policy {
                side.service("x", "echo >&3; exec sleep 1000");
                side.script("x/finish", "exit 0");
                side.file("x/supervise.toml", policy);
            }
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            let fault = format!("{call}:error={error}:when=1..{FAILURES}");
            let injection = Injection::attach(side, &supervise, &fault);
            // Events that need every call: an end, a start, records, signals.
            let first = side.status("x").map_or(0, |status| status.pid);
            for letters in [&b"pc"[..], b"k", b"d", b"u", b"pc", b"k"] {
                if supervise.ended().is_none() {
                    side.control("x", letters);
                }
                side.until("the letters read", || side.unread_control("x") == 0);
            }
            injection.end();
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

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}
