//! Obstacles: those that prevent a start of supervise, and those that do not.

use conformance::case::Need;
use conformance::{Case, STARTS, Side};

use super::start::starts;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = links();
    cases.extend(obstacles());
    cases
}

/// Debian's patch: a dangling link called `supervise` gets its target.
fn links() -> Vec<Case> {
    let fails = |name: &str, setup: fn(&Side)| {
        Case::scenario(name, move |side| {
            side.recorder("x");
            setup(side);
        })
        .run(["supervise", "x"])
    };
    vec![
        starts("supervise is a link to a directory", |side| {
            side.mkdir("state");
            side.symlink("../state", "x/supervise");
        }),
        starts("supervise is a dangling link", |side| {
            side.symlink("../state", "x/supervise");
        }),
        starts("supervise is a dangling absolute link", |side| {
            side.symlink(side.path("state"), "x/supervise");
        }),
        starts("supervise is a link to a link to a directory", |side| {
            side.mkdir("state");
            side.symlink("../state", "x/other");
            side.symlink("other", "x/supervise");
        }),
        fails("supervise is a link to a dangling link", |side| {
            side.symlink("../state", "x/other");
            side.symlink("other", "x/supervise");
        }),
        fails(
            "the parent of a dangling link's target is missing",
            |side| {
                side.symlink("../gone/state", "x/supervise");
            },
        ),
        fails("supervise is a link to a file", |side| {
            side.file("x/file", "");
            side.symlink("file", "x/supervise");
        }),
        fails("supervise is a link to itself", |side| {
            side.symlink("supervise", "x/supervise");
        }),
        starts("a dangling link's text of 255 bytes", |side| {
            side.symlink(format!("../{}", "n".repeat(252)), "x/supervise");
        }),
        fails("a dangling link's text of 256 bytes", |side| {
            side.symlink(format!("../{}", "n".repeat(253)), "x/supervise");
        }),
        fails("a dangling link's text of 300 bytes", |side| {
            side.symlink(format!("../{}", "n/".repeat(148)), "x/supervise");
        }),
    ]
}

/// Obstacles that prevent a start.
fn obstacles() -> Vec<Case> {
    let fails = |name: &str, setup: fn(&Side)| {
        Case::scenario(name, move |side| {
            side.recorder("x");
            setup(side);
        })
        .run(["supervise", "x"])
    };
    vec![
        fails("supervise is a file", |side| {
            side.file("x/supervise", "");
        }),
        fails("supervise is a FIFO", |side| {
            side.fifo("x/supervise");
        }),
        fails("lock is a directory", |side| {
            side.mkdir("x/supervise/lock");
        }),
        fails("control is a directory", |side| {
            side.mkdir("x/supervise/control");
        }),
        fails("down is a link to itself", |side| {
            side.symlink("down", "x/down");
        }),
        fails("the lock is taken", |side| {
            let file = std::fs::File::create(side.file("x/supervise/lock", "")).expect("a lock");
            side.hold(
                nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive).expect("it"),
            );
        }),
        Case::scenario(
            "status.new is a directory: a warning, and it goes on",
            |side| {
                side.recorder("x");
                side.file("x/down", "");
                side.mkdir("x/supervise/status.new");
                let supervise = side.command(["supervise", "x"]).spawn();
                side.until("a message", || supervise.stderr().ends_with(b"\n"));
                let text = supervise.stderr();
                let first = text
                    .split_inclusive(|&byte| byte == b'\n')
                    .next()
                    .expect("a line");
                side.log_bytes("said", first);
                side.until("it runs", || side.is_supervised("x"));
                side.control("x", b"x");
                side.log("end", supervise.wait());
            },
        ),
        Case::scenario("ok is a directory", |side| {
            side.recorder("x");
            side.mkdir("x/supervise/ok");
            let supervise = side.command(["supervise", "x"]).spawn();
            let up = || side.status("x").is_some_and(|status| status.is_up());
            side.until("up or ended", || up() || supervise.ended().is_some());
            side.log("ended", supervise.ended().is_some());
            side.log_output(&supervise);
        })
        .without_files(),
        Case::scenario("another supervise runs", |side| {
            side.recorder("x");
            let first = side.supervise("x");
            let before = side.until_rest("x", &first);
            side.command(["supervise", "x"]).run();
            side.command(["supervise", "."]).cwd("x").run();
            assert_eq!(
                side.until_rest("x", &first),
                before,
                "the first goes on undisturbed"
            );
            side.log_output(&first);
        })
        .normal(&[STARTS]),
        Case::scenario("no permission to make files", |side| {
            side.recorder("x");
            side.command(["supervise", "x"]).unprivileged().run();
        })
        .needs(Need::Root),
        Case::scenario("no permission to enter", |side| {
            side.recorder("x");
            side.mode("x", 0);
            side.command(["supervise", "x"]).unprivileged().run();
            side.mode("x", 0o755);
        }),
        Case::scenario("no permission in an existing supervise directory", |side| {
            side.recorder("x");
            side.give_away("x");
            side.mkdir("x/supervise");
            side.command(["supervise", "x"]).unprivileged().run();
        })
        .needs(Need::Root),
        Case::scenario("no permission to take the lock", |side| {
            side.recorder("x");
            side.mkdir("x/supervise");
            side.file("x/supervise/lock", "");
            side.mode("x/supervise/lock", 0);
            side.give_away("x/supervise");
            side.command(["supervise", "x"]).unprivileged().run();
        }),
    ]
}
