//! multilog: killed at every system call, with a full disk, with a limit on the size of
//! files. Every byte of its input is in the log, once and in order.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use conformance::case::Need;
use conformance::service::unread;
use conformance::{Case, Exit, Proc, Side};

use crate::sweep::multilog::{compared, contents, filled, numbered};

/// Small files, none of which is removed.
const PLAIN: &[&str] = &["n1000", "s4096", "./log"];
/// With a processor that has a state.
const PROCESSED: &[&str] = &[
    "n1000",
    "s4096",
    "!cat; cat <&4 >/dev/null; echo >&5",
    "./log",
];
/// Lines for several rotations.
const LINES: usize = 200;
/// The number of multilogs that run at once.
const BATCH: usize = 8;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        killed("killed at every system call", PLAIN, &[]),
        killed("the same with a processor", PROCESSED, &[]),
        killed(
            "killed over a rotation, and again at every call of the recovery",
            PLAIN,
            &["fchmod-2", "renameat2-1"],
        ),
        killed(
            "the same with a processor, over its rotation",
            PROCESSED,
            // The first one is that of the journal.
            &["renameat-2", "renameat2-1"],
        ),
    ];
    cases.extend(full());
    cases
}

/// Kills a multilog at each system call that an undisturbed one makes. The next one must
/// find every byte. With `before`, each begins in a log whose multilog was killed after
/// one of these calls.
fn killed(name: &str, script: &'static [&'static str], before: &'static [&'static str]) -> Case {
    let steps = move |side: &Side| {
        let all = numbered(LINES);
        let mut firsts = vec![None];
        if !before.is_empty() {
            let calls = calls(side, script, None, &all);
            let after = |name: &&str| {
                let at = calls.iter().position(|call| call == name);
                calls[at.expect("such a call") + 1].clone()
            };
            firsts = before.iter().map(|name| Some(after(name))).collect();
        }
        let mut count = 0;
        for first in firsts {
            let calls = calls(side, script, first.as_deref(), &all);
            for batch in calls.chunks(BATCH) {
                let runs: Vec<_> = batch
                    .iter()
                    .map(|call| {
                        let input = begin(side, call, script, first.as_deref(), &all);
                        let run = to_be_killed(side, call, script, call, &input);
                        (call, input, run)
                    })
                    .collect();
                let ends: Vec<_> = runs
                    .into_iter()
                    .map(|(call, input, run)| {
                        if run.wait() != Exit::Signal(libc::SIGKILL) {
                            side.log(call, "not killed");
                        }
                        let last = multilog(side, call, &[], script, &input);
                        (call, input, last)
                    })
                    .collect();
                for (call, input, last) in ends {
                    let mut end = last.wait();
                    // A processor that was just forked may have the lock until its exec.
                    side.until("the lock", || {
                        if end == Exit::Code(111) {
                            end = multilog(side, call, &[], script, &input).wait();
                        }
                        end != Exit::Code(111)
                    });
                    let found = contents(&side.path(call).join("log"));
                    if end != Exit::Code(0) || found != all {
                        side.log(call, format!("{end}, {}", compared(&found, &all)));
                    }
                    side.remove(call);
                }
            }
            count += calls.len();
        }
        println!("multilog killed at {count} system calls, {LINES} lines each time");
        side.log("killed at some", count > 80);
    };
    Case::scenario(name, steps)
        .needs(Need::Strace)
        .promises(&["killed at some: true"])
}

/// A directory for a multilog, perhaps one whose multilog was killed; and its input.
fn begin(side: &Side, dir: &str, script: &[&str], first: Option<&str>, all: &[u8]) -> File {
    side.mkdir(dir);
    let input = filled(side, all);
    if let Some(call) = first {
        let _ = to_be_killed(side, dir, script, call, &input).wait();
    }
    input
}

/// The system calls of a multilog as `NAME-NTH`, in order.
fn calls(side: &Side, script: &[&str], first: Option<&str>, all: &[u8]) -> Vec<String> {
    let input = begin(side, "whole", script, first, all);
    let strace = ["/usr/bin/strace", "-qq", "-esignal=none", "-otrace"];
    let traced = multilog(side, "whole", &strace, script, &input);
    assert_eq!(traced.wait(), Exit::Code(0));
    let trace = side.read("whole/trace");
    side.remove("whole");
    let mut times: HashMap<String, u32> = HashMap::new();
    let lines = String::from_utf8_lossy(&trace);
    let names = lines.lines().filter_map(|line| line.split_once('('));
    names
        .filter(|(name, _)| *name != "execve")
        .map(|(name, _)| {
            let times = times.entry(name.to_owned()).or_default();
            *times += 1;
            format!("{name}-{times}")
        })
        .collect()
}

/// A multilog that is killed at this call.
fn to_be_killed(side: &Side, dir: &str, script: &[&str], call: &str, input: &File) -> Proc {
    let inject = format!("-einject={}", call.replace('-', ":signal=KILL:when="));
    let strace = ["/usr/bin/strace", "-qq", "-o/dev/null", &inject];
    multilog(side, dir, &strace, script, input)
}

/// A multilog that another program starts.
fn multilog(side: &Side, dir: &str, below: &[&str], script: &[&str], input: &File) -> Proc {
    let program = side.bin("multilog");
    let words = below.iter().map(AsRef::as_ref);
    let words = words.chain([program.as_os_str()]);
    let words = words.chain(script.iter().map(AsRef::as_ref));
    let own = input.try_clone().expect("the pipe once more");
    side.command(words).cwd(dir).stdin_file(own).spawn()
}

/// A disk without space for a while.
fn full() -> Vec<Case> {
    let disk = |name: &str, size: &'static str| {
        Case::scenario(name, move |side| {
            let all = numbered(400);
            side.mkdir("log");
            let mount = side.path("log").display().to_string();
            // A mount of its own, which ends with its namespace.
            let lines = format!(
                "mount -t tmpfs -o size={size} none {mount} && cd {} && exec {} {}",
                side.dir().display(),
                side.bin("multilog").display(),
                PLAIN.join(" "),
            );
            side.script("mounted", &lines);
            let (reader, mut writer) = side.pipe();
            let multilog = side
                .command(["/usr/bin/unshare", "-m", "./mounted"])
                .stdin_file(reader)
                .spawn();
            let log = format!("/proc/{}/root{mount}", multilog.pid());
            let log = Path::new(&log);
            let (first, rest) = all.split_at(all.len() / 3);
            writer.write_all(first).expect("a reader");
            side.until("the first lines", || {
                contents(log).ends_with(last_line(first))
            });
            let filler = log.join("filler");
            let mut file = File::create(&filler).expect("a file on the mount");
            while file.write(&[0; 512]).is_ok() {}
            writer.write_all(rest).expect("room in the pipe");
            side.until("the message", || {
                String::from_utf8_lossy(&multilog.stderr()).contains("pausing")
            });
            let before = contents(log);
            side.log("some are missing", before.len() < all.len());
            side.log("none is wrong", all.starts_with(&before));
            drop(file);
            fs::remove_file(&filler).expect("room again");
            side.until("all lines", || contents(log).len() >= all.len());
            side.log("all there, once", contents(log) == all);
            let said = String::from_utf8_lossy(&multilog.stderr()).into_owned();
            side.log("says why", said.contains("pausing: out of disk space"));
            drop(writer);
            side.log("end", multilog.wait());
        })
        .needs(Need::Namespaces)
        .promises(&[
            "some are missing: true",
            "none is wrong: true",
            "all there, once: true",
            "says why: true",
            "end: exit 0",
        ])
    };
    vec![
        disk("a full disk, freed", "256k"),
        disk("a full disk with no room for a journal, freed", "64k"),
        Case::scenario("files that may not grow are a full disk", |side| {
            let all = numbered(400);
            // Its messages go to a pipe, since a file could not grow either.
            let (mut said, stderr) = side.pipe();
            let (reader, mut writer) = side.pipe();
            let multilog = side
                .command(["multilog"].iter().chain(PLAIN))
                .stdin_file(reader)
                .pass(2, stderr)
                .spawn();
            side.until("its file", || side.exists("log/current"));
            side.limit(&multilog, "fsize", "0");
            writer.write_all(&all).expect("room in the pipe");
            drop(writer);
            side.until("the message", || unread(&said) > 0);
            side.log("lives", multilog.ended().is_none());
            side.limit(&multilog, "fsize", "unlimited");
            side.log("end", multilog.wait());
            side.log("all there, once", contents(&side.path("log")) == all);
            let mut text = Vec::new();
            said.read_to_end(&mut text).expect("its messages");
            side.log_bytes("says why", text.trim_ascii_end());
        })
        .promises(&[
            "lives: true",
            "end: exit 0",
            "all there, once: true",
            "says why: multilog: warning: unable to write to ./log/current, pausing: file too big",
        ]),
    ]
}

/// The last complete line.
pub(crate) fn last_line(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let start = bytes[..end.saturating_sub(1)]
        .iter()
        .rposition(|&byte| byte == b'\n');
    &bytes[start.map_or(0, |at| at + 1)..end]
}
