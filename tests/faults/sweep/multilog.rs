//! multilog: no line is lost and none is doubled. A failure at its start may end it; then
//! it is started again, as supervise would.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use conformance::case::Need;
use conformance::service::unread;
use conformance::{Case, Exit, Proc, Side};
use nix::fcntl::{FcntlArg, fcntl};

use super::{ERRORS, Injection, name};

/// The system calls of a multilog that begins, rotates and ends.
const CALLS: [&str; 22] = [
    "openat",
    "read",
    "write",
    "close",
    "renameat",
    "renameat2",
    "unlinkat",
    "mkdir",
    "fsync",
    "ftruncate",
    "fallocate",
    "fchmod",
    "fchdir",
    "getdents64",
    "newfstatat,stat,lstat,fstat",
    "mmap",
    "ioctl",
    "ppoll",
    "fcntl",
    "flock",
    "pread64",
    "pwrite64",
];

/// The number of the first call of its name that fails; the next one fails too.
const FIRST: [usize; 6] = [1, 2, 3, 5, 7, 10];

/// The end of the first part of the input, in the middle of a line.
const FIRST_PART: usize = 5000;

/// Small files, none of which is removed.
const PLAIN: &[&str] = &["n1000", "s4096", "./log"];
/// These rotations have one more rename.
const PROCESSED: &[&str] = &["n1000", "s4096", "!cat", "./log"];

pub(super) fn cases() -> Vec<Case> {
    CALLS.map(fails).into()
}

/// All errors at all moments, each for a multilog of its own, at the same time: most of
/// the time a multilog pauses.
fn fails(call: &'static str) -> Case {
    Case::scenario(
        format!("multilog comes through {}, whatever the error", name(call)),
        move |side| {
            let all = numbered(300);
            let script = if call == "renameat" { PROCESSED } else { PLAIN };
            let moments = ERRORS
                .iter()
                .flat_map(|error| FIRST.map(|first| (*error, first)));
            let runs: Vec<_> = moments
                .map(|(error, first)| {
                    let fault = format!("{call}:error={error}:when={first}..{}", first + 1);
                    (format!("{error}-{first}"), fault)
                })
                .map(|(dir, fault)| begin(side, &dir, &fault, script, &all))
                .collect();
            let runs: Vec<_> = runs.into_iter().map(|run| run.feed(side, &all)).collect();
            let failed: usize = runs.into_iter().map(|run| run.finish(side, &all)).sum();
            side.log("some failed", failed > 0);
        },
    )
    .needs(Need::Strace)
    .promises(&["some failed: true"])
}

/// A multilog whose calls fail.
struct Run {
    dir: String,
    fault: String,
    script: &'static [&'static str],
    /// Its pipe. It gets a line and a half, and the rest later.
    input: File,
    rest: Option<File>,
    injection: Injection,
    multilog: Proc,
}

fn begin(side: &Side, dir: &str, fault: &str, script: &'static [&'static str], all: &[u8]) -> Run {
    side.mkdir(dir);
    let (input, mut rest) = side.pipe();
    rest.write_all(&all[..FIRST_PART])
        .expect("room in the pipe");
    let (injection, mut words) = Injection::options(side, &format!("injection.{dir}"), fault);
    words.insert(0, "/usr/bin/strace".to_owned());
    words.push(side.bin("multilog").display().to_string());
    words.extend(script.iter().map(|word| (*word).to_owned()));
    let own = input.try_clone().expect("the pipe once more");
    let multilog = side.command(words).cwd(dir).stdin_file(own).spawn();
    Run {
        dir: dir.to_owned(),
        fault: fault.to_owned(),
        script,
        input,
        rest: Some(rest),
        injection,
        multilog,
    }
}

impl Run {
    /// Writes the rest of its input.
    fn feed(mut self, side: &Side, all: &[u8]) -> Self {
        side.until("the first lines read", || {
            unread(&self.input) == 0 || self.multilog.ended().is_some()
        });
        let rest = self.rest.take();
        let mut rest = rest.expect("fed once");
        rest.write_all(&all[FIRST_PART..])
            .expect("room in the pipe");
        self
    }

    /// Gives the number of calls that failed.
    fn finish(self, side: &Side, all: &[u8]) -> usize {
        let mut end = self.multilog.wait();
        let failed = self.injection.end();
        // A failure may end it at its beginning or at a read: no input is lost with that.
        if end != Exit::Code(0) || unread(&self.input) > 0 {
            let own = self.input.try_clone().expect("the pipe once more");
            let again = side.command(["multilog"].iter().chain(self.script));
            end = again.cwd(&self.dir).stdin_file(own).spawn().wait();
        }
        let log = side.path(&self.dir).join("log");
        if end != Exit::Code(0) || contents(&log) != all {
            side.log(
                &self.fault,
                format!("{end}, {}", compared(&contents(&log), all)),
            );
            side.log_bytes("stderr", &self.multilog.stderr());
        }
        failed
    }
}

/// This number of numbered lines.
pub(crate) fn numbered(count: usize) -> Vec<u8> {
    let line = |number: usize| format!("{number} {}\n", "x".repeat(number * 7 % 90));
    (0..count).map(line).collect::<String>().into_bytes()
}

/// A pipe with these bytes, followed by its end.
pub(crate) fn filled(side: &Side, bytes: &[u8]) -> File {
    let (reader, mut writer) = side.pipe();
    let size = i32::try_from(bytes.len()).expect("a size");
    fcntl(writer.as_fd(), FcntlArg::F_SETPIPE_SZ(size)).expect("so much room");
    writer.write_all(bytes).expect("room in the pipe");
    reader
}

/// All bytes of a log, in order.
pub(crate) fn contents(log: &Path) -> Vec<u8> {
    let entries = fs::read_dir(log).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            name.as_encoded_bytes().first() == Some(&b'@')
        })
        .collect();
    files.sort();
    files.push(log.join("current"));
    let bytes = files.iter().map(|file| fs::read(file).unwrap_or_default());
    bytes.flatten().collect()
}

/// Compares the bytes of a log with the right ones.
pub(crate) fn compared(found: &[u8], all: &[u8]) -> String {
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes
            .split(|&byte| byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (found, all) = (lines(found), lines(all));
    let lost = all.iter().filter(|line| !found.contains(line)).count();
    let more = found.len() + lost - all.len().min(found.len() + lost);
    format!("{lost} lines lost, {more} doubled or broken")
}
