//! How supervise starts: its argument, the directory it finds, the files it
//! makes.

use std::io::Write;

use conformance::case::Need;
use conformance::{Case, Proc, STARTS, Side};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = arguments();
    cases.extend(made_files());
    cases.extend(links());
    cases.extend(obstacles());
    cases.extend(down_files());
    cases.extend(runs());
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

/// supervise with a recorder, up or down, at rest.
fn rest(side: &Side, supervise: &Proc) {
    side.log("rest", side.until_rest("x", supervise));
    side.log_output(supervise);
}

/// A supervise in a prepared directory that comes to rest.
fn starts(name: &str, setup: impl Fn(&Side) + Send + Sync + 'static) -> Case {
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

/// What keeps it from starting.
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

/// Whatever is called `run`: what is said, at least twice.
fn runs() -> Vec<Case> {
    let fails = |name: &str, setup: fn(&Side)| {
        Case::scenario(name, move |side| {
            side.mkdir("x");
            setup(side);
            let supervise = side.command(["supervise", "x"]).spawn();
            let lines = || -> Vec<Vec<u8>> {
                let text = supervise.stderr();
                let lines = text.split_inclusive(|&byte| byte == b'\n');
                lines
                    .filter(|line| line.ends_with(b"\n"))
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            side.until("two messages", || lines().len() >= 2);
            let mut different = lines();
            different.dedup();
            side.log_bytes("said", &different.concat());
            side.log("ended", supervise.ended().is_some());
            side.control("x", b"dx");
            side.log("end", supervise.wait());
            side.log("status", side.status("x").expect("a record"));
        })
    };
    vec![
        fails("no run", |_| ()),
        fails("run is not executable", |side| {
            side.file("x/run", "#!/bin/sh\n");
        }),
        fails("run is a directory", |side| {
            side.mkdir("x/run");
        }),
        fails("run has no #!", |side| {
            side.executable("x/run", "exec sleep 1000\n");
        }),
        fails("run is empty", |side| {
            side.executable("x/run", "");
        }),
        fails("run has an interpreter that is missing", |side| {
            side.executable("x/run", "#!/no/such/interpreter\n");
        }),
        fails("run is a dangling link", |side| {
            side.symlink("gone", "x/run");
        }),
        fails("run is a link to itself", |side| {
            side.symlink("run", "x/run");
        }),
        fails("run is a FIFO", |side| {
            side.fifo("x/run");
            side.mode("x/run", 0o755);
        }),
        Case::scenario("run made later is found", |side| {
            side.mkdir("x");
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until("a message", || !supervise.stderr().is_empty());
            side.recorder("new");
            side.rename("new/run", "x/run");
            side.log("rest", side.until_rest("x", &supervise));
        })
        .without_files(),
        Case::scenario("run is a link to a program", |side| {
            side.mkdir("x");
            side.symlink("/bin/cat", "x/run");
            let (read, write) = side.pipe();
            let supervise = side.command(["supervise", "x"]).stdin_file(read).spawn();
            let status = side.until_status("x", "up", conformance::Status::is_up);
            side.until("cat runs", || {
                std::fs::read(format!("/proc/{}/cmdline", status.pid))
                    .is_ok_and(|words| !words.is_empty() && !words.starts_with(b"supervise"))
            });
            let words = std::fs::read(format!("/proc/{}/cmdline", status.pid)).expect("cat runs");
            side.log_bytes("arguments", &words);
            (&write).write_all(b"hello\n").expect("a reader");
            side.hold(write);
            side.until("its output", || supervise.stdout() == b"hello\n");
            side.log_output(&supervise);
        }),
    ]
}
