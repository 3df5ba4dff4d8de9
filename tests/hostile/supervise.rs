//! supervise against local users: records that they may have written, and locks that
//! they hold.

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

use crate::forged;

const SLEEPER: &str = "echo >>starts; exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = records();
    cases.extend(locks());
    cases
}

/// With a forged record, root's supervise would take another process for its service, and
/// `svc -k` would kill that.
fn records() -> Vec<Case> {
    type Plant = fn(&Side);
    let plants: [(&str, Plant); 8] = [
        ("supervise/ is nobody's", |side| {
            side.give_away("x/supervise");
        }),
        ("supervise/ is open to all", |side| {
            side.mode("x/supervise", 0o777);
        }),
        ("supervise/ is open to a group", |side| {
            side.mode("x/supervise", 0o770);
        }),
        ("status is nobody's", |side| {
            side.give_away("x/supervise/status");
        }),
        ("detail is nobody's", |side| {
            side.give_away("x/supervise/detail");
        }),
        ("detail is open to all", |side| {
            side.mode("x/supervise/detail", 0o666);
        }),
        ("status is a link", |side| {
            side.rename("x/supervise/status", "there");
            side.symlink("../../there", "x/supervise/status");
        }),
        ("detail is a link", |side| {
            side.rename("x/supervise/detail", "there");
            side.symlink("../../there", "x/supervise/detail");
        }),
    ];
    plants
        .into_iter()
        .map(|(name, plant)| {
            Case::scenario(
                format!("a forged record kills nobody: {name}"),
                move |side| {
                    let victim = forged::victim(side);
                    side.service("x", SLEEPER);
                    side.mkdir("x/supervise");
                    side.mode("x/supervise", 0o700);
                    forged::record(side, "x", victim, b'u');
                    plant(side);
                    let _supervise = side.command(["supervise", "x"]).spawn();
                    let own = |now: &Status| now.is_up() && now.pid != victim;
                    side.until_status("x", "its own", own);
                    side.until("a supervise", || side.is_supervised("x"));
                    side.command(["svc", "-dk", "x"]).run();
                    side.until_status("x", "down", Status::is_down);
                    side.log("the victim lives", forged::runs(victim));
                },
            )
            .needs(Need::Root)
            .without_files()
        })
        .collect()
}

/// Takes the lock of a directory as nobody, or waits for it.
fn lock(side: &Side, dir: &str, waits: bool) -> Proc {
    let words = [
        "/usr/bin/flock",
        dir,
        "/bin/sh",
        "-c",
        "echo locked; exec sleep 1000",
    ];
    let flock = side.command(words).unprivileged().spawn();
    if waits {
        side.until("it waits", || {
            std::fs::read_to_string(format!("/proc/{}/syscall", flock.pid()))
                .is_ok_and(|call| call.starts_with(&format!("{} ", libc::SYS_flock)))
        });
    } else {
        side.until("the lock", || flock.stdout() == b"locked\n");
    }
    flock
}

/// Every user who may read a service directory can lock it.
fn locks() -> Vec<Case> {
    vec![
        Case::scenario(
            "another user's lock on the service directory is ignored",
            |side| {
                side.service("x", SLEEPER);
                let _flock = lock(side, "x", false);
                let _supervise = side.command(["supervise", "x"]).spawn();
                side.log("record", side.until_status("x", "up", Status::is_up));
            },
        )
        .needs(Need::Root)
        .without_files(),
        Case::scenario(
            "another user's lock in a process whose parent has ended is ignored",
            |side| {
                side.service("x", SLEEPER);
                let words = [
                    "/usr/bin/flock",
                    "x",
                    "/bin/sh",
                    "-c",
                    "sleep 1000 & echo locked",
                ];
                let flock = side.command(words).unprivileged().spawn();
                side.until("the lock", || flock.stdout() == b"locked\n");
                let _ = flock.wait();
                let _supervise = side.command(["supervise", "x"]).spawn();
                side.log("record", side.until_status("x", "up", Status::is_up));
            },
        )
        .needs(Need::Root)
        .without_files(),
        Case::scenario(
            "another user who waits for the lock when supervise is killed is ignored",
            |side| {
                side.service("x", SLEEPER);
                let first = side.command(["supervise", "x"]).spawn();
                let before = side.until_status("x", "up", Status::is_up);
                side.until("its start", || !side.read("x/starts").is_empty());
                let waits = side.whose() == conformance::Whose::Ours;
                let _flock = lock(side, "x", waits);
                first.signal(Signal::SIGKILL);
                let _ = first.wait();
                let _next = side.command(["supervise", "x"]).spawn();
                side.until("a supervise", || side.is_supervised("x"));
                side.log(
                    "same pid",
                    side.status("x").map(|now| now.pid) == Some(before.pid),
                );
            },
        )
        .needs(Need::Root)
        .needs(Need::Pidfds)
        .promises(&["same pid: true"]),
        Case::scenario(
            "a lock of ours on a directory without its supervise/ counts",
            |side| {
                side.service("x", SLEEPER);
                let first = side.command(["supervise", "x"]).spawn();
                side.until_status("x", "up", Status::is_up);
                side.until("its start", || !side.read("x/starts").is_empty());
                side.rename("x/supervise", "gone");
                let second = side.command(["supervise", "x"]).spawn();
                side.until("an end or a start", || {
                    second.ended().is_some() || side.read("x/starts").len() > 1
                });
                side.log("copies", side.read("x/starts").len());
                let _ = first;
            },
        )
        .needs(Need::Root)
        .promises(&["copies: 1"]),
    ]
}
