//! `readproctitle`: its command line, as `ps` reads it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// `DAEMONTOOLS_TEST_BIN` names a directory of other programs, the reference's for
/// one: every test here passes on it too.
fn readproctitle() -> Command {
    match std::env::var_os("DAEMONTOOLS_TEST_BIN") {
        Some(place) => Command::new(std::path::Path::new(&place).join("readproctitle")),
        None => Command::new(env!("CARGO_BIN_EXE_readproctitle")),
    }
}

fn start(words: &[&str]) -> Child {
    readproctitle()
        .args(words)
        .stdin(Stdio::piped())
        .spawn()
        .expect("readproctitle")
}

fn command_line(child: &Child) -> Vec<u8> {
    let line = fs::read(format!("/proc/{}/cmdline", child.id())).expect("a command line");
    // Empty for a moment within exec.
    let name = line.iter().position(|&byte| byte == 0);
    name.map_or(Vec::new(), |end| line[end + 1..].to_vec())
}

fn code(words: &[&str], stdin: Stdio) -> Option<i32> {
    let mut command = readproctitle();
    command.args(words).stdin(stdin);
    command.status().expect("it ran").code()
}

#[test]
fn the_last_word_shows_the_end_of_the_input() {
    let cases: [(&[u8], &[u8]); 6] = [
        (b"a", b".........a"),
        (b"fatal error xyz\nwarning abc\n", b"...ng abc\n"),
        (b"a\nb\0c", b"......a\nbc"),
        (b"\0\0", b".........."),
        (b"0123456789abcdefghijklmnop", b"...jklmnop"),
        (b"\xff\x01", b"........\xff\x01"),
    ];
    for (input, title) in cases {
        let mut child = start(&["io", "errors:", "xxxxxxxxxx"]);
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input).expect("write");
        let expected = [b"io\0errors:\0", title, b"\0"].concat();
        let begin = Instant::now();
        while command_line(&child) != expected {
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "{input:?} shows {:?}",
                String::from_utf8_lossy(&command_line(&child))
            );
            sleep(Duration::from_millis(2));
        }
        drop(stdin);
        assert_eq!(child.wait().expect("an end").code(), Some(0));
    }
}

#[test]
fn wrong_usage_and_read_errors_have_the_exit_codes_of_the_reference() {
    assert_eq!(code(&[], Stdio::null()), Some(100));
    assert_eq!(code(&["x"], Stdio::null()), Some(100));
    assert_eq!(code(&["x", "...."], Stdio::null()), Some(100));
    assert_eq!(code(&["x", "....."], Stdio::null()), Some(0));
    assert_eq!(code(&["....."], Stdio::null()), Some(0));
    let directory = fs::File::open("/").expect("a directory");
    assert_eq!(code(&["x", "....."], directory.into()), Some(111));
}
