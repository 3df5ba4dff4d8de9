//! svc: the bytes that it writes to each service, and its messages.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use conformance::{Case, OPTIONS, Side, Status, reference_sends_quit};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = letters();
    cases.extend(syntax());
    cases.extend(directories());
    cases
}

fn service(side: &Side) {
    side.fake_supervise("x", Status::down());
}

/// The bytes that svc writes to `control`.
fn writes(name: &str, args: &'static [&str]) -> Case {
    Case::new(name)
        .normal(&[OPTIONS])
        .setup(service)
        .run(args)
        .then(|side| side.log_control("x"))
}

fn letters() -> Vec<Case> {
    let later = if reference_sends_quit() { "q12" } else { "" };
    let mut cases: Vec<Case> = "udopchaitkx"
        .chars()
        .chain(later.chars())
        .map(|letter| {
            let option = format!("-{letter}");
            Case::new(format!("-{letter}"))
                .setup(service)
                .run(["svc", &option, "x"])
                .then(|side| side.log_control("x"))
        })
        .collect();
    cases.extend(
        ["z", "U", "0", "?", ":", "\u{e9}"]
            .into_iter()
            .map(|letter| {
                Case::new(format!("-{letter} is unknown"))
                    .setup(service)
                    .normal(&[OPTIONS])
                    .run(["svc", &format!("-{letter}"), "x"])
                    .then(|side| side.log_control("x"))
            }),
    );
    cases
}

fn syntax() -> Vec<Case> {
    vec![
        Case::new("no arguments").run(["svc"]),
        writes("no options", &["svc", "x"]),
        writes("options without a directory", &["svc", "-u"]),
        writes("-du keeps its order", &["svc", "-du", "x"]),
        writes("-ud keeps its order", &["svc", "-ud", "x"]),
        writes("-d -u keeps its order", &["svc", "-d", "-u", "x"]),
        writes(
            "repeated letters are repeated",
            &["svc", "-tttt", "-t", "x"],
        ),
        writes("all letters", &["svc", "-udopchaitkx", "x"]),
        writes(
            "options end at the first directory",
            &["svc", "-u", "x", "-d"],
        ),
        writes("two dashes end the options", &["svc", "-u", "--", "x"]),
        writes("a directory called -d", &["svc", "-u", "--", "-d", "x"]),
        writes("a lone dash is a directory", &["svc", "-u", "-", "x"]),
        writes("an empty argument is a directory", &["svc", "-u", "", "x"]),
        writes("two dashes in a cluster", &["svc", "-u-d", "x"]),
        writes(
            "an unknown letter after known ones does nothing",
            &["svc", "-uz", "x"],
        ),
        writes(
            "an unknown letter before known ones does nothing",
            &["svc", "-zu", "x"],
        ),
        writes(
            "an unknown letter in a later cluster",
            &["svc", "-u", "-z", "x"],
        ),
        Case::new("an unknown letter with standard error closed")
            .setup(service)
            .then(|side| {
                side.command(["svc", "-z", "x"]).close(2).run();
            }),
        Case::new("hundreds of letters")
            .setup(service)
            .then(|side| {
                side.command(["svc", &format!("-{}", "du".repeat(250)), "x"])
                    .run();
                side.log_control("x");
            }),
        Case::new("all standard descriptors closed")
            .setup(service)
            .then(|side| {
                side.command(["svc", "-u", "x", "gone"])
                    .close(0)
                    .close(1)
                    .close(2)
                    .run();
                side.log_control("x");
            }),
    ]
}

fn directories() -> Vec<Case> {
    let alone = |name: &str, setup: fn(&Side)| Case::new(name).setup(setup).run(["svc", "-d", "x"]);
    vec![
        Case::new("several directories, good and bad, in order")
            .setup(|side| {
                side.fake_supervise("a", Status::down());
                side.fake_supervise("b", Status::down());
                side.mkdir("none");
            })
            .run(["svc", "-dx", "a", "none", "gone", "b", "a"])
            .then(|side| {
                side.log_control("a");
                side.log_control("b");
            }),
        Case::new("absolute and relative names").then(|side| {
            side.fake_supervise("a", Status::down());
            side.fake_supervise("b/c", Status::down());
            let a = side.path("a").into_os_string();
            let words = ["svc", "-u", "b/c", "./a/", "b/../b/c"].map(OsStr::new);
            side.command(words.into_iter().chain([a.as_os_str(), OsStr::new("b/c")]))
                .run();
            side.log_control("a");
            side.log_control("b/c");
        }),
        Case::new("the working directory itself, and log in it").then(|side| {
            side.fake_supervise(".moved", Status::down());
            side.fake_supervise(".moved/log", Status::down());
            side.command(["svc", "-dx", ".", "log"]).cwd(".moved").run();
            side.log_control(".moved");
            side.log_control(".moved/log");
        }),
        Case::new("names of odd bytes").then(|side| {
            for name in [&b"a b"[..], b"line\nbreak", b"\xff\xfe"] {
                let name = OsStr::from_bytes(name);
                side.command([OsStr::new("svc"), OsStr::new("-u"), name])
                    .run();
                side.mkdir(name);
                side.command([OsStr::new("svc"), OsStr::new("-u"), name])
                    .run();
            }
        }),
        alone("no such directory", |_| ()),
        alone("a file", |side| {
            side.file("x", "");
        }),
        alone("a dangling link", |side| side.symlink("gone", "x")),
        alone("a link to itself", |side| side.symlink("x", "x")),
        alone("no supervise directory", |side| {
            side.mkdir("x");
        }),
        alone("supervise is a file", |side| {
            side.file("x/supervise", "");
        }),
        alone("supervise is empty", |side| {
            side.mkdir("x/supervise");
        }),
        alone("nobody reads control", |side| {
            side.fifo("x/supervise/control");
        }),
        alone("control is a directory", |side| {
            side.mkdir("x/supervise/control");
        }),
        alone("control is a dangling link", |side| {
            side.symlink("gone", "x/supervise/control");
        }),
        alone("control is a link to itself", |side| {
            side.symlink("control", "x/supervise/control");
        }),
        alone("control is an empty file", |side| {
            side.file("x/supervise/control", "");
        })
        .differs(
            "only a FIFO is written to",
            &["stderr:", "file: x/supervise/control -0644 \"d\""],
            &[
                "stderr: svc: warning: unable to control x: supervise/control is not a FIFO",
                "file: x/supervise/control -0644 \"\"",
            ],
        ),
        alone("control is a file with contents", |side| {
            side.file("x/supervise/control", "precious");
        })
        .differs(
            "only a FIFO is written to",
            &["stderr:", "file: x/supervise/control -0644 \"drecious\""],
            &[
                "stderr: svc: warning: unable to control x: supervise/control is not a FIFO",
                "file: x/supervise/control -0644 \"precious\"",
            ],
        ),
        Case::new("control may not be written").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x/supervise/control", 0o444);
            side.command(["svc", "-u", "x"]).unprivileged().run();
        }),
        Case::new("a directory that cannot be entered").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x", 0);
            side.command(["svc", "-u", "x"]).unprivileged().run();
            side.mode("x", 0o755);
        }),
        Case::new("a supervise directory that cannot be entered").then(|side| {
            side.fake_supervise("x", Status::down());
            side.mode("x/supervise", 0);
            side.command(["svc", "-u", "x"]).unprivileged().run();
            side.mode("x/supervise", 0o755);
        }),
        Case::new("a name too long").then(|side| {
            side.command(["svc", "-u", &"n".repeat(300)]).run();
        }),
    ]
}
