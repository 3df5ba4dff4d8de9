//! The status record with a reader that never pauses, and a flood of bytes in the control
//! FIFO.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::within;

/// The number of changes of the record.
const CHANGES: usize = 10_000;
/// The number of commands of a flood.
const COMMANDS: usize = 100_000;
/// The number of bytes that are not commands.
const GARBAGE: usize = 64 << 10;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::scenario(
            "read without a pause while it changes 10,000 times",
            |side| {
                side.service("x", "exec sleep 1000");
                let (_supervise, x) = &supervise(side);
                let first = side.until_status(x, "up", Status::is_up);
                let notify = Inotify::init(InitFlags::IN_NONBLOCK).expect("inotify");
                let supervise = side.path(x).join("supervise");
                notify
                    .add_watch(&supervise, AddWatchFlags::IN_MOVED_TO)
                    .expect("a watch");
                let over = AtomicBool::new(false);
                let mut changes = 0;
                let seen = std::thread::scope(|scope| {
                    let reader = scope.spawn(|| read(&supervise.join("status"), first, &over));
                    while changes < CHANGES {
                        if side.unread_control(x) < 4096 {
                            side.control(x, &b"pocu".repeat(256));
                        }
                        let events = notify.read_events().unwrap_or_default();
                        let is_record = |name: &std::ffi::OsString| name == "status";
                        let names = events.into_iter().filter_map(|event| event.name);
                        changes += names.filter(is_record).count();
                    }
                    over.store(true, Ordering::Relaxed);
                    reader.join().expect("the reader")
                });
                println!(
                    "{:?}: {changes} changes of the record, {seen:?}",
                    side.whose()
                );
                side.log("missing", seen.missing);
                side.log("short", seen.short);
                side.log("torn", seen.torn);
                side.log("read while it changed", seen.reads > CHANGES / 10);
            },
        )
        .needs(Need::Namespaces)
        .without_files(),
        Case::scenario("64 KB of garbage and 100,000 commands", |side| {
            side.service("x", "trap '' HUP INT ALRM; exec sleep 1000");
            let (supervise, x) = &supervise(side);
            let first = side.until_status(x, "up", Status::is_up);
            // Each command once, so that supervise has touched all the memory that they
            // need.
            let garbage: Vec<u8> = (0x80..=0xff).cycle().take(GARBAGE).collect();
            let commands: Vec<u8> = b"haihaihaiu"
                .iter()
                .copied()
                .cycle()
                .take(COMMANDS)
                .collect();
            flood(side, x, &garbage[..512]);
            flood(side, x, &commands[..512]);
            flood(side, x, b"opcu");
            side.until("idle", || idle(supervise.pid()));
            let before = usage(supervise.pid());
            flood(side, x, &garbage);
            flood(side, x, &commands);
            flood(side, x, b"opcu");
            side.until("idle", || idle(supervise.pid()));
            let after = usage(supervise.pid());
            println!(
                "{:?}: {before:?} before the flood, {after:?} after",
                side.whose()
            );
            side.log("descriptors and memory unchanged", before == after);
            let now = side.status(x).expect("a record");
            side.log("record", now);
            side.log("the same process", now.pid == first.pid);
            side.control(x, b"d");
            side.log(
                "obeys",
                within(|| side.status(x).is_some_and(|now| now.is_down())),
            );
        })
        .needs(Need::Namespaces)
        .without_files(),
    ]
}

/// supervise on `x`, with its files on a file system in memory: on some disks every rename
/// waits for the device. Gives the path of `x` there.
fn supervise(side: &Side) -> (Proc, String) {
    let x = side.mkdir("x").display().to_string();
    side.mkdir("x/supervise");
    let lines = format!(
        "mount -t tmpfs -o mode=700 none {x}/supervise && cd {} && exec {} x",
        side.dir().display(),
        side.bin("supervise").display(),
    );
    side.script("mounted", &lines);
    let supervise = side
        .command(["/usr/bin/unshare", "-m", "./mounted"])
        .spawn();
    let x = format!("/proc/{}/root{x}", supervise.pid());
    (supervise, x)
}

/// The observations of a reader.
#[derive(Debug, Default)]
struct Seen {
    reads: usize,
    missing: usize,
    short: usize,
    torn: usize,
}

fn read(path: &Path, first: Status, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        seen.reads += 1;
        match fs::read(path).map(|bytes| Status::unpack(&bytes)) {
            Err(_) => seen.missing += 1,
            Ok(None) => seen.short += 1,
            Ok(Some(now)) => {
                let same = (now.stamp, now.nanos, now.pid) == (first.stamp, first.nanos, first.pid);
                if !same || now.paused > 1 || !b"u\0".contains(&now.want) {
                    seen.torn += 1;
                }
            }
        }
    }
    seen
}

/// Writes bytes to the control FIFO as fast as it takes them, and waits until they are
/// read.
fn flood(side: &Side, x: &str, mut bytes: &[u8]) {
    let mut options = OpenOptions::new();
    let options = options.write(true).custom_flags(libc::O_NONBLOCK);
    let control = options.open(side.path(x).join("supervise/control"));
    let mut control = control.expect("a supervise to control");
    side.until("the flood", || {
        match control.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        bytes.is_empty()
    });
    side.until("all read", || side.unread_control(x) == 0);
}

fn idle(pid: i32) -> bool {
    conformance::process::Entry::of(pid).is_some_and(|entry| entry.state == 'S')
}

/// The number of open descriptors and the private memory of a process.
fn usage(pid: i32) -> (usize, String) {
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    (fds, line.unwrap_or_default().to_owned())
}
