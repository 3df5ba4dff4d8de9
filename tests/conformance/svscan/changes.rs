//! Service directories that are added, removed and moved while svscan runs.

use conformance::{Case, Status};

use super::{SLEEPER, children, log_said, scan, supervised, until_scanned};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario(
            "an empty directory does not end it, and a new service is found",
            |side| {
                let svscan = scan(side, &[]);
                until_scanned(side, "first");
                until_scanned(side, "second");
                side.log("ended", svscan.ended().is_some());
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a supervise that is gone is started again", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let old = side.status("s/x").expect("a record");
            side.control("s/x", b"dx");
            let new = side.until_restarted("s/x", old.pid);
            side.log("x", new);
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a service hidden and told to exit is not started again",
            |side| {
                side.service("s/x", SLEEPER);
                side.service("s/x/log", "exec cat > out");
                let svscan = scan(side, &["x", "x/log"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/.x");
                until_scanned(side, "again");
                assert_eq!(
                    side.status("s/.x"),
                    Some(before),
                    "the move disturbs nothing"
                );
                // From within the moved directory, as the manual page says.
                side.command(["svc", "-dx", ".", "log"]).cwd("s/.x").run();
                side.until("both are gone", || {
                    !side.is_supervised("s/.x") && !side.is_supervised("s/.x/log")
                });
                until_scanned(side, "once more");
                supervised(side, ".x");
                supervised(side, ".x/log");
                log_said(side, &svscan);
            },
        ),
        Case::scenario(
            "a link hidden and told to exit is not started again",
            |side| {
                side.service("elsewhere/x", SLEEPER);
                side.mkdir("s");
                side.symlink("../elsewhere/x", "s/x");
                let svscan = scan(side, &["x"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/.x");
                until_scanned(side, "again");
                assert_eq!(
                    side.status("s/.x"),
                    Some(before),
                    "the move disturbs nothing"
                );
                side.control("s/.x", b"dx");
                side.until("it is gone", || !side.is_supervised("s/.x"));
                until_scanned(side, "once more");
                supervised(side, ".x");
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a link to another directory is another service", |side| {
            side.service("one", SLEEPER);
            side.service("two", SLEEPER);
            side.mkdir("s");
            side.symlink("../one", "s/x");
            let svscan = scan(side, &["x"]);
            let before = side.status("one").expect("a record");
            side.symlink("../two", "s/.next");
            side.rename("s/.next", "s/x");
            side.log("two", side.until_status("two", "up", Status::is_up));
            assert_eq!(side.status("one"), Some(before), "the old one goes on");
            log_said(side, &svscan);
        }),
        Case::scenario("a renamed service is the same service", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let before = side.status("s/x").expect("a record");
            side.rename("s/x", "s/y");
            until_scanned(side, "again");
            assert_eq!(side.status("s/y"), Some(before), "it goes on");
            side.log("children", children(&svscan));
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a renamed service that exits comes back under its new name",
            |side| {
                side.service("s/x", SLEEPER);
                let svscan = scan(side, &["x"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/y");
                until_scanned(side, "again");
                side.control("s/y", b"dx");
                side.until_restarted("s/y", before.pid);
                side.log("children", children(&svscan));
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a service removed after its end is forgotten", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            let svscan = scan(side, &["x", "y"]);
            side.rename("s/x", "s/.x");
            until_scanned(side, "again");
            side.control("s/.x", b"dx");
            side.until("it is gone", || !side.is_supervised("s/.x"));
            side.remove("s/.x");
            until_scanned(side, "once more");
            log_said(side, &svscan);
            side.log("children", children(&svscan));
        }),
        Case::scenario("a file that becomes a directory is found", |side| {
            side.file("s/x", "");
            let svscan = scan(side, &[]);
            until_scanned(side, "again");
            side.remove("s/x");
            side.service("new", SLEEPER);
            side.rename("new", "s/x");
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("a dangling link whose target appears is found", |side| {
            side.mkdir("s");
            side.symlink("../elsewhere", "s/x");
            let svscan = scan(side, &[]);
            until_scanned(side, "again");
            side.service("new", SLEEPER);
            side.rename("new", "elsewhere");
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("the scan directory renamed", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            side.rename("s", "t");
            side.service("new", SLEEPER);
            side.rename("new", "t/y");
            side.log("y", side.until_status("t/y", "up", Status::is_up));
            log_said(side, &svscan);
        }),
    ]
}
