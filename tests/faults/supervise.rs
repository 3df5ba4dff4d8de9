//! Faults of supervise: signals, failing calls, its messages.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Cmd, Proc, Side, Status};
use nix::sys::signal::Signal;

use crate::within;

mod disk;
mod files;

/// A service that runs until it gets TERM.
const SLEEPER: &str = "exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = pacing();
    cases.extend(stderr());
    cases.extend(disk::cases());
    cases.extend(files::own_files());
    cases.extend(files::planted());
    cases
}

/// The time between two starts, in nanoseconds.
const SECOND: i128 = 1_000_000_000;

/// The time from one stamp to another.
fn nanos_between(first: &Status, second: &Status) -> i128 {
    let nanos = |status: &Status| i128::from(status.stamp) * SECOND + i128::from(status.nanos);
    nanos(second) - nanos(first)
}

fn yes(condition: bool) -> &'static str {
    if condition { "yes" } else { "no" }
}

/// supervise on `x`, with its service up; gives the record too.
fn supervise(side: &Side) -> (Proc, Status) {
    start(side, side.command(["supervise", "x"]))
}

fn start(side: &Side, command: Cmd) -> (Proc, Status) {
    let supervise = command.spawn();
    let status = side.until_status("x", "up", Status::is_up);
    (supervise, status)
}

/// Logs whether supervise still obeys: `d` takes the service down.
fn log_obeys(side: &Side, supervise: &Proc) {
    let obeys = supervise.ended().is_none()
        && within(|| write_control(side, b"d"))
        && within(|| side.status("x").is_some_and(|status| status.is_down()));
    side.log("obeys", yes(obeys));
}

/// supervise on `x` under strace, which makes its system calls fail.
fn failing<'a>(side: &'a Side, fault: &str) -> Cmd<'a> {
    let program = side.bin("supervise");
    let strace = ["/usr/bin/strace", "-o/dev/null", fault].map(AsRef::as_ref);
    side.command(
        strace
            .into_iter()
            .chain([program.as_os_str(), "x".as_ref()]),
    )
}

fn write_control(side: &Side, bytes: &[u8]) -> bool {
    OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(side.path("x/supervise/control"))
        .is_ok_and(|mut file| std::io::Write::write(&mut file, bytes).is_ok())
}

fn pacing() -> Vec<Case> {
    vec![
        Case::scenario("a service told down within the second goes down", |side| {
            side.service("x", SLEEPER);
            let (_supervise, first) = supervise(side);
            // Measured by supervise's own stamps; repeated if this test itself was late.
            let mut up = first;
            let obeys = (0..5).any(|_| {
                side.control("x", b"d");
                let down = side.until_status("x", "down", |now| now.is_down() && now.want == b'd');
                side.control("x", b"u");
                let before = core::mem::replace(&mut up, side.until_status("x", "up", Status::is_up));
                nanos_between(&before, &down) < SECOND
            });
            side.log("goes down before the second is over", yes(obeys));
            side.log("and starts", up);
        })
        .without_files()
        .differs(
            "the reference sleeps through the second after a start",
            &["goes down before the second is over: no"],
            &["goes down before the second is over: yes"],
        ),
        Case::scenario("60 KB of garbage in a crash loop: it obeys", |side| {
            side.service("x", "exit 1");
            let (supervise, _) = supervise(side);
            let mut bytes = vec![b'z'; 60_000];
            bytes.extend(b"dx");
            side.control("x", &bytes);
            side.log("leaves", yes(within(|| supervise.ended().is_some())));
        })
        .without_files()
        .differs(
            "the reference reads a byte a second in a crash loop",
            &["leaves: no"],
            &["leaves: yes"],
        ),
        Case::scenario("a failed fork is reported and tried again", |side| {
            side.service("x", SLEEPER);
            let fault = "-einject=clone,clone3,fork,vfork:error=EAGAIN:when=1";
            let supervise = failing(side, fault).spawn();
            let up = || side.status("x").is_some_and(|status| status.is_up());
            side.log("starts at last", yes(within(up)));
            side.log_bytes("stderr", &supervise.stderr());
        })
        .needs(Need::Strace)
        .without_files()
        .differs(
            "the reference sleeps for a minute, deaf",
            &[
                "starts at last: no",
                "stderr: supervise: warning: unable to fork for x, sleeping 60 seconds: temporary failure",
            ],
            &[
                "starts at last: yes",
                "stderr: supervise: warning: unable to fork for x, trying again after 1 s: temporary failure",
            ],
        ),
        Case::scenario("during failing forks it obeys", |side| {
            side.service("x", SLEEPER);
            let fault = "-einject=clone,clone3,fork,vfork:error=EAGAIN";
            let supervise = failing(side, fault).spawn();
            side.until("the failure", || !supervise.stderr().is_empty());
            side.control("x", b"x");
            side.log("leaves", yes(within(|| supervise.ended().is_some())));
        })
        .needs(Need::Strace)
        .without_files()
        .differs(
            "the reference sleeps for a minute, deaf",
            &["leaves: no"],
            &["leaves: yes"],
        ),
    ]
}

/// Makes supervise write warnings: the temporary name of the record is a directory that is
/// not empty, so it can be neither written nor removed.
fn break_record(side: &Side) {
    side.file("x/supervise/status.new/full", "");
}

fn stderr() -> Vec<Case> {
    let closed = |name: &str, reference: &str, end: fn(&Side) -> std::os::fd::OwnedFd| {
        Case::scenario(name, move |side| {
            side.service("x", SLEEPER);
            let command = side.command(["supervise", "x"]).pass(2, end(side));
            let (supervise, status) = start(side, command);
            break_record(side);
            side.control("x", b"k");
            let gone = || !Path::new(&format!("/proc/{}", status.pid)).exists();
            within(gone);
            side.remove("x/supervise/status.new");
            let again = || {
                side.status("x")
                    .is_some_and(|now| now.is_up() && now.pid != status.pid)
            };
            side.log("starts it again and says so", yes(within(again)));
            side.log("lives", yes(supervise.ended().is_none()));
        })
        .without_files()
        .differs(
            reference,
            match reference {
                "the reference dies of SIGPIPE" => {
                    &["starts it again and says so: no", "lives: no"]
                }
                _ => &["starts it again and says so: no"],
            },
            match reference {
                "the reference dies of SIGPIPE" => {
                    &["starts it again and says so: yes", "lives: yes"]
                }
                _ => &["starts it again and says so: yes"],
            },
        )
    };
    vec![
        closed(
            "a warning without a reader does not end it",
            "the reference dies of SIGPIPE",
            |_| nix::unistd::pipe().expect("a pipe").1,
        ),
        closed(
            "a warning into a full pipe does not block it",
            "the reference waits for a reader",
            |side| {
                let (reader, writer) = nix::unistd::pipe().expect("a pipe");
                side.hold(reader);
                let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
                let mut options = OpenOptions::new();
                let options = options.write(true).custom_flags(libc::O_NONBLOCK);
                let mut filler = options.open(path).expect("the pipe again");
                while std::io::Write::write(&mut filler, &[b'.'; 4096]).is_ok() {}
                writer
            },
        ),
    ]
}
