//! Conditions under which supervise must answer and must not be busy.

use std::fs;

use conformance::case::Need;
use conformance::{Case, PIDS, Proc, SECONDS, Side, Status};
use nix::sys::signal::{Signal, kill};

use crate::within;

/// The number of services at once, and of rounds.
const SERVICES: usize = 50;
const ROUNDS: usize = 2;
/// The number of names that are made and removed.
const NAMES: usize = 20_000;
/// The most wake-ups that are allowed during a flood of names.
const WAKEUPS: u64 = 500;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        hangs(),
        Case::scenario("an end is handled before the commands after it", |side| {
            let mut right = 0;
            for _ in 0..ROUNDS {
                right += ends_before_commands(side);
            }
            side.log("right", right);
        })
        .without_files(),
        Case::scenario(
            "names made in supervise/ all the time cost nothing",
            |side| {
                side.service("x", "exec sleep 1000");
                let supervise = side.command(["supervise", "x"]).spawn();
                side.until_status("x", "up", Status::is_up);
                side.until("a supervise", || side.is_supervised("x"));
                let before = wakeups(&supervise);
                for number in 0..NAMES {
                    let path = side.path(format!("x/supervise/{}", number % 7));
                    fs::write(&path, "").expect("a name");
                    fs::remove_file(&path).expect("its end");
                }
                let more = wakeups(&supervise) - before;
                println!("{:?}: {more} wake-ups by {} names", side.whose(), 2 * NAMES);
                side.log("bounded", more < WAKEUPS);
            },
        )
        .without_files(),
        Case::scenario(
            "a detail file that can't be written does not delay the record",
            |side| {
                side.service("x", "exec sleep 1000");
                side.mkdir("x/supervise/detail.new/not-empty");
                side.mkdir("x/supervise/detail");
                let _supervise = side.command(["supervise", "x"]).spawn();
                side.until_status("x", "up", Status::is_up);
                for (letters, want) in [(b"d", b'd'), (b"u", b'u'), (b"d", b'd')] {
                    side.control("x", letters);
                    side.until_status("x", "what is wanted", |now| now.want == want);
                }
                side.log("record", side.until_status("x", "down", Status::is_down));
            },
        )
        .without_files(),
    ]
}

/// A `run` on a file system that does not respond: its supervise obeys, svstat shows the
/// service, and the other services of the tree run.
fn hangs() -> Case {
    Case::scenario(
        "a run that hangs: svc and svstat answer, 50 others run",
        |side| {
            let run = side.script("run", "exec sleep 1000");
            let hung = side.hung("fs", &[("run", &run)]);
            hung.stop();
            side.mkdir("s/x");
            side.symlink("../../fs/run", "s/x/run");
            let others: Vec<String> = (0..SERVICES).map(|number| format!("s/y{number}")).collect();
            for dir in &others {
                side.service(dir, "exec sleep 1000");
            }
            let _svscan = hung.command(side, &["svscan", "s"]).spawn();
            side.until("its record", || {
                side.status("s/x").is_some_and(|now| now.is_up())
            });
            for dir in &others {
                side.until_status(dir, "up", Status::is_up);
            }
            side.command(["svstat", "s/x"]).run();
            side.command(["svc", "-d", "s/x"]).run();
            let down = side.until_status("s/x", "down", |now| now.is_down() && now.want == b'd');
            side.log("record", down);
            hung.go_on();
            side.command(["svc", "-u", "s/x"]).run();
            side.log("record", side.until_status("s/x", "up", Status::is_up));
        },
    )
    .needs(Need::Namespaces)
    .normal(&[PIDS, SECONDS])
    .without_files()
}

/// The number of wake-ups of a process.
fn wakeups(process: &Proc) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid()));
    let status = status.expect("the process");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok())
        .expect("a number")
}

/// Stops supervise, kills its service, writes `p` and continues supervise: the next
/// process must be paused. Gives the number of services of which that is so.
fn ends_before_commands(side: &Side) -> usize {
    let dirs: Vec<String> = (0..SERVICES).map(|number| format!("x{number}")).collect();
    let supervises: Vec<Proc> = dirs
        .iter()
        .map(|dir| {
            side.service(dir, "exec sleep 1000");
            side.command(["supervise", dir]).spawn()
        })
        .collect();
    let up: Vec<Status> = dirs
        .iter()
        .map(|dir| side.until_status(dir, "up", Status::is_up))
        .collect();
    // Within a second of a start, supervise would wait before the next.
    let second = Status::up(1).stamp + 1;
    side.until("a second", || Status::up(1).stamp > second);
    let pid = |status: &Status| nix::unistd::Pid::from_raw(status.pid.cast_signed());
    for (supervise, before) in supervises.iter().zip(&up) {
        supervise.signal(Signal::SIGSTOP);
        side.until_state(supervise.pid().unsigned_abs(), 'T');
        kill(pid(before), Signal::SIGKILL).expect("the service");
    }
    for ((dir, supervise), before) in dirs.iter().zip(&supervises).zip(&up) {
        side.until_state(before.pid, 'Z');
        side.control(dir, b"p");
        supervise.signal(Signal::SIGCONT);
    }
    let mut right = 0;
    for (dir, before) in dirs.iter().zip(&up) {
        side.until("the letter read", || side.unread_control(dir) == 0);
        side.until_status(dir, "another", |now| now.is_up() && now.pid != before.pid);
        // The record is written after the command was read.
        let paused = || side.status(dir).is_some_and(|now| now.paused == 1);
        right += usize::from(within(paused));
    }
    for supervise in &supervises {
        supervise.signal(Signal::SIGKILL);
        let _ = supervise.wait();
    }
    for dir in &dirs {
        if let Some(status) = side.status(dir) {
            let _ = kill(pid(&status), Signal::SIGKILL);
        }
        side.remove(dir);
    }
    right
}
