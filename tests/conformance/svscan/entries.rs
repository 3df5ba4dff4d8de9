//! The entries of the scan directory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use conformance::case::Need;
use conformance::{Case, Status};

use super::{SLEEPER, children, log_said, scan, until_scanned};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario(
            "dot names, files and links to files are not services",
            |side| {
                side.service("s/x", SLEEPER);
                side.service("s/.hidden", SLEEPER);
                side.service("s/..two", SLEEPER);
                side.file("s/file", "");
                side.executable("s/run", "#!/bin/sh\n");
                side.symlink("file", "s/link");
                side.fifo("s/fifo");
                let svscan = scan(side, &["x"]);
                until_scanned(side, "again");
                log_said(side, &svscan);
            },
        ),
        Case::scenario("links are followed", |side| {
            side.service("elsewhere/x", SLEEPER);
            side.service("elsewhere/.dot", SLEEPER);
            side.mkdir("s");
            side.symlink("../elsewhere/x", "s/relative");
            side.symlink(side.path("elsewhere/.dot"), "s/absolute");
            let svscan = scan(side, &["relative", "absolute"]);
            log_said(side, &svscan);
        }),
        Case::scenario("links that lead nowhere are said", |side| {
            side.service("s/x", SLEEPER);
            side.symlink("gone", "s/dangling");
            side.symlink("loop", "s/loop");
            side.symlink("x/run/beneath", "s/beneath");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
        }),
        Case::scenario("two links to one directory are one service", |side| {
            side.service("elsewhere", SLEEPER);
            side.mkdir("s");
            side.symlink("../elsewhere", "s/a");
            side.symlink("../elsewhere", "s/b");
            let svscan = scan(side, &["a"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("children", children(&svscan));
        }),
        Case::scenario("names of odd bytes", |side| {
            for name in [
                &b"a b"[..],
                b"line\nbreak",
                b"\xff\xfe",
                b"-d",
                b"*",
                b"'\"",
            ] {
                let name = side.path("s").join(OsStr::from_bytes(name));
                side.executable(name.join("run"), format!("#!/bin/sh\n{SLEEPER}\n"));
            }
            let svscan = side.command(["svscan", "s"]).spawn();
            for name in [
                &b"a b"[..],
                b"line\nbreak",
                b"\xff\xfe",
                b"-d",
                b"*",
                b"'\"",
            ] {
                let path = side.path("s").join(OsStr::from_bytes(name));
                side.log_bytes("name", name);
                side.log("status", side.until_status(path, "up", Status::is_up));
            }
            log_said(side, &svscan);
        }),
        Case::scenario("a name of 255 bytes", |side| {
            let name = "n".repeat(255);
            side.service(&format!("s/{name}"), SLEEPER);
            let svscan = scan(side, &[&name]);
            log_said(side, &svscan);
        }),
        Case::scenario("a name of 255 bytes with a log", |side| {
            let name = "n".repeat(255);
            side.service(&format!("s/{name}"), SLEEPER);
            side.service(&format!("s/{name}/log"), "exec cat > out");
            let svscan = scan(side, &[&name, &format!("{name}/log")]);
            log_said(side, &svscan);
        }),
        Case::scenario("hundreds of services", |side| {
            for number in 0..200 {
                side.service(&format!("s/x{number}"), SLEEPER);
                side.file(format!("s/x{number}/down"), "");
            }
            let svscan = scan(side, &[]);
            side.until("all are supervised", || {
                (0..200).all(|number| side.status(format!("s/x{number}")).is_some())
            });
            side.log("children", children(&svscan));
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a directory without run", |side| {
            side.service("s/x", SLEEPER);
            side.mkdir("s/empty");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a service that is down stays down", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            side.file("s/x/down", "");
            let _svscan = scan(side, &["y"]);
            until_scanned(side, "again");
            side.log("x", side.status("s/x").expect("a record"));
        }),
        Case::scenario("a scan directory that cannot be read", |side| {
            side.mkdir("s");
            side.mode("s", 0o711);
            let svscan = side.command(["svscan", "s"]).unprivileged().spawn();
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
            side.log("ended", svscan.ended().is_some());
        })
        .needs(Need::Root),
        Case::scenario("a service that cannot be supervised", |side| {
            side.service("s/x", SLEEPER);
            side.file("s/x/supervise", "in the way");
            side.service("s/y", SLEEPER);
            let svscan = scan(side, &["y"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        }),
    ]
}
