//! `svstat`: what it has beyond the reference, and output that can't be written.

use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use nix::libc::O_NONBLOCK;
use nix::sys::stat::Mode;
use serde_json::{Value, json};
use tempfile::TempDir;

fn svstat(place: &Path, args: &[&[u8]], stdout: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_svstat"))
        .args(args.iter().map(|&arg| std::ffi::OsStr::from_bytes(arg)))
        .current_dir(place)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .expect("svstat runs")
}

/// A service with its record; the reader of its `ok` stands for supervise.
fn service(place: &Path, name: &[u8]) -> File {
    let directory = place
        .join(std::ffi::OsStr::from_bytes(name))
        .join("supervise");
    fs::create_dir_all(&directory).expect("supervise/");
    let status = Status {
        since: Tai64n::from_unix(1_700_000_000, 0),
        pid: 42,
        paused: true,
        want: Want::Down,
    };
    fs::write(directory.join("status"), status.pack()).expect("the record");
    let ok = directory.join("ok");
    nix::unistd::mkfifo(&ok, Mode::from_bits_truncate(0o600)).expect("mkfifo");
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(O_NONBLOCK);
    options.open(ok).expect("the reading end")
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let place = TempDir::new().expect("a temporary directory");
    for option in [&b"x"[..], b"--help", b"--version", b"--json"] {
        let full = OpenOptions::new().write(true).open("/dev/full");
        let output = svstat(
            place.path(),
            &[option, b"x"],
            full.expect("/dev/full").into(),
        );
        assert_eq!(output.status.code(), Some(111));
        let text = b"svstat: fatal: unable to write output: out of disk space\n";
        assert_eq!(output.stderr, text);
    }
}

#[test]
fn no_output_for_no_directories_is_no_failure() {
    let place = TempDir::new().expect("a temporary directory");
    let full = OpenOptions::new().write(true).open("/dev/full");
    let output = svstat(place.path(), &[], full.expect("/dev/full").into());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn json_has_the_status_and_the_detail_and_errors() {
    let place = TempDir::new().expect("a temporary directory");
    let odd = b"\xff\"";
    let _supervise = [service(place.path(), b"s"), service(place.path(), odd)];
    fs::write(
        place.path().join("s/supervise/detail"),
        "starts 3\nsignal 9\n",
    )
    .expect("detail");
    let args: [&[u8]; 4] = [b"--json", b"s", odd, b"gone"];
    let output = svstat(place.path(), &args, Stdio::piped());
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let seconds = lines[0].as_object_mut().and_then(|o| o.remove("seconds"));
    assert!(seconds.and_then(|s| s.as_u64()).is_some());
    assert_eq!(
        lines[0],
        json!({
            "directory": "s", "state": "up", "pid": 42, "since": "@400000006553f10a00000000",
            "normally": "up", "paused": true, "want": "down",
            "detail": {"starts": 3, "signal": 9},
        })
    );
    assert_eq!(lines[1]["directory_hex"], "ff22");
    assert_eq!(lines[1].get("detail"), None);
    assert_eq!(
        lines[2],
        json!({"directory": "gone", "error": "unable to chdir: file does not exist"})
    );
}

#[test]
fn strict_exit_codes_tell_a_missing_directory() {
    let place = TempDir::new().expect("a temporary directory");
    let _supervise = service(place.path(), b"s");
    let code = |args: &[&[u8]]| svstat(place.path(), args, Stdio::null()).status.code();
    assert_eq!(code(&[b"--strict", b"s"]), Some(0));
    assert_eq!(code(&[b"--strict", b"gone", b"s"]), Some(100));
    assert_eq!(code(&[b"gone", b"s"]), Some(0));
}

/// Two threads read a long list.
#[test]
fn a_long_list_keeps_its_order_and_its_errors() {
    let place = TempDir::new().expect("a temporary directory");
    let names: Vec<String> = (0..400).map(|i| format!("s{i}")).collect();
    let _supervise: Vec<File> = names
        .iter()
        .filter(|name| !name.ends_with('7'))
        .map(|name| service(place.path(), name.as_bytes()))
        .collect();
    let args: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let output = svstat(place.path(), &args, Stdio::piped());
    let text = String::from_utf8(output.stdout).expect("plain names");
    assert_eq!(text.lines().count(), names.len());
    for (line, name) in text.lines().zip(&names) {
        let state = if name.ends_with('7') {
            "unable to chdir"
        } else {
            "up (pid 42)"
        };
        assert!(line.starts_with(&format!("{name}: {state}")), "{line}");
    }
}
