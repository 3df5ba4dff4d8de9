//! supervise.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Cmd, Proc, Side, Status};
use nix::sys::signal::Signal;

use crate::within;

/// A service that runs until it is told to end.
const SLEEPER: &str = "exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = pacing();
    cases.extend(stderr());
    cases.extend(disk());
    cases.extend(own_files());
    cases.extend(planted());
    cases
}

/// The time between two starts, in nanoseconds.
const SECOND: i128 = 1_000_000_000;

/// From one stamp to another.
fn nanos_between(first: &Status, second: &Status) -> i128 {
    let nanos = |status: &Status| i128::from(status.stamp) * SECOND + i128::from(status.nanos);
    nanos(second) - nanos(first)
}

fn yes(condition: bool) -> &'static str {
    if condition { "yes" } else { "no" }
}

/// supervise on `x`, its service up and known.
fn supervise(side: &Side) -> (Proc, Status) {
    start(side, side.command(["supervise", "x"]))
}

fn start(side: &Side, command: Cmd) -> (Proc, Status) {
    let supervise = command.spawn();
    let status = side.until_status("x", "up", Status::is_up);
    (supervise, status)
}

/// Logs whether a command still arrives: `d` takes the service down.
fn log_obeys(side: &Side, supervise: &Proc) {
    let obeys = supervise.ended().is_none()
        && write_control(side, b"d")
        && within(|| side.status("x").is_some_and(|status| status.is_down()));
    side.log("obeys", yes(obeys));
}

/// supervise on `x` under strace, which makes system calls fail.
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
            // By supervise's own stamps; again where this test was late itself.
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
        Case::scenario("60 KB of garbage in a crash loop do not make deaf", |side| {
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
        Case::scenario("a failed fork is said and tried again", |side| {
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

/// Makes supervise warn: the record's temporary name is a directory that is not
/// empty, so that it can be neither written nor removed.
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
            "a warning that nobody can read does not end it",
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

fn disk() -> Vec<Case> {
    vec![
        Case::scenario("a limit on file sizes does not end it", |side| {
            side.service("x", "mkdir started; exec sleep 1000");
            let supervise = side
                .command(["supervise", "x"])
                .limit(libc::RLIMIT_FSIZE, 0)
                .spawn();
            let serves = within(|| side.exists("x/started") || supervise.ended().is_some());
            side.log("decided", yes(serves));
            side.log("serves", yes(side.exists("x/started")));
        })
        .without_files()
        .differs(
            "SIGXFSZ kills the reference",
            &["serves: no"],
            &["serves: yes"],
        ),
        Case::scenario(
            "the service gets SIGXFSZ and SIGPIPE as inherited",
            |side| {
                side.service(
                    "x",
                    "grep SigIgn /proc/self/status >ignored; exec sleep 1000",
                );
                let command = side.command(["supervise", "x"]).ignore(Signal::SIGPIPE);
                let _supervise = start(side, command);
                side.until("its word", || !side.read("x/ignored").is_empty());
                side.log_file("x/ignored");
            },
        )
        .without_files(),
        Case::scenario("a record that could not be written becomes true", |side| {
            side.service("x", SLEEPER);
            let (_supervise, before) = supervise(side);
            break_record(side);
            side.control("x", b"d");
            let gone = || !Path::new(&format!("/proc/{}", before.pid)).exists();
            side.until("the end of the service", gone);
            side.remove("x/supervise/status.new");
            let true_again = within(|| side.status("x").is_some_and(|now| now.is_down()));
            side.log("true again", yes(true_again));
        })
        .without_files()
        .differs(
            "the reference writes it at the next change only",
            &["true again: no"],
            &["true again: yes"],
        ),
        Case::scenario("a full disk is said once, and over", |side| {
            side.mkdir("x/supervise");
            let mount = side.path("x/supervise");
            let mount = mount.to_str().expect("a path in ASCII");
            // A mount of its own, gone with its namespace.
            let lines = format!(
                "mount -t tmpfs -o size=32k,mode=700 none {mount} && cd {} && exec {} x",
                side.dir().display(),
                side.bin("supervise").display(),
            );
            side.service("x", SLEEPER);
            side.script("mounted", &lines);
            let supervise = side
                .command(["/usr/bin/unshare", "-m", "./mounted"])
                .spawn();
            let inside = format!("/proc/{}/root{mount}", supervise.pid());
            let status =
                || Status::unpack(&fs::read(format!("{inside}/status")).unwrap_or_default());
            side.until("the service", || {
                status().is_some_and(|status| status.is_up())
            });
            let service = status().expect("a record");
            let filler = format!("{inside}/filler");
            let mut file = File::create(&filler).expect("a file on the mount");
            while std::io::Write::write(&mut file, &[0; 512]).is_ok() {}
            let control = format!("{inside}/control");
            let mut options = OpenOptions::new();
            let options = options.write(true).custom_flags(libc::O_NONBLOCK);
            let mut control = options.open(control).expect("the control FIFO");
            std::io::Write::write_all(&mut control, b"d").expect("room");
            side.until("the trouble", || !supervise.stderr().is_empty());
            let gone = || !Path::new(&format!("/proc/{}", service.pid)).exists();
            side.until("the end of the service", gone);
            drop(file);
            fs::remove_file(&filler).expect("room again");
            let true_again = within(|| status().is_some_and(|now| now.is_down()));
            side.log("true again", yes(true_again));
        })
        .needs(Need::Namespaces)
        .without_files()
        .differs(
            "the reference writes it at the next change only",
            &["true again: no"],
            &["true again: yes"],
        ),
    ]
}

/// Removes something of supervise's own and wants the service under control
/// again, with one message.
fn removed(what: &'static str) -> Case {
    Case::scenario(format!("{what} removed is made again"), move |side| {
        side.service("x", SLEEPER);
        let (supervise, _) = supervise(side);
        side.remove(what);
        side.log(
            "comes back",
            yes(within(|| side.exists(what) && side.is_supervised("x"))),
        );
        log_obeys(side, &supervise);
        let stderr = supervise.stderr();
        let said = stderr.windows(15).filter(|text| text == b"making it again");
        side.log("says so, times", said.count());
    })
    .without_files()
    .differs(
        "the reference does not notice",
        &["comes back: no", "obeys: no", "says so, times: 0"],
        &["comes back: yes", "obeys: yes", "says so, times: 1"],
    )
}

fn own_files() -> Vec<Case> {
    vec![
        removed("x/supervise/control"),
        removed("x/supervise"),
        Case::scenario("ok removed is made again", |side| {
            side.service("x", SLEEPER);
            let _supervise = supervise(side);
            side.remove("x/supervise/ok");
            side.log("comes back", yes(within(|| side.is_supervised("x"))));
        })
        .without_files()
        .differs(
            "the reference does not notice",
            &["comes back: no"],
            &["comes back: yes"],
        ),
        Case::scenario("a control FIFO made anew is taken", |side| {
            side.service("x", SLEEPER);
            let (supervise, _) = supervise(side);
            side.remove("x/supervise/control");
            side.fifo("x/supervise/control");
            log_obeys(side, &within_reach(side, supervise));
        })
        .without_files()
        .differs(
            "the reference reads the old one",
            &["obeys: no"],
            &["obeys: yes"],
        ),
        Case::scenario("a file in the place of control is replaced", |side| {
            side.service("x", SLEEPER);
            let (supervise, _) = supervise(side);
            side.remove("x/supervise/control");
            side.file("x/supervise/control", "");
            log_obeys(side, &within_reach(side, supervise));
        })
        .without_files()
        .differs(
            "the reference does not notice",
            &["obeys: no"],
            &["obeys: yes"],
        ),
        Case::scenario("a file as control at the start is replaced", |side| {
            side.service("x", SLEEPER);
            side.file("x/supervise/control", "junk");
            let _supervise = supervise(side);
            side.log("is a FIFO", yes(is_fifo(side)));
        })
        .without_files()
        .differs(
            "the reference reads the file, for ever",
            &["is a FIFO: no"],
            &["is a FIFO: yes"],
        ),
        Case::scenario("a second supervise starts no second copy", |side| {
            side.service("x", "echo >>starts; exec sleep 1000");
            let _first = supervise(side);
            side.until("the first start", || side.read("x/starts").len() == 1);
            side.remove("x/supervise");
            let second = side.command(["supervise", "x"]).spawn();
            let ended = within(|| second.ended().is_some());
            side.log("refuses", yes(ended));
            side.log("copies", side.read("x/starts").len());
        })
        .without_files()
        .differs(
            "the reference locks only what was removed",
            &["refuses: no", "copies: 2"],
            &["refuses: yes", "copies: 1"],
        ),
        Case::scenario("the detail file tells starts and the last end", |side| {
            side.service("x", "[ -e again ] && exec sleep 1000; >again; exit 7");
            let _supervise = side.command(["supervise", "x"]).spawn();
            let told = || {
                side.read("x/supervise/detail")
                    .starts_with(b"starts 2\nexit 7\n")
            };
            side.log("told", yes(within(told)));
        })
        .without_files()
        .differs("the reference has none", &["told: no"], &["told: yes"]),
        Case::scenario("a detail file that was removed is made again", |side| {
            side.service("x", "exec sleep 1000");
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until_status("x", "up", Status::is_up);
            let detail = || fs::read_to_string(side.path("x/supervise/detail"));
            within(|| detail().is_ok());
            let _ = fs::remove_file(side.path("x/supervise/detail"));
            side.control("x", b"d");
            let told = || detail().is_ok_and(|text| text.starts_with("starts 1\nsignal 15\n"));
            side.log("told", yes(within(told)));
        })
        .without_files()
        .differs("the reference has none", &["told: no"], &["told: yes"]),
    ]
}

/// Waits until somebody reads the FIFO called control, where ours makes it again.
fn within_reach(side: &Side, supervise: Proc) -> Proc {
    within(|| {
        let mut options = OpenOptions::new();
        let options = options.write(true).custom_flags(libc::O_NONBLOCK);
        is_fifo(side) && options.open(side.path("x/supervise/control")).is_ok()
    });
    supervise
}

fn is_fifo(side: &Side) -> bool {
    let about = side.path("x/supervise/control").symlink_metadata();
    about.is_ok_and(|about| about.file_type().is_fifo())
}

fn planted() -> Vec<Case> {
    vec![
        Case::scenario(
            "a link planted as status.new is not written through",
            |side| {
                side.service("x", SLEEPER);
                side.file("victim", "precious");
                side.symlink("../../victim", "x/supervise/status.new");
                let _supervise = supervise(side);
                side.log("victim untouched", yes(side.read("victim") == b"precious"));
            },
        )
        .without_files()
        .differs(
            "the reference truncates the victim",
            &["victim untouched: no"],
            &["victim untouched: yes"],
        ),
        Case::scenario("a link planted as lock is not followed", |side| {
            side.service("x", SLEEPER);
            side.symlink("../../made", "x/supervise/lock");
            let supervise = side.command(["supervise", "x"]).spawn();
            let taken = within(|| side.status("x").is_some() || supervise.ended().is_some());
            side.log("decided", yes(taken));
            side.log("file made elsewhere", yes(side.exists("made")));
            side.log_bytes("stderr", &supervise.stderr());
        })
        .without_files()
        .differs(
            "the reference makes a file where the link leads",
            &["file made elsewhere: yes", "stderr:"],
            &[
                "file made elsewhere: no",
                "stderr: supervise: fatal: unable to acquire x/supervise/lock: symbolic link loop",
            ],
        ),
    ]
}
