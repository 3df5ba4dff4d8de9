//! A multilog that starts after one that was killed, or that had another script.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use common::{contents, finished, input, lines, said, start, start_tampered, start_traced, until};

/// A log of small files that are never removed.
const SMALL: [&str; 3] = ["n1000", "s4096", "./log"];

/// Killed at each system call of a rotation: the next start finds every byte, and cuts
/// files where the rule says.
#[test]
fn killed_at_each_step() {
    let steps = [
        "fsync",
        "rename,renameat,renameat2",
        "openat",
        "fchmod",
        "chmod,fchmodat",
        "link,linkat",
        "unlink,unlinkat",
        "write",
        "read",
        "fchdir",
        "getdents64",
        "fstat,newfstatat",
    ];
    for step in steps {
        for when in [1, 2, 3, 5, 8, 13] {
            let place = tempfile::tempdir().unwrap();
            let all = lines(400);
            let stdin = input(place.path(), &all);
            let inject = format!("{step}:signal=KILL:when={when}");
            let again = stdin.try_clone().unwrap();
            let Some(mut child) = start_tampered(place.path(), &inject, &SMALL, stdin) else {
                return;
            };
            child.wait().unwrap();
            let mut child = start(place.path(), &SMALL, again);
            assert!(child.wait().unwrap().success(), "{inject}");
            let log = place.path().join("log");
            assert!(contents(&log) == all, "{inject}: other lines");
            for file in finished(&log) {
                let mode = fs::metadata(&file).unwrap().permissions().mode();
                let is_safe = file.extension().unwrap() == "s";
                assert!(!is_safe || mode & 0o100 != 0, "{inject}: {file:?} {mode:o}");
                assert!(!is_safe || is_cut_by_the_rule(&file), "{inject}: {file:?}");
            }
        }
    }
}

/// Whether the first newline within 2000 bytes of the size is the end of a file.
fn is_cut_by_the_rule(file: &Path) -> bool {
    let bytes = fs::read(file).unwrap();
    let newline = bytes.iter().skip(4096 - 2000 - 1).position(|&b| b == b'\n');
    newline.is_some_and(|at| 4096 - 2000 + at == bytes.len())
}

/// Guards against output that is written again because its file is gone: an archiver may
/// take a finished file away before the next one is made.
#[test]
fn killed_when_the_finished_file_was_taken_away() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    let all = lines(400);
    let stdin = input(place.path(), &all);
    let again = stdin.try_clone().unwrap();
    let current = log.join("current");
    let options = ["-o", "/dev/null", "-P", "current", "-P"];
    let mut options = [&options[..], &[current.to_str().unwrap()]].concat();
    options.extend(["-e", "inject=openat:error=ENOSPC:when=2+"]);
    let Some(mut child) = start_traced(place.path(), &options, &SMALL, stdin) else {
        return;
    };
    let warning = "unable to create ./log/current, pausing: out of disk space\n";
    until("a warning", || said(place.path()).contains(warning));
    let taken = place.path().join("taken");
    fs::rename(&finished(&log)[0], &taken).unwrap();
    let tracer = child.id();
    let traced = fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children")).unwrap();
    let killed = Command::new("kill").args(["-9", traced.trim()]).status();
    assert!(killed.unwrap().success());
    child.wait().unwrap();
    let mut child = start(place.path(), &SMALL, again);
    assert!(child.wait().unwrap().success());
    let rest = contents(&log);
    assert!([fs::read(taken).unwrap(), rest].concat() == all);
}

/// Pending input in the journal of another script is written by this one.
#[test]
fn another_script_takes_over_what_is_pending() {
    let place = tempfile::tempdir().unwrap();
    let all = lines(300);
    let stdin = input(place.path(), &all);
    let again = stdin.try_clone().unwrap();
    let inject = "write:signal=KILL:when=1";
    let Some(mut child) = start_tampered(place.path(), inject, &SMALL, stdin) else {
        return;
    };
    child.wait().unwrap();
    let script = ["n1000", "s5000", "./log", "./other"];
    let mut child = start(place.path(), &script, again);
    assert!(child.wait().unwrap().success());
    assert!(contents(&place.path().join("other")) == all);
    assert!(contents(&place.path().join("log")).ends_with(&all));
}

/// Whatever file has the journal's name, multilog runs.
#[test]
fn a_journal_that_is_none_is_ignored() {
    for content in [&b""[..], b"x", &[0xff; 100_000]] {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("log")).unwrap();
        fs::write(place.path().join("log/.pending"), content).unwrap();
        let all = lines(100);
        let mut child = start(place.path(), &SMALL, input(place.path(), &all));
        assert!(child.wait().unwrap().success());
        assert!(contents(&place.path().join("log")) == all);
    }
}
