//! Services with a logger.

use std::time::{Duration, Instant};

use conformance::Case;

use super::{SLEEPER, log_said, output, scan, supervised, until_scanned};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario("a service and its log", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            side.service("s/x/log", "exec cat >> out");
            let svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("s/x/log/out") == b"started\n");
            log_said(side, &svscan);
        }),
        Case::scenario("log is a link to a directory", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            side.service("logger", "exec cat >> out");
            side.symlink("../../logger", "s/x/log");
            let _svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("logger/out") == b"started\n");
        }),
        Case::scenario("the service is a link, and has a log", |side| {
            side.service("real", "echo started\nexec sleep 1000");
            side.service("real/log", "exec cat >> out");
            side.mkdir("s");
            side.symlink("../real", "s/x");
            let _svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("real/log/out") == b"started\n");
        }),
        Case::scenario("log is a file", |side| {
            side.service("s/x", SLEEPER);
            side.file("s/x/log", "");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
        Case::scenario("log is a dangling link", |side| {
            side.service("s/x", SLEEPER);
            side.symlink("gone", "s/x/log");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
        Case::scenario("log has no run", |side| {
            side.service("s/x", SLEEPER);
            side.mkdir("s/x/log");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a log in a directory that is itself called log", |side| {
            side.service("s/log", "echo started\nexec sleep 1000");
            side.service("s/log/log", "exec cat >> out");
            let _svscan = scan(side, &["log", "log/log"]);
            side.until("a line", || side.read("s/log/log/out") == b"started\n");
        }),
        Case::scenario("a log that is added later", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            let _svscan = scan(side, &["x"]);
            side.service("new", "exec cat > out");
            side.rename("new", "s/x/log");
            // The reference scans every 5 s, and would have found it by then.
            let enough = Instant::now() + Duration::from_secs(12);
            while Instant::now() < enough && !side.is_supervised("s/x/log") {
                std::thread::sleep(Duration::from_millis(20));
            }
            supervised(side, "x/log");
        })
        .without_files()
        .differs(
            "it is picked up without a restart of anything else",
            &["x/log supervised: false"],
            &["x/log supervised: true"],
        ),
        Case::scenario("a hidden log directory is none", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/.log", "exec cat");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
    ]
}
