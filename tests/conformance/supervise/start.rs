//! The start of supervise: its argument, the directory, the files that it makes.

use conformance::{Case, Proc, STARTS, Side};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = arguments();
    cases.extend(made_files());
    cases.extend(down_files());
    cases
}

fn arguments() -> Vec<Case> {
    vec![
        Case::new("no arguments").run(["supervise"]),
        Case::new("two arguments").run(["supervise", "a", "b"]),
        Case::new("two dashes count as an argument").run(["supervise", "--", "x"]),
        Case::new("an option is a name").run(["supervise", "-x"]),
        Case::new("an empty name").run(["supervise", ""]),
        Case::new("no such directory").run(["supervise", "x"]),
        Case::new("a name too long").then(|side| {
            side.command(["supervise", &"n".repeat(300)]).run();
        }),
        Case::new("a file")
            .setup(|side| {
                side.file("x", "");
            })
            .run(["supervise", "x"]),
        Case::new("usage with standard error closed").then(|side| {
            side.command(["supervise"]).close(2).run();
        }),
    ]
}

/// supervise with a recorder, up or down, in its final state.
pub(super) fn rest(side: &Side, supervise: &Proc) {
    side.log("rest", side.until_rest("x", supervise));
    side.log_output(supervise);
}

/// A supervise in a prepared directory, until nothing more happens.
pub(super) fn starts(name: &str, setup: impl Fn(&Side) + Send + Sync + 'static) -> Case {
    Case::scenario(name, move |side| {
        side.recorder("x");
        setup(side);
        rest(side, &side.supervise("x"));
    })
    .normal(&[STARTS])
}

fn made_files() -> Vec<Case> {
    let umask = |name: &str, mask: u32| {
        Case::scenario(name, move |side| {
            side.recorder("x");
            side.file("x/down", "");
            let command = side.command(["supervise", "x"]).umask(mask);
            let supervise = command.spawn_until("ready", |_| side.status("x").is_some());
            rest(side, &supervise);
        })
    };
    vec![
        starts("the files it makes", |_| ()),
        starts("a file of ours beside the record", |_| ())
            .with_additions()
            .differs(
                "what the record has no room for",
                &[],
                &["file: x/supervise/detail -0644 (of ours)"],
            ),
        umask("a umask of 0", 0),
        umask("a umask of 077", 0o077),
        starts("an existing directory's mode is kept", |side| {
            side.mkdir("x/supervise");
            side.mode("x/supervise", 0o751);
        }),
        starts("existing FIFOs and lock keep their modes", |side| {
            side.fifo("x/supervise/ok");
            side.fifo("x/supervise/control");
            side.file("x/supervise/lock", "kept");
            side.mode("x/supervise/ok", 0o620);
            side.mode("x/supervise/control", 0o622);
            side.mode("x/supervise/lock", 0o640);
        }),
        starts("an old record is replaced", |side| {
            side.file(
                "x/supervise/status",
                "much longer than any record should ever be",
            );
            side.mode("x/supervise/status", 0o600);
        }),
        starts("an unfinished record is replaced", |side| {
            side.file("x/supervise/status.new", "some bytes");
        }),
        starts("other files are left alone", |side| {
            side.file("x/supervise/note", "mine");
            side.file("x/finish", "not for us");
            side.file("x/log", "a file");
            side.mkdir("x/env");
        }),
        Case::scenario("a second start in the same directory", |side| {
            side.recorder("x");
            for _ in 0..2 {
                let supervise = side.supervise("x");
                rest(side, &supervise);
                side.log_command("x", &supervise, b"dx");
                side.log("end", supervise.wait());
            }
        })
        .normal(&[STARTS]),
        Case::scenario("as an ordinary user", |side| {
            side.recorder("x");
            side.give_away("x");
            let command = side.command(["supervise", "x"]).unprivileged();
            let supervise = command.spawn_until("ready", |_| side.status("x").is_some());
            rest(side, &supervise);
        })
        .normal(&[STARTS]),
        Case::scenario("the directory is the working directory", |side| {
            side.recorder("x");
            let command = side.command(["supervise", "."]).cwd("x");
            let supervise = command.spawn_until("ready", |_| side.status("x").is_some());
            rest(side, &supervise);
        })
        .normal(&[STARTS]),
        Case::scenario("an absolute name of odd bytes", |side| {
            use std::os::unix::ffi::OsStrExt;
            let name = std::ffi::OsStr::from_bytes(b"\xff \n");
            side.executable(side.path(name).join("run"), "#!/bin/sh\nexec sleep 1000\n");
            let path = side.path(name).into_os_string();
            let supervise = side
                .command([std::ffi::OsStr::new("supervise"), &path])
                .spawn();
            side.log(
                "status",
                side.until_status(name, "up", conformance::Status::is_up),
            );
            side.log_output(&supervise);
        }),
    ]
}

fn down_files() -> Vec<Case> {
    vec![
        starts("a down file", |side| {
            side.file("x/down", "");
        }),
        starts("a down file without permissions", |side| {
            side.file("x/down", "");
            side.mode("x/down", 0);
        }),
        starts("down is a directory", |side| {
            side.mkdir("x/down");
        }),
        starts("down is a dangling link", |side| {
            side.symlink("gone", "x/down");
        }),
        Case::scenario("a down file made later changes nothing", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.log("rest", side.until_rest("x", &supervise));
            side.file("x/down", "");
            side.log_command("x", &supervise, b"t");
        })
        .normal(&[STARTS]),
    ]
}
