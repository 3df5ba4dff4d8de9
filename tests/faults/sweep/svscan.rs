//! svscan: new services are started, and dead supervises are restarted on the same pipe.

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

use super::{Injection, name, pairs};
use crate::svscan::{
    KEEP, SLEEPER, another, has, kill_all, lines, link, pids, say, started, supervises,
};
use crate::within;

/// The number of calls that fail in a row. Most are tried again after a second.
const FAILURES: usize = 3;

/// The system calls of a running svscan.
const CALLS: [&str; 11] = [
    "openat",
    "read",
    "close",
    "getdents64",
    "lseek",
    "newfstatat,stat,lstat,fstat",
    "inotify_add_watch",
    "pipe2",
    "clone,clone3,fork,vfork",
    "ppoll",
    "wait4",
];

/// The additional system calls of a svscan that takes over, each with the most times.
const TAKEOVER: [(&str, usize); 13] = [
    ("openat", 26),
    ("read", 34),
    ("write", 3),
    ("fcntl", 7),
    ("newfstatat,stat,lstat,fstat", 37),
    ("readlink", 7),
    ("getdents64", 10),
    ("lseek", 5),
    ("pidfd_open", 3),
    ("poll", 3),
    ("epoll_create1", 1),
    ("epoll_ctl", 3),
    ("epoll_wait", 1),
];

/// The most messages that are allowed.
const MESSAGES: usize = 20;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = pairs(&CALLS, fails);
    for (call, times) in TAKEOVER {
        for first in (1..=times).step_by(FAILURES) {
            let errors = ["EMFILE", "EINTR", "EIO"];
            cases.extend(errors.map(|error| fails_to_take_over(call, error, first)));
        }
    }
    cases
}

fn fails(call: &'static str, error: &'static str) -> Case {
    Case::scenario(
        format!("svscan comes through {}: {error}", name(call)),
        move |side| {
            let (svscan, before) = started(side);
            let pipe = link(supervises(side, "s/x")[0], "1");
            let fault = format!("{call}:error={error}:when=1..{FAILURES}");
            let injection = Injection::attach(side, &svscan, &fault);
            // Events that need every call: new names, supervises that end.
            side.service("made/z", SLEEPER);
            side.rename("made/z", "s/z");
            side.service("s/w", SLEEPER);
            side.service("s/w/log", KEEP);
            for dir in ["s/x", "s/x/log", "s/y"] {
                restarted(side, dir);
            }
            for dir in ["s/z", "s/w", "s/w/log"] {
                side.until_status(dir, "up", Status::is_up);
            }
            side.until("a failure", || injection.failed() > 0);
            injection.end();
            finish(side, &svscan, before, &pipe);
        },
    )
    .needs(Need::Strace)
    .promises(PROMISE)
}

fn fails_to_take_over(call: &'static str, error: &'static str, first: usize) -> Case {
    Case::scenario(
        format!("svscan takes over through {call} {first}: {error}"),
        move |side| {
            let (killed, before) = started(side);
            let pipe = link(supervises(side, "s/x")[0], "1");
            killed.signal(Signal::SIGKILL);
            let _ = killed.wait();
            let last = first + FAILURES - 1;
            let fault = format!("{call}:error={error}:when={first}..{last}");
            let (injection, options) = Injection::options(side, "injection", &fault);
            let mut words = vec!["/usr/bin/strace".to_owned(), "-D".to_owned()];
            words.extend(options);
            words.extend([side.bin("svscan").display().to_string(), "s".to_owned()]);
            let svscan = side.command(words).spawn();
            side.until("a failure", || {
                injection.failed() > 0 || svscan.ended().is_some() || has(&svscan, &pipe)
            });
            for dir in ["s/x", "s/x/log", "s/y"] {
                restarted(side, dir);
            }
            injection.end();
            finish(side, &svscan, before, &pipe);
        },
    )
    .needs(Need::Strace)
    .promises(PROMISE)
}

const PROMISE: &[&str] = &[
    "lives: true",
    "supervises: 1 1 1",
    "same pipe: true true",
    "lines: before after",
    "same pids: true",
    "few messages: true",
];

/// Kills the supervise of a directory and waits for the next one.
fn restarted(side: &Side, dir: &str) {
    let old = supervises(side, dir);
    kill_all(&old);
    another(side, dir, &old);
}

/// Calls succeed again: one more supervise is killed at either end of the pipe, and a line
/// is logged.
fn finish(side: &Side, svscan: &Proc, before: [u32; 3], pipe: &str) {
    side.log("lives", svscan.ended().is_none());
    restarted(side, "s/x");
    restarted(side, "s/x/log");
    let count = |dir| supervises(side, dir).len();
    let counts = ["s/x", "s/x/log", "s/y"].map(count).map(|n| n.to_string());
    side.log("supervises", counts.join(" "));
    let joined = [("s/x", "1"), ("s/x/log", "0")];
    let same = joined.map(|(dir, number)| link(supervises(side, dir)[0], number) == pipe);
    side.log("same pipe", format!("{} {}", same[0], same[1]));
    say(side, "after");
    within(|| lines(side) == "before\nafter\n");
    side.log("lines", lines(side).replace('\n', " ").trim());
    side.log("same pids", pids(side) == before);
    let stderr = String::from_utf8_lossy(&svscan.stderr()).into_owned();
    let few = stderr.lines().count() <= MESSAGES;
    side.log("few messages", few);
    if !few {
        side.log("stderr", stderr);
    }
}
