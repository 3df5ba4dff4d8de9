//! What is in the way at the start, and how it is said.

use std::fs::File;

use conformance::{Case, LABELS, Side};
use nix::fcntl::{Flock, FlockArg};

use super::{log, words};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = starts();
    cases.extend(obstacles());
    cases.extend(inherited());
    cases
}

fn starts() -> Vec<Case> {
    let run = |name: &str, script: &[&str]| log(name, "one\n", script);
    vec![
        run("no words", &[]),
        run("an empty word", &[""]),
        run("options are no actions", &["--foo", "./l"]),
        run("a directory without a dot", &["l"]),
        run("a directory below a missing one", &["./no/l"]),
        run("a directory below a file's name", &["./d/l", "./d"]),
        run("the current directory", &["."]),
        run("the directory above", &["./l", "./l/.."]),
        run("a name with a slash at its end", &["./l/"]),
        run("a hidden directory", &["./.l"]),
        run("a name that begins with dots", &["..l"]),
        run("the same directory twice", &["./l", "./l"]),
        run("the first directory fails", &["./no/l", "./m"]),
        run("the second directory fails", &["./l", "./no/m"]),
        run("a status after a directory", &["./l", "=status"]),
    ]
}

/// `l` is prepared, and a line is logged there.
fn with(name: &str, setup: impl Fn(&Side) + Send + Sync + 'static) -> Case {
    Case::new(name)
        .setup(setup)
        .stdin("one\n")
        .normal(&[LABELS])
        .run(["multilog", "./l"])
}

fn obstacles() -> Vec<Case> {
    let inside = |name: &'static str| {
        with(&format!("{name} is a directory"), move |side| {
            side.mkdir("l");
            side.mkdir(format!("l/{name}"));
        })
    };
    let unprivileged = |name: &str, setup: fn(&Side)| {
        Case::scenario(name, move |side| {
            setup(side);
            let command = side.command(words(&["./l"])).stdin("one\n");
            command.unprivileged().run();
        })
        .normal(&[LABELS])
    };
    vec![
        inside("lock"),
        inside("state"),
        with("the directory is a file", |side| {
            side.file("l", "");
        }),
        with("the directory is a link", |side| {
            side.mkdir("real");
            side.symlink("real", "l");
        }),
        with("the directory is a dangling link", |side| {
            side.symlink("real", "l");
        }),
        with("the directory is a link to itself", |side| {
            side.symlink("l", "l");
        }),
        with("the directory has a mode", |side| {
            side.mkdir("l");
            side.mode("l", 0o2755);
        }),
        with("the lock is held", |side| {
            side.mkdir("l");
            let file = File::open(side.file("l/lock", "")).expect("the file");
            let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error);
            side.hold(lock.expect("the lock"));
        }),
        with("another multilog has the lock", |side| {
            let (reader, writer) = side.pipe();
            let other = side.command(words(&["./l"])).stdin_file(reader);
            let _ = other.spawn_until("a log", |_| side.exists("l/state"));
            side.until("current", || side.exists("l/current"));
            side.hold(writer);
        })
        .without_files(),
        with("current is a loop", |side| {
            side.mkdir("l");
            side.symlink("current", "l/current");
        }),
        unprivileged("the directory cannot be made", |_| {}),
        unprivileged("the directory cannot be entered", |side| {
            side.mkdir("l");
            side.mode("l", 0o700);
        }),
        unprivileged("the directory cannot be written", |side| {
            side.mkdir("l");
        }),
        unprivileged("the lock cannot be written", |side| {
            side.mkdir("l");
            side.mode("l", 0o777);
            side.file("l/lock", "");
        }),
        unprivileged("a directory of its own", |side| {
            side.mkdir("l");
            side.give_away("l");
        }),
    ]
}

fn inherited() -> Vec<Case> {
    vec![
        log("stdin is a file", "one\ntwo", &["./l"]),
        Case::scenario("stdin is the null device", |side| {
            side.command(words(&["./l"])).run();
        }),
        Case::scenario("a umask", |side| {
            let command = side.command(words(&["./l", "=status"]));
            command.umask(0o077).stdin("one\n").run();
        }),
        Case::scenario("no environment", |side| {
            let command = side.command(words(&["./l"]));
            command.env_clear().stdin("one\n").run();
        }),
        Case::scenario("stdout is closed", |side| {
            let command = side.command(words(&["./l"]));
            command.close(1).stdin("one\n").run();
        }),
        Case::scenario("stderr is closed, and e", |side| {
            side.mkdir("l");
            let command = side.command(words(&["e", "./l"]));
            command
                .close(2)
                .pass(3, File::open("/dev/null").expect("null"))
                .stdin("one\n")
                .run();
        }),
        // The reference has its log's files there, and writes alerts into one.
        Case::scenario("stdout and stderr are closed, and e", |side| {
            let command = side.command(words(&["e", "=status", "./l"]));
            let process = command.close(1).close(2).stdin("one\n").spawn();
            side.log("end", process.wait());
            for name in ["l/current", "l/lock", "l/state"] {
                side.log_file(name);
            }
            side.log("status", side.read("status").len());
        })
        .promises(&[
            "end: exit 0",
            "l/current: one",
            "l/lock:",
            "l/state:",
            "status: 1001",
        ]),
        Case::scenario("stdout and stderr stay empty", |side| {
            side.command(words(&["./l"])).stdin("one\n").run();
        }),
    ]
}
