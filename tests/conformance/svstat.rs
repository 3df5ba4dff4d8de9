//! svstat: every text it can print.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use conformance::case::Need;
use conformance::{Case, SECONDS, Side, Status};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = arguments();
    cases.extend(states());
    cases.extend(stamps());
    cases.extend(broken_records());
    cases.extend(broken_directories());
    cases
}

fn arguments() -> Vec<Case> {
    vec![
        Case::new("no arguments").run(["svstat"]),
        Case::new("an empty name").run(["svstat", ""]),
        Case::new("options are names").run(["svstat", "-x", "--", "-"]),
        Case::new("several directories, in order")
            .setup(|side| {
                side.fake_supervise("up", Status::up(1));
                side.fake_supervise("down", Status::down());
                side.mkdir("none");
            })
            .normal(&[SECONDS])
            .run([
                "svstat",
                "up",
                "none",
                "gone",
                "down",
                "up",
                "./up/",
                "none/../down",
            ]),
        Case::new("absolute names do not get lost after relative ones").then(|side| {
            side.fake_supervise("a", Status::down().ahead());
            side.fake_supervise("b/c", Status::down().ahead());
            let a = side.path("a").into_os_string();
            side.command([
                OsStr::new("svstat"),
                OsStr::new("b/c"),
                &a,
                OsStr::new("b/c"),
            ])
            .run();
        }),
        Case::new("names with spaces and of odd bytes").then(|side| {
            for name in [&b"a b"[..], b"line\nbreak", b"\xff\xfe", b"tab\t"] {
                let name = OsStr::from_bytes(name);
                side.fake_supervise(name, Status::down().ahead());
                side.command([OsStr::new("svstat"), name]).run();
            }
        }),
        Case::new("hundreds of directories").then(|side| {
            side.fake_supervise("x", Status::up(7).ahead());
            side.command(std::iter::once("svstat").chain(std::iter::repeat_n("x", 300)))
                .run();
        }),
        Case::new("a name too long").then(|side| {
            side.command(["svstat", &"n".repeat(300)]).run();
        }),
        Case::new("standard output closed, nothing to say").then(|side| {
            side.command(["svstat"]).close(1).run();
        }),
        Case::new("standard input and error closed").then(|side| {
            side.fake_supervise("x", Status::down().ahead());
            side.command(["svstat", "x", "gone"])
                .close(0)
                .close(2)
                .run();
        }),
    ]
}

/// Up and down, normally up and down, paused, each want byte: all combinations.
fn states() -> Vec<Case> {
    let mut cases = Vec::new();
    for (pid, state) in [(4711, "up"), (0, "down")] {
        for down_file in [false, true] {
            for paused in [0, 1] {
                for (want, wish) in [(0, "no wish"), (b'u', "want up"), (b'd', "want down")] {
                    let normally = if down_file {
                        "normally down"
                    } else {
                        "normally up"
                    };
                    let pause = if paused == 1 { "paused" } else { "not paused" };
                    let record = Status::up(pid).paused(paused).want(want);
                    cases.push(
                        Case::new(format!("{state}, {normally}, {pause}, {wish}"))
                            .setup(move |side| {
                                side.fake_supervise("x", record);
                                if down_file {
                                    side.file("x/down", "");
                                }
                            })
                            .normal(&[SECONDS])
                            .run(["svstat", "x"]),
                    );
                }
            }
        }
    }
    cases
}

fn record(name: &str, status: impl Fn() -> Status + Send + Sync + 'static) -> Case {
    Case::new(name)
        .setup(move |side| side.fake_supervise("x", status()))
        .run(["svstat", "x"])
}

fn stamps() -> Vec<Case> {
    vec![
        record("a stamp in the future counts as now", || {
            Status::up(1).ago(-1000)
        }),
        record("a stamp far in the future", || Status {
            stamp: u64::MAX,
            ..Status::up(1)
        }),
        record("nanoseconds past a second", || {
            Status {
                nanos: u32::MAX,
                ..Status::up(1)
            }
            .ago(-1000)
        }),
        record("a stamp of zero", || Status {
            stamp: 0,
            ..Status::up(1)
        })
        .normal(&[SECONDS]),
        record("a stamp of 1970", || Status {
            stamp: 4_611_686_018_427_387_914,
            ..Status::up(1)
        })
        .normal(&[SECONDS]),
        Case::new("the age is a whole number of seconds").then(|side| {
            // Half a minute of tolerance for a slow machine.
            side.fake_supervise("x", Status::down().ago(1_000_000));
            let svstat = side.command(["svstat", "x"]).spawn();
            side.log("end", svstat.wait());
            let text = String::from_utf8_lossy(&svstat.stdout()).into_owned();
            let age: u64 = text.split(' ').nth(2).unwrap().parse().unwrap();
            assert!((1_000_000..1_000_030).contains(&age), "{text}");
        }),
        record("the largest pid", || Status::up(u32::MAX).ahead()),
        record("a pid of two bytes is little endian", || {
            Status::up(0x0102).ahead()
        }),
        record("another want byte is no wish", || {
            Status::down().want(b'x').ahead()
        }),
        record("a capital want byte is no wish", || {
            Status::up(1).want(b'U').ahead()
        }),
        record("a pause byte of 2", || Status::up(1).paused(2).ahead()),
        record("a pause byte of 255 while down", || {
            Status::down().paused(255).ahead()
        }),
    ]
}

fn broken_records() -> Vec<Case> {
    let mut cases: Vec<Case> = [0, 1, 17]
        .into_iter()
        .map(|length| {
            Case::new(format!("a record of {length} bytes"))
                .setup(move |side| {
                    side.fake_supervise("x", Status::down());
                    side.file(
                        "x/supervise/status",
                        &Status::down().ahead().pack()[..length],
                    );
                })
                .run(["svstat", "x"])
        })
        .collect();
    cases.extend([
        Case::new("a record of 19 bytes")
            .setup(|side| {
                side.fake_supervise("x", Status::down());
                let mut bytes = Status::down().ahead().pack();
                bytes.push(b'!');
                side.file("x/supervise/status", bytes);
            })
            .run(["svstat", "x"]),
        Case::new("a record of garbage")
            .setup(|side| {
                side.fake_supervise("x", Status::down());
                side.file("x/supervise/status", [0xff; 18]);
            })
            .run(["svstat", "x"]),
        Case::new("no record")
            .setup(|side| {
                side.fake_supervise("x", Status::down());
                side.remove("x/supervise/status");
            })
            .run(["svstat", "x"]),
        Case::new("a directory for a record")
            .setup(|side| {
                side.fake_supervise("x", Status::down());
                side.remove("x/supervise/status");
                side.mkdir("x/supervise/status");
            })
            .normal(&[SECONDS])
            .run(["svstat", "x"])
            .differs(
                "what can't be read is no record",
                &["stdout: x: down N seconds, normally up"],
                &["stdout: x: unable to read supervise/status: is a directory"],
            ),
        Case::new("an unreadable record").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x/supervise/ok", 0o666);
            side.mode("x/supervise/status", 0);
            side.command(["svstat", "x"]).unprivileged().run();
        }),
        Case::new("a link for a record").then(|side| {
            side.fake_supervise("x", Status::down());
            side.remove("x/supervise/status");
            side.file("record", Status::up(5).ahead().pack());
            side.symlink("../../record", "x/supervise/status");
            side.command(["svstat", "x"]).run();
        }),
    ]);
    cases
}

/// A directory, with a step that prepares it.
fn directory(name: &str, setup: impl Fn(&Side) + Send + Sync + 'static) -> Case {
    Case::new(name).setup(setup).run(["svstat", "x"])
}

fn broken_directories() -> Vec<Case> {
    vec![
        Case::new("no such directory").run(["svstat", "x"]),
        directory("a file", |side| {
            side.file("x", "");
        }),
        directory("a dangling link", |side| side.symlink("gone", "x")),
        directory("a link to itself", |side| side.symlink("x", "x")),
        directory("a link to a directory", |side| {
            side.fake_supervise("y", Status::down().ahead());
            side.symlink("y", "x");
        }),
        directory("no supervise directory", |side| {
            side.mkdir("x");
        }),
        directory("supervise is a file", |side| {
            side.file("x/supervise", "");
        }),
        directory("supervise is empty", |side| {
            side.mkdir("x/supervise");
        }),
        directory("nobody reads ok", |side| {
            side.fifo("x/supervise/ok");
            side.file("x/supervise/status", Status::down().ahead().pack());
        }),
        directory("ok is a file", |side| {
            side.file("x/supervise/ok", "");
            side.file("x/supervise/status", Status::down().ahead().pack());
        }),
        directory("ok is a directory", |side| {
            side.mkdir("x/supervise/ok");
        }),
        directory("ok is a dangling link", |side| {
            side.symlink("gone", "x/supervise/ok");
        }),
        directory("down is a dangling link", |side| {
            side.fake_supervise("x", Status::up(3).ahead());
            side.symlink("gone", "x/down");
        }),
        directory("down is a directory", |side| {
            side.fake_supervise("x", Status::up(3).ahead());
            side.mkdir("x/down");
        }),
        directory("down is a link to itself", |side| {
            side.fake_supervise("x", Status::up(3).ahead());
            side.symlink("down", "x/down");
        }),
        Case::new("a directory that cannot be entered")
            .needs(Need::Root)
            .then(|side| {
                side.fake_supervise("x", Status::down().ahead());
                side.mode("x", 0);
                side.command(["svstat", "x"]).unprivileged().run();
                side.mode("x", 0o755);
            }),
        Case::new("a supervise directory that cannot be entered").then(|side| {
            side.fake_supervise("x", Status::down().ahead());
            side.mode("x/supervise", 0);
            side.command(["svstat", "x"]).unprivileged().run();
            side.mode("x/supervise", 0o755);
        }),
        Case::new("ok may not be written").then(|side| {
            side.fake_supervise("x", Status::down().ahead());
            side.mode("x/supervise/ok", 0o444);
            side.command(["svstat", "x"]).unprivileged().run();
        }),
    ]
}
