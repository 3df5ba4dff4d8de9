//! multilog as root in a log directory of nobody, who plants links and journals.

use std::fs::{self, File};

use conformance::case::Need;
use conformance::{Case, Side};

/// The bytes of a file of root's that nobody may not change.
const PRECIOUS: &str = "precious\n";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![forged()];
    for name in [".pending", ".pending.new", "pending", "state"] {
        cases.push(planted(name, true));
    }
    cases.extend(["current", "lock"].map(|name| planted(name, false)));
    cases
}

/// A log directory of nobody, and a file of root's next to it.
fn begin(side: &Side) {
    side.mkdir("log");
    side.give_away("log");
    side.file("precious", PRECIOUS);
    // The mode of a `current` that ended well: multilog would append to it.
    side.mode("precious", 0o744);
}

fn end(side: &Side) {
    let same = side.read("precious") == PRECIOUS.as_bytes();
    side.log("precious is as it was", same);
}

/// A link in the place of one of its files: it is not followed, and multilog runs without
/// the file if it can.
fn planted(name: &'static str, lives: bool) -> Case {
    let case = Case::scenario(
        format!("root's multilog follows no link {name}"),
        move |side| {
            begin(side);
            let link = format!("ln -s ../precious log/{name}");
            let _ = side
                .command(["/bin/sh", "-c", &link])
                .unprivileged()
                .spawn()
                .wait();
            let logger = side
                .command(["multilog", "./log"])
                .stdin("a line\n")
                .spawn();
            side.log("logger", logger.wait());
            if lives {
                side.log_bytes("current", &side.read("log/current"));
            }
            end(side);
        },
    )
    .needs(Need::Root);
    let precious = "precious is as it was: true";
    if lives {
        case.promises(&["logger: exit 0", "current: a line", precious])
    } else {
        case.promises(&["logger: exit 111", precious])
    }
}

/// A journal that root left in another log, copied by nobody or moved here.
fn forged() -> Case {
    Case::scenario("root's multilog believes no forged journal", |side| {
        begin(side);
        side.mkdir("other");
        let (reader, mut writer) = side.pipe();
        let killed = side
            .command(["multilog", "./log"])
            .cwd("other")
            .stdin_file(reader)
            .spawn();
        std::io::Write::write_all(&mut writer, b"one\nsecret half").expect("a reader");
        let current = side.path("other/log/current");
        side.until("a line", || {
            fs::read(&current).is_ok_and(|bytes| bytes == b"one\n")
        });
        killed.signal(nix::sys::signal::Signal::SIGKILL);
        let _ = killed.wait();
        for (how, owned) in [("cp", true), ("cp", false), ("mv", false)] {
            let script = format!("{how} other/log/.pending log/.pending");
            let _ = side.command(["/bin/sh", "-c", &script]).spawn().wait();
            if owned {
                side.give_away("log/.pending");
            }
            let nothing = File::open("/dev/null").expect("/dev/null");
            let logger = side
                .command(["multilog", "./log"])
                .stdin_file(nothing)
                .spawn();
            let end = logger.wait();
            let kept = side.exists("log/.pending");
            side.log(&script, format!("{end}, {kept}"));
            side.log_bytes("current", &side.read("log/current"));
            side.log_bytes("stderr", &logger.stderr());
            if owned {
                side.remove("log/.pending");
            }
        }
        end(side);
    })
    .needs(Need::Root)
    .promises(&[
        "cp other/log/.pending log/.pending: exit 0, true",
        "current:",
        "stderr: multilog: warning: unable to keep ./log/.pending: it is not a file of ours alone",
        "cp other/log/.pending log/.pending: exit 0, false",
        "current:",
        "stderr:",
        "mv other/log/.pending log/.pending: exit 0, false",
        "current:",
        "stderr:",
        "precious is as it was: true",
    ])
}
