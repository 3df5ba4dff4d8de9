//! Limits on processes and descriptors: the program reports a failure, obeys commands
//! meanwhile, and tries again when the limit allows. (For the size of files see the full
//! disk, in supervise and multilog.)

use std::fs;

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

use crate::svscan::{another, kill_all, supervises};
use crate::within;

const SLEEPER: &str = "exec sleep 1000";
/// The number of services with loggers; each takes two descriptors.
const SERVICES: usize = 12;

pub(crate) fn cases() -> Vec<Case> {
    let deaf = "the reference sleeps for a minute, deaf";
    let stale = "the reference writes the record at the next change only";
    vec![
        limited("no more processes for its user", "nproc", "1").differs(
            deaf,
            &["obeys: false", "up again: false"],
            &["obeys: true", "up again: true"],
        ),
        limited("no more descriptors for supervise", "nofile", "3").differs(
            stale,
            &["down, told truly: false"],
            &["down, told truly: true"],
        ),
        Case::scenario("no more descriptors for svscan", |side| {
            side.mkdir("s");
            let svscan = side.command(["svscan", "s"]).spawn();
            side.service("s/first", SLEEPER);
            side.until_status("s/first", "up", Status::is_up);
            side.limit(&svscan, "nofile", "16");
            for number in 0..SERVICES {
                side.service(&format!("new/{number}"), SLEEPER);
                side.service(&format!("new/{number}/log"), "exec cat");
                side.rename(format!("new/{number}"), format!("s/{number}"));
            }
            side.until("what fits", || up(side) >= 2);
            side.until("the message", || !svscan.stderr().is_empty());
            side.log("all up", up(side) == SERVICES);
            side.log("lives", svscan.ended().is_none());
            // Each failure is reported once.
            let lines = String::from_utf8_lossy(&svscan.stderr()).lines().count();
            side.log("few messages", lines <= 2 * SERVICES);
            side.limit(&svscan, "nofile", "1024");
            side.until("all services", || up(side) == SERVICES);
            side.log(
                "the first undisturbed",
                side.status("s/first").is_some_and(|now| now.is_up()),
            );
        })
        .promises(&[
            "all up: false",
            "lives: true",
            "few messages: true",
            "the first undisturbed: true",
        ]),
        Case::scenario("as few descriptors as the services' pipes need", |side| {
            all_services(side, "s");
            let svscan = side.command(["svscan", "s"]);
            let limit = inherited(side) + PIPES + 1;
            let _svscan = svscan.limit(libc::RLIMIT_NOFILE, limit).spawn();
            side.until("all services", || up(side) == SERVICES);
        })
        .without_files(),
        Case::scenario(
            "hardly more for a takeover: ends are found by the next scan",
            |side| {
                all_services(side, "s");
                let first = side.command(["svscan", "s"]).spawn();
                side.until("all services", || up(side) == SERVICES);
                first.signal(Signal::SIGKILL);
                let _ = first.wait();
                let svscan = side.command(["svscan", "s"]);
                let limit = inherited(side) + PIPES + 4;
                let svscan = svscan.limit(libc::RLIMIT_NOFILE, limit).spawn();
                side.until("all pipes", || pipe_ends(&svscan) == 2 * SERVICES);
                let dirs = ["s/0", "s/0/log", "s/11", "s/11/log"];
                let old = dirs.map(|dir| supervises(side, dir));
                old.iter().for_each(|old| kill_all(old));
                for (dir, old) in dirs.iter().zip(&old) {
                    another(side, dir, old);
                }
                side.log_bytes("stderr", &svscan.stderr());
            },
        )
        .promises(&["stderr:"]),
    ]
}

/// The descriptors of both ends of all pipes.
const PIPES: u64 = 2 * SERVICES as u64;

/// The number of descriptors that a command begins with: the harness may have inherited
/// some.
fn inherited(side: &Side) -> u64 {
    let count = ["/bin/sh", "-c", "cd /proc/$$/fd; set -- *; echo $#"];
    let shell = side.command(count).spawn();
    let _ = shell.wait();
    let text = String::from_utf8(shell.stdout()).expect("a number");
    // One of them is that of the directory, which the shell reads.
    text.trim().parse::<u64>().expect("a number") - 1
}

fn all_services(side: &Side, scan: &str) {
    for number in 0..SERVICES {
        side.service(&format!("{scan}/{number}"), SLEEPER);
        side.service(&format!("{scan}/{number}/log"), "exec cat");
    }
}

/// The number of pipe ends that a process has open.
fn pipe_ends(process: &Proc) -> usize {
    let fds = fs::read_dir(format!("/proc/{}/fd", process.pid()));
    let links = fds.into_iter().flatten().flatten();
    let links = links.filter_map(|fd| fs::read_link(fd.path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with("pipe:"))
        .count()
}

/// The number of services and loggers that are up.
fn up(side: &Side) -> usize {
    let is_up = |dir: String| side.status(dir).is_some_and(|now| now.is_up());
    let both = |number: &usize| is_up(format!("s/{number}")) && is_up(format!("s/{number}/log"));
    (0..SERVICES).filter(both).count()
}

/// supervise as nobody, whose service ends while a limit is set.
fn limited(name: &str, resource: &'static str, value: &'static str) -> Case {
    Case::scenario(name, move |side| {
        side.service("x", SLEEPER);
        side.give_away("x");
        let supervise = side.command(["supervise", "x"]).unprivileged().spawn();
        let first = side.until_status("x", "up", Status::is_up);
        side.limit(&supervise, resource, value);
        side.control("x", b"k");
        side.log("says why", within(|| !supervise.stderr().is_empty()));
        side.control("x", b"d");
        side.log("obeys", within(|| side.unread_control("x") == 0));
        side.limit(&supervise, resource, "1024");
        let true_again = || side.status("x").is_some_and(|now| now.is_down());
        side.log("down, told truly", within(true_again));
        side.control("x", b"u");
        let again = |now: Status| now.is_up() && now.pid != first.pid;
        side.log("up again", within(|| side.status("x").is_some_and(again)));
        side.log("lives", supervise.ended().is_none());
    })
    .needs(Need::Root)
    .without_files()
}
