//! A supervise that begins while the service of a killed one runs. With any failure there
//! is no second copy: it exits 111 and is started again, or it takes the service over.

use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::case::Need;
use conformance::{Case, Side, Status};
use nix::sys::signal::Signal;

use super::{Injection, name};

/// The system calls of a beginning.
const CALLS: [&str; 13] = [
    "openat",
    "read",
    "newfstatat,stat,lstat,fstat",
    "pidfd_open",
    "poll",
    "fcntl",
    "flock",
    "chdir",
    "mkdir,mkdirat",
    "mknod,mknodat",
    "rt_sigaction",
    "rename,renameat,renameat2",
    "write",
];

/// All errors but "does not exist".
const ERRORS: [&str; 7] = [
    "ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EINTR", "EIO", "EACCES",
];

/// The number of calls that failed, one in each beginning.
static BEGINNINGS: AtomicUsize = AtomicUsize::new(0);

pub(super) fn cases() -> Vec<Case> {
    let pairs = CALLS
        .iter()
        .flat_map(|call| ERRORS.iter().map(move |error| (*call, *error)));
    pairs.map(|(call, error)| fails(call, error)).collect()
}

pub(crate) fn report() {
    let count = BEGINNINGS.load(Ordering::Relaxed);
    if count > 0 {
        println!(
            "sweep: supervise began {count} times beside a running service with one call that failed"
        );
    }
}

fn fails(call: &'static str, error: &'static str) -> Case {
    Case::scenario(
        format!("supervise takes over through {}: {error}", name(call)),
        move |side| {
            side.service("x", "echo >>starts; exec sleep 1000");
            let first = side.command(["supervise", "x"]).spawn();
            let before = side.until_status("x", "up", Status::is_up);
            side.until("its start", || !side.read("x/starts").is_empty());
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            for number in 1.. {
                if !begins(side, &format!("{call}:error={error}:when={number}")) {
                    break;
                }
            }
            let _last = side.command(["supervise", "x"]).spawn();
            side.until("a supervise", || side.is_supervised("x"));
            side.log(
                "same pid",
                side.status("x").map(|now| now.pid) == Some(before.pid),
            );
            side.log("copies", side.read("x/starts").len());
        },
    )
    .needs(Need::Strace)
    .needs(Need::Pidfds)
    .promises(&["same pid: true", "copies: 1"])
}

/// One beginning with one call that fails; gives whether there was such a call.
fn begins(side: &Side, fault: &str) -> bool {
    let (injection, options) = Injection::options(side, "injection", fault);
    let mut words = vec!["/usr/bin/strace".to_owned()];
    words.extend(options);
    words.extend([side.bin("supervise").display().to_string(), "x".to_owned()]);
    let strace = side.command(words).spawn();
    side.until("a beginning", || {
        side.is_supervised("x") || strace.ended().is_some()
    });
    // The call may not have failed yet.
    crate::svscan::kill_all(&crate::svscan::supervises(side, "x"));
    let _ = strace.wait();
    let failed = injection.failed();
    BEGINNINGS.fetch_add(failed, Ordering::Relaxed);
    failed > 0
}
