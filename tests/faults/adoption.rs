//! supervise is killed, and its successor takes the service over.

use std::fs;

use conformance::{Case, Proc, Side, Status, Whose};
use nix::sys::signal::Signal;

use crate::within;

/// A service that counts its starts.
const COUNTING: &str = "echo >>starts; exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::scenario("a killed supervise's service keeps its pid", |side| {
            let before = killed(side, "u");
            let _successor = side.command(["supervise", "x"]).spawn();
            let after = settled(side);
            side.log("same pid", after.pid == before.pid);
            side.log(
                "same time",
                (after.stamp, after.nanos) == (before.stamp, before.nanos),
            );
            let starts = || side.read("x/starts").len();
            within(|| starts() > 1);
            side.log("copies", starts());
        })
        .without_files()
        .differs(
            "the reference starts a second copy",
            &["same pid: false", "same time: false", "copies: 2"],
            &["same pid: true", "same time: true", "copies: 1"],
        ),
        Case::scenario("after the C original, by the record alone", |side| {
            side.service("x", COUNTING);
            let first = side
                .command_of(Whose::Reference, ["supervise", "x"])
                .spawn();
            let before = side.until_status("x", "up", Status::is_up);
            side.until("its start", || !side.read("x/starts").is_empty());
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let _successor = side.command(["supervise", "x"]).spawn();
            let after = settled(side);
            side.log("same pid", after.pid == before.pid);
            side.log("copies", side.read("x/starts").len());
        })
        .promises(&["same pid: true", "copies: 1"]),
    ];
    cases.extend(wishes());
    cases.extend(ends());
    cases.extend(doubts());
    cases
}

/// The successor wants the state that the operator wanted.
fn wishes() -> Vec<Case> {
    vec![
        Case::scenario("told down, it stays down", |side| {
            side.service("x", COUNTING);
            let first = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            side.control("x", b"d");
            side.until_status("x", "down", |now| now.is_down() && now.want == b'd');
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let _successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.log("record", settled(side));
        })
        .promises(&["record: status down, paused 0, want d"]),
        Case::scenario("told to exit, the next one starts anew", |side| {
            side.service("x", COUNTING);
            let first = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            side.control("x", b"dx");
            let _ = first.wait();
            let _successor = side.command(["supervise", "x"]).spawn();
            side.log("record", side.until_status("x", "up", Status::is_up));
        })
        .without_files(),
        Case::scenario("paused and once are kept", |side| {
            killed(side, "op");
            let _successor = side.command(["supervise", "x"]).spawn();
            side.log("record", settled(side));
        })
        .promises(&["record: status up, paused 1, want \\\\x00"]),
        Case::scenario(
            "a record from before the reboot starts nothing twice",
            |side| {
                // The harness's pid, which is alive, in a record of another boot.
                side.service("x", COUNTING);
                let status = Status::up(side.own_pid());
                side.file("x/supervise/status", status.pack());
                let boot = "00000000-0000-0000-0000-000000000000";
                let since = format!("{:016x}{:08x}", status.stamp, status.nanos);
                side.file(
                    "x/supervise/detail",
                    format!("starts 1\nsince {since}\nboot {boot}\n"),
                );
                let supervise = side.command(["supervise", "x"]).spawn();
                let own = side.own_pid();
                side.until_status("x", "its own", |now| now.is_up() && now.pid != own);
                side.log_bytes("stderr", &supervise.stderr());
            },
        )
        .promises(&["stderr:"]),
    ]
}

/// An adopted service gets commands, and its end is handled.
fn ends() -> Vec<Case> {
    let command = |letters: &'static str, rest: &'static str| {
        Case::scenario(format!("{letters} reaches it"), move |side| {
            let before = killed(side, "u");
            let _successor = side.command(["supervise", "x"]).spawn();
            settled(side);
            side.control("x", letters.as_bytes());
            let done = within(|| {
                let now = side.status("x").expect("a record");
                match letters {
                    "d" => now.is_down(),
                    "p" => now.paused == 1,
                    _ => now.is_up() && now.pid != before.pid,
                }
            });
            side.log("obeyed", done);
            side.log("record", side.status("x").expect("a record"));
        })
        .promises(&["obeyed: true", rest])
    };
    vec![
        command("d", "record: status down, paused 0, want d"),
        command("p", "record: status up, paused 1, want u"),
        command("k", "record: status up, paused 0, want u"),
        command("t", "record: status up, paused 0, want u"),
        command("1", "record: status up, paused 0, want u"),
        Case::scenario("x and d: it leaves when the service has ended", |side| {
            killed(side, "u");
            let successor = side.command(["supervise", "x"]).spawn();
            settled(side);
            side.control("x", b"dx");
            side.log("leaves", successor.wait());
        })
        .promises(&["leaves: exit 0"]),
        Case::scenario("killed at any moment of a start, no second copy", |side| {
            // Each round kills supervise between its first system call and that of the
            // service. The copies are counted at the end.
            side.service("x", "exec sleep 1000");
            let mut copies = 0;
            for round in 0..40_u32 {
                let supervise = side.command(["supervise", "x"]).spawn();
                std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 100));
                supervise.signal(Signal::SIGKILL);
                let _ = supervise.wait();
                copies = copies.max(services(side));
            }
            let _last = side.command(["supervise", "x"]).spawn();
            settled(side);
            side.log("copies", copies.max(services(side)));
        })
        .promises(&["copies: 1"]),
    ]
}

/// A missing proof is reported.
fn doubts() -> Vec<Case> {
    vec![
        Case::scenario(
            "a process with another start time is not taken for the service",
            |side| {
                side.service("x", COUNTING);
                let own = side.own_pid();
                side.file("x/supervise/status", Status::up(own).ago(1).pack());
                let supervise = side.command(["supervise", "x"]).spawn();
                let other = |now: &Status| now.is_up() && now.pid != own;
                side.until_status("x", "its own", other);
                let stderr =
                    String::from_utf8_lossy(&supervise.stderr()).replace(&own.to_string(), "N");
                side.log("stderr", stderr.trim_end());
            },
        )
        .promises(&[
            "stderr: supervise: warning: unable to tell whether process N is x: not taking it over",
        ]),
        Case::scenario(
            "without pidfds it reports that and starts the service",
            |side| {
                let before = killed(side, "u");
                let program = side.bin("supervise");
                let strace = [
                    "/usr/bin/strace",
                    "-o/dev/null",
                    "-einject=pidfd_open:error=ENOSYS",
                ];
                let words = strace.iter().map(AsRef::as_ref);
                let supervise = side
                    .command(words.chain([program.as_os_str(), "x".as_ref()]))
                    .spawn();
                side.until_restarted("x", before.pid);
                let stderr = supervise.stderr();
                side.log(
                    "says so",
                    stderr.starts_with(b"supervise: warning: unable to tell"),
                );
            },
        )
        .needs(conformance::case::Need::Strace)
        .promises(&["says so: true"]),
    ]
}

/// Starts a supervise on `x`, writes commands, and kills it; gives the record.
fn killed(side: &Side, commands: &str) -> Status {
    side.service("x", COUNTING);
    let supervise: Proc = side.command(["supervise", "x"]).spawn();
    side.until_status("x", "up", Status::is_up);
    side.until("its start", || !side.read("x/starts").is_empty());
    side.control("x", commands.as_bytes());
    side.until("the commands obeyed", || {
        let now = side.status("x").expect("a record");
        let wants = if commands.contains('o') { 0 } else { b'u' };
        now.want == wants && (now.paused == 1) == commands.contains('p')
    });
    supervise.signal(Signal::SIGKILL);
    let _ = supervise.wait();
    side.status("x").expect("a record")
}

/// The record, once a supervise controls the service.
fn settled(side: &Side) -> Status {
    side.until("a supervise in charge", || side.is_supervised("x"));
    side.status("x").expect("a record")
}

/// The number of processes that work in the service directory and are not supervise.
fn services(side: &Side) -> usize {
    let dir = side.path("x");
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter(|entry| {
            let process = entry.path();
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            name.trim_end() == "sleep"
                && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == dir)
        })
        .count()
}
