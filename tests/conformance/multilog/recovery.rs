//! What an earlier process left is taken up, named or removed.

use conformance::{Case, LABELS, Side};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = combinations();
    cases.extend(oddities());
    cases
}

fn leave(side: &Side, name: &str, mode: u32) {
    let path = format!("l/{name}");
    side.file(&path, format!("{name} from before\n"));
    side.mode(&path, mode);
}

fn after(name: impl Into<String>, setup: impl Fn(&Side) + Send + Sync + 'static) -> Case {
    let case = Case::new(name).setup(move |side| {
        side.mkdir("l");
        setup(side);
    });
    let case = case.stdin("new\n").normal(&[LABELS]);
    case.run(["multilog", "./l"])
}

/// Every combination of files and modes.
fn combinations() -> Vec<Case> {
    let modes = [None, Some(0o644), Some(0o744)];
    let mut cases = Vec::new();
    for current in modes {
        for previous in modes {
            for processed in modes {
                for states in [false, true] {
                    let text =
                        |mode: Option<u32>| mode.map_or("none".into(), |mode| format!("{mode:o}"));
                    let name = format!(
                        "left: current {}, previous {}, processed {}, states {states}",
                        text(current),
                        text(previous),
                        text(processed)
                    );
                    cases.push(after(name, move |side| {
                        let files = [
                            ("current", current),
                            ("previous", previous),
                            ("processed", processed),
                        ];
                        for (name, mode) in files {
                            if let Some(mode) = mode {
                                leave(side, name, mode);
                            }
                        }
                        if states {
                            leave(side, "state", 0o644);
                            leave(side, "newstate", 0o644);
                        }
                    }));
                }
            }
        }
    }
    cases
}

fn oddities() -> Vec<Case> {
    let linked = |name: &'static str, mode: u32| {
        after(format!("{name} {mode:o} has two names"), move |side| {
            leave(side, name, mode);
            let other = side.path("l/@400000000000000000000001.u");
            std::fs::hard_link(side.path(format!("l/{name}")), other).expect("a link");
        })
    };
    let mut cases = vec![
        linked("current", 0o644),
        linked("current", 0o744),
        linked("previous", 0o644),
        linked("processed", 0o744),
        after("state alone", |side| leave(side, "state", 0o600)),
        after("newstate alone", |side| leave(side, "newstate", 0o600)),
        after("an old lock file with content and a mode", |side| {
            leave(side, "lock", 0o644);
        }),
        after("empty files", |side| {
            for name in ["current", "previous", "processed"] {
                side.file(format!("l/{name}"), "");
            }
        }),
        after("a safe file as big as the limit", |side| {
            side.file("l/current", vec![b'x'; 99_999]);
            side.mode("l/current", 0o744);
        }),
        after("a safe file above the limit", |side| {
            side.file("l/current", vec![b'x'; 120_000]);
            side.mode("l/current", 0o744);
        }),
        after("a safe file near the limit", |side| {
            side.file("l/current", vec![b'x'; 98_500]);
            side.mode("l/current", 0o744);
        }),
        after("a safe file without a newline at its end", |side| {
            side.file("l/current", "no end");
            side.mode("l/current", 0o744);
        }),
        after("a link to a safe current", |side| {
            side.file("elsewhere", "elsewhere\n");
            side.mode("elsewhere", 0o744);
            side.symlink("../elsewhere", "l/current");
        })
        .differs(
            "a planted link must not lead root to another file",
            &[
                "end: exit 0",
                "stderr:",
                "file: elsewhere -0744 \"elsewhere\\nnew\\n\"",
            ],
            &[
                "end: exit 111",
                "stderr: multilog: fatal: unable to append to ./l/current: symbolic link loop",
                "file: elsewhere -0744 \"elsewhere\\n\"",
            ],
        ),
        after("too many finished files", |side| {
            for number in 0..15 {
                let name = format!("l/@4000000000000000000000{number:02}.u");
                side.file(name, format!("{number}\n"));
            }
            leave(side, "current", 0o644);
        }),
    ];
    let filled = |name: &str, setup: fn(&Side)| {
        let case = Case::new(format!("{name}, and is filled")).setup(move |side| {
            side.mkdir("l");
            setup(side);
        });
        // Each of these lines is one write of the reference.
        let case = case.stdin(super::lines(34, 512)).normal(&[LABELS]);
        case.run(["multilog", "s4096", "n3", "./l"])
    };
    cases.extend([
        filled("a safe current beside a previous", |side| {
            leave(side, "current", 0o744);
            leave(side, "previous", 0o644);
        }),
        filled("a safe current has two names", |side| {
            leave(side, "current", 0o744);
            let other = side.path("l/another");
            std::fs::hard_link(side.path("l/current"), other).expect("a link");
        }),
    ]);
    for mode in [0o000, 0o100, 0o600, 0o654, 0o700, 0o755] {
        cases.push(after(format!("current of mode {mode:04o}"), move |side| {
            leave(side, "current", mode);
        }));
    }
    let again = Case::new("three times in a row").normal(&[LABELS]);
    cases.push(
        again
            .stdin("one\n")
            .run(["multilog", "t", "./l"])
            .stdin("two\nhal")
            .run(["multilog", "./l"])
            .stdin("f\nthree\n")
            .run(["multilog", "t", "./l"]),
    );
    cases
}
