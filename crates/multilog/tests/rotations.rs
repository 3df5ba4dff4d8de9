//! Rotation, step by step: each step fails once, and a file is on the disk before its mode
//! or its name says so.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use common::{contents, input, lines, said, start_traced};

const PLAIN: &[&str] = &["n1000", "s4096", "./log"];
/// With a `previous` in the way of the first rotation.
const LONG_WAY: &[&str] = &["n1001", "s4096", "./log"];
const PROCESSED: &[&str] = &["n1000", "s4096", "!cat; echo x >&5", "./log"];
const STATUS: &[&str] = &["=status", "n1000", "s4096", "./log"];

/// `previous` as strace knows it from a descriptor alone: multilog names it without the
/// directory. strace counts each call for itself, and which call looks at a descriptor
/// is the C library's choice.
const BY_DESCRIPTOR: &str = "log/previous";

const OPEN: &str = "open,openat";
const STAT: &str = "stat,newfstatat,fstat";
const CHMOD: &str = "chmod,fchmodat,fchmod";
const RENAME: &str = "rename,renameat,renameat2";
const UNLINK: &str = "unlink,unlinkat";
const FORK: &str = "fork,vfork,clone,clone3";

/// Makes one of these calls on a file fail: the `when`th of them and only that.
/// All input has to be in the log, and `message` in the messages.
fn fails_once(calls: &str, when: u32, file: &str, script: &[&str], message: &str) {
    let place = tempfile::tempdir().unwrap();
    let all = lines(400);
    let inject = format!("inject={calls}:error=ENOSPC:when={when}");
    let mut options = vec!["-o", "/dev/null", "-e", &inject];
    // By name, and by descriptors of files that are not there yet.
    let paths = [Path::new("log"), Path::new("")].map(|dir| place.path().join(dir).join(file));
    if !file.is_empty() {
        if file != BY_DESCRIPTOR {
            options.extend(["-P", file]);
        }
        options.extend(paths.iter().flat_map(|path| ["-P", path.to_str().unwrap()]));
    }
    let stdin = input(place.path(), &all);
    if script == LONG_WAY {
        leave_previous(&place.path().join("log"));
    }
    let Some(mut child) = start_traced(place.path(), &options, script, stdin) else {
        return;
    };
    assert!(child.wait().unwrap().success());
    let message = format!("multilog: warning: unable to {message}, pausing: out of disk space\n");
    assert_eq!(said(place.path()), message, "{inject}");
    assert!(
        contents(&place.path().join("log")) == all,
        "{inject}: other lines"
    );
    if script == STATUS {
        let status = fs::read(place.path().join("status")).unwrap();
        let last = all.split(|&byte| byte == b'\n').nth(399).unwrap();
        assert_eq!(status.len(), 1001);
        assert!(status.starts_with(last), "the last line is in the status");
    }
}

/// Makes a log that ended well and has a `previous`, which the next rotation replaces.
fn leave_previous(log: &Path) {
    fs::create_dir(log).unwrap();
    for name in ["current", "previous"] {
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o744);
        drop(options.open(log.join(name)).unwrap());
    }
}

macro_rules! steps {
    ($($name:ident: $calls:expr, $when:expr, $file:expr, $script:expr, $message:expr;)*) => {$(
        #[test]
        fn $name() {
            fails_once($calls, $when, $file, $script, $message);
        }
    )*};
}

steps! {
    current_cannot_be_made: OPEN, 2, "current", PLAIN, "create ./log/current";
    previous_gets_no_mode: CHMOD, 1, "previous", LONG_WAY, "set mode of ./log/previous";
    previous_cannot_be_looked_at: STAT, 1, BY_DESCRIPTOR, LONG_WAY, "stat ./log/previous";
    previous_cannot_be_removed: UNLINK, 1, "previous", PROCESSED, "remove ./log/previous";
    the_directory_cannot_be_read: "getdents64", 1, "", PLAIN, "read ./log";
    no_process_for_a_processor: FORK, 1, "", PROCESSED, "fork for processor in ./log";
    processed_cannot_be_opened: OPEN, 1, "processed", PROCESSED, "create ./log/processed";
    processed_is_not_safe: "fsync", 1, "processed", PROCESSED,
        "write ./log/processed to disk";
    processed_gets_no_mode: "fchmod", 1, "processed", PROCESSED,
        "set mode of ./log/processed";
    newstate_is_not_safe: "fsync", 1, "newstate", PROCESSED, "write ./log/newstate to disk";
    newstate_does_not_become_state: RENAME, 1, "newstate", PROCESSED,
        "rename newstate to state in directory ./log";
    a_status_finds_no_room: "write", 1, "status", STATUS, "write status";
    a_status_cannot_be_rewound: "lseek", 1, "status", STATUS, "move to beginning of status";
}

/// The calls of a trace, in order: the name of each, and the last part of the first path in
/// it.
fn done(trace: &Path) -> Vec<String> {
    let text = fs::read_to_string(trace).unwrap();
    let calls = text.lines().filter_map(|line| line.split_once('('));
    calls
        .map(|(call, rest)| {
            let call = call.rsplit(' ').next().unwrap();
            let call = call.trim_end_matches(|c: char| c.is_ascii_digit());
            let call = match call.strip_suffix("at").unwrap_or(call) {
                "fchmod" | "chmod" => "mode",
                other => other,
            };
            // A name, or what the descriptor is.
            let name = rest.split('"').nth(1);
            let path = name.or(rest.split(['<', '>']).nth(1)).unwrap_or("");
            format!("{call} {}", path.rsplit('/').next().unwrap())
        })
        .collect()
}

/// Finishes one file; in each pair the first call comes before the second.
fn order(script: &[&str], pairs: &[[&str; 2]]) {
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    let calls = format!("trace=fsync,link,linkat,{CHMOD},{RENAME},{UNLINK}");
    let options = ["-y", "-o", trace.to_str().unwrap(), "-e", &calls];
    let stdin = input(place.path(), &[b'x'; 4097]);
    if script == LONG_WAY {
        leave_previous(&place.path().join("log"));
    }
    let Some(mut child) = start_traced(place.path(), &options, script, stdin) else {
        return;
    };
    assert!(child.wait().unwrap().success());
    let done = done(&trace);
    let rename = done
        .iter()
        .position(|step| step == "rename current")
        .unwrap();
    let at = |step: &str| {
        let found = done.iter().rposition(|done| done == step);
        found.unwrap_or_else(|| panic!("no {step} in {done:?}"))
    };
    let before = |step| done[..rename].iter().rposition(|done| done == step);
    let is_safe = before("fsync current");
    assert!(is_safe.is_some(), "{done:?}");
    if script == PLAIN {
        assert!(is_safe < before("mode current"), "{done:?}");
        return;
    }
    assert!(rename < at("mode previous"), "{done:?}");
    for [first, second] in pairs {
        assert!(at(first) < at(second), "{first}, {second}: {done:?}");
    }
    let is_name = |step: &&String| step.starts_with("link ") || *step == "rename previous";
    if let Some(name) = done.iter().find(is_name) {
        assert!(at("mode previous") < at(name), "{done:?}");
    }
    // A second name has to be on the disk before the old one goes; a rename is
    // one step.
    for (index, step) in done.iter().enumerate() {
        if let Some(name) = step.strip_prefix("link ") {
            let gone = at(&format!("unlink {name}"));
            let sync = done[index..gone].iter().any(|step| step == "fsync log");
            assert!(sync, "{name}: {done:?}");
        }
    }
}

#[test]
fn safe_before_it_is_called_so() {
    order(PLAIN, &[]);
    order(LONG_WAY, &[]);
}

#[test]
fn processed_and_state_are_safe_before_previous_goes() {
    let pairs = [
        ["fsync processed", "mode processed"],
        ["mode processed", "unlink previous"],
        ["fsync newstate", "unlink previous"],
        ["unlink previous", "rename newstate"],
    ];
    order(PROCESSED, &pairs);
}
