//! Permissions: users without permission are refused, and links that were planted in a
//! service directory have no effect on their targets.

use std::fs;
use std::os::unix::fs::MetadataExt;

use conformance::case::Need;
use conformance::{Case, Side, Status};

use crate::within;

const SLEEPER: &str = "exec sleep 1000";
/// The bytes of the file that a planted link leads to.
const PRECIOUS: &str = "precious";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        refused("a user without permission reads and changes nothing", 0o700),
        refused("a user who may read the record can do no more", 0o755),
    ];
    cases.extend(planted());
    cases.extend(directories());
    cases
}

/// The clients as nobody on a service of root's whose `supervise/` has this mode.
fn refused(name: &str, mode: u32) -> Case {
    Case::scenario(name, move |side| {
        side.service("x", SLEEPER);
        side.mkdir("x/supervise");
        side.mode("x/supervise", mode);
        let supervise = side.command(["supervise", "x"]).spawn();
        let before = side.until_status("x", "up", Status::is_up);
        side.until("it is supervised", || side.is_supervised("x"));
        let write = "echo d >x/supervise/control; echo $?";
        let own = "echo >x/supervise/status.new; echo $?";
        for words in [
            &["svc", "-d", "x"][..],
            &["svc", "-dx", "x"],
            &["svok", "x"],
            &["/bin/sh", "-c", write],
            &["/bin/sh", "-c", own],
        ] {
            side.command(words).unprivileged().run();
        }
        let svstat = side.command(["svstat", "x"]).unprivileged().spawn();
        let _ = svstat.wait();
        let text = String::from_utf8_lossy(&svstat.stdout()).into_owned();
        side.log(
            "svstat",
            text.replace(&before.pid.to_string(), "PID")
                .split(')')
                .next()
                .unwrap_or(""),
        );
        side.log("unread", side.unread_control("x"));
        side.log("record unchanged", side.status("x") == Some(before));
        side.log("lives", supervise.ended().is_none());
    })
    .needs(Need::Root)
    .without_files()
}

/// Files of supervise that are links before it starts.
fn planted() -> Vec<Case> {
    let planted =
        |file: &'static str, reference: &'static [&'static str], ours: &'static [&'static str]| {
            let case = Case::scenario(format!("{file} as a link touches nothing"), move |side| {
                // One leads to a file, one to no file, one into a directory.
                let targets = [("a", "victim"), ("b", "made"), ("c", "there/inside")];
                side.mkdir("there");
                side.executable("victim", PRECIOUS);
                let before = about(side);
                for (dir, target) in targets {
                    side.service(dir, SLEEPER);
                    side.symlink(format!("../../{target}"), format!("{dir}/supervise/{file}"));
                }
                let supervises = targets.map(|(dir, _)| side.command(["supervise", dir]).spawn());
                for ((dir, _), supervise) in targets.iter().zip(&supervises) {
                    let decided = || side.status(dir).is_some() || supervise.ended().is_some();
                    side.until("a beginning", decided);
                    // The clients use the same names.
                    for words in [&["svc", "-u"][..], &["svok"], &["svstat"]] {
                        let _ = side.command(words.iter().chain([dir])).spawn().wait();
                    }
                }
                side.log("the file untouched", about(side) == before);
                side.log(
                    "nothing made",
                    !side.exists("made") && !side.exists("there/inside"),
                );
            })
            .without_files();
            if reference.is_empty() {
                case
            } else {
                case.differs("the reference follows it", reference, ours)
            }
        };
    vec![
        planted(
            "control",
            &["the file untouched: false"],
            &["the file untouched: true"],
        ),
        planted("ok", &[], &[]),
        planted("lock", &["nothing made: false"], &["nothing made: true"]),
        planted("status", &[], &[]),
        planted(
            "status.new",
            &["the file untouched: false", "nothing made: false"],
            &["the file untouched: true", "nothing made: true"],
        ),
        planted("detail", &[], &[]),
        planted("detail.new", &[], &[]),
    ]
}

/// The bytes and attributes of the file that a link leads to.
fn about(side: &Side) -> (Vec<u8>, u32, u32, i64, i64) {
    let facts = fs::metadata(side.path("victim")).expect("the victim");
    let changed = (facts.ctime(), facts.ctime_nsec());
    (
        side.read("victim"),
        facts.mode(),
        facts.uid(),
        changed.0,
        changed.1,
    )
}

/// Links in the place of directories are followed, as the contract demands.
fn directories() -> Vec<Case> {
    vec![
        Case::scenario(
            "supervise as a link: other files there stay as they are",
            |side| {
                side.service("x", SLEEPER);
                side.mkdir("there");
                side.mode("there", 0o751);
                side.file("there/notes", PRECIOUS);
                side.symlink("../there", "x/supervise");
                let _supervise = side.command(["supervise", "x"]).spawn();
                side.until_status("x", "up", Status::is_up);
                side.log_file("there/notes");
                let mode = fs::metadata(side.path("there"))
                    .expect("it is there")
                    .mode();
                side.log("mode", format!("{:o}", mode & 0o7777));
            },
        )
        .without_files(),
        Case::scenario(
            "log as a link to a file: no logger, nothing touched",
            |side| {
                side.service("s/x", SLEEPER);
                side.executable("victim", PRECIOUS);
                let before = about(side);
                side.symlink("../../victim", "s/x/log");
                let svscan = side.command(["svscan", "s"]).spawn();
                side.until_status("s/x", "up", Status::is_up);
                within(|| !svscan.stderr().is_empty());
                side.log("the file untouched", about(side) == before);
                side.log("lives", svscan.ended().is_none());
            },
        )
        .without_files(),
    ]
}
