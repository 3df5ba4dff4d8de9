//! Functions that the tests of the whole program share.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The deadline of everything that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program under test.
pub(crate) const MULTILOG: &str = env!("CARGO_BIN_EXE_multilog");

/// Starts it in `dir` with standard input from anywhere.
pub(crate) fn start(dir: &Path, args: &[&str], stdin: impl Into<Stdio>) -> Child {
    command(MULTILOG, dir, args)
        .stdin(stdin)
        .spawn()
        .expect("multilog")
}

/// Starts it below strace, which tampers with its system calls; `None` where there
/// is no strace.
pub(crate) fn start_tampered(
    dir: &Path,
    inject: &str,
    args: &[&str],
    stdin: File,
) -> Option<Child> {
    let inject = format!("inject={inject}");
    let options = ["-o", "/dev/null", "-e", &inject];
    start_traced(dir, &options, args, stdin)
}

/// Starts it below strace with these options; `None` where there is no strace.
pub(crate) fn start_traced(
    dir: &Path,
    options: &[&str],
    args: &[&str],
    stdin: File,
) -> Option<Child> {
    let mut command = command("strace", dir, &["-qq"]);
    command.args(options).arg(MULTILOG).args(args);
    match command.stdin(stdin).spawn() {
        Ok(child) => Some(child),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("no strace: nothing was tampered with");
            None
        }
        Err(error) => panic!("strace: {error}"),
    }
}

fn command(program: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(File::create(dir.join("stderr")).expect("a file for stderr"));
    command
}

/// Its messages on standard error.
pub(crate) fn said(dir: &Path) -> String {
    fs::read_to_string(dir.join("stderr")).expect("stderr")
}

/// Polls until `condition` holds.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The finished files of a log, oldest first.
pub(crate) fn finished(log: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(log)
        .expect("a log")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes()[0] == b'@')
        })
        .collect();
    files.sort();
    files
}

/// Everything in a log, in order.
pub(crate) fn contents(log: &Path) -> Vec<u8> {
    let mut files = finished(log);
    files.push(log.join("current"));
    files
        .iter()
        .flat_map(|file| fs::read(file).expect("a file"))
        .collect()
}

/// Numbered lines.
pub(crate) fn lines(count: usize) -> Vec<u8> {
    let line = |number| format!("{number} {}\n", "x".repeat(number * 7 % 90));
    (0..count).map(line).collect::<String>().into_bytes()
}

/// A file with these bytes to read. Processes that inherit it share its offset.
pub(crate) fn input(dir: &Path, bytes: &[u8]) -> File {
    let path = dir.join("input");
    fs::write(&path, bytes).expect("input");
    File::open(path).expect("input")
}
