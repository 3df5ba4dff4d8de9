//! The gate as run scripts use it: counting, messages, exit codes, and what the
//! program that it becomes inherits. No servers but scripted ones.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod place;
mod program;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use daemontools::unix::signal::Signal;
use place::{Place, config, redis};

#[test]
fn n_attempts_are_n_lines_and_n_plus_one_probes_and_exit_126() {
    let (port, asked) = redis("-LOADING not yet\r\n");
    let place = Place::new(&config(port));
    let (code, out, err) = place.run(&["wait", "-a", "2", "redis"]);
    assert_eq!((code, err.as_str()), (126, ""));
    assert_eq!(out, "99thin_2 waiting for redis\n".repeat(2));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[test]
fn the_settings_file_says_how_often() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let place = Place::new(&config(port));
    fs::write(place.path("settings"), "f() { :; }\nDEFAULT_ATTEMPTS=1\n").unwrap();
    let (code, out, _) = place.run(&["wait", "redis"]);
    assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
}

/// The name is resolved in a thread of its own, and after that no child may use the heap
/// before it execs.
#[test]
fn the_settings_are_sourced_where_threads_have_been() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let place = Place::new(&config(port).replace("127.0.0.1", "localhost"));
    fs::write(place.path("settings"), "DEFAULT_ATTEMPTS=1\n").unwrap();
    let (code, out, err) = place.run(&["wait", "redis"]);
    let line = "99thin_2 waiting for redis\n";
    assert_eq!((code, out.as_str(), err.as_str()), (126, line, ""));
}

#[test]
fn what_is_ready_is_not_waited_for_and_says_nothing() {
    let (port, asked) = redis("+PONG\r\n");
    let place = Place::new(&config(port));
    assert_eq!(
        place.run(&["wait", "redis"]),
        (0, String::new(), String::new())
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn nothing_unknown_and_a_bad_option_are_refused() {
    let place = Place::new("");
    assert_eq!(
        place.run(&["wait"]),
        (100, String::new(), "missing service\n".to_owned())
    );
    let (code, _, err) = place.run(&["wait", "redis", "x"]);
    assert_eq!((code, err.as_str()), (100, "unknown 'x'\n"));
    assert_eq!(place.run(&["wait", "-z", "redis"]).0, 1);
    assert_eq!(place.run(&["check", "-z"]).0, 100);
}

#[test]
fn term_ends_a_gate_whose_dependency_hangs() {
    let (port, asked) = redis("");
    let place = Place::new(&config(port));
    let mut gate = place
        .gate(&["wait", "-a", "0", "redis"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while asked.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
    // It is in the middle of a probe that lasts two seconds.
    assert!(
        Command::new("kill")
            .arg(gate.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(gate.wait().unwrap().signal(), Some(Signal::SIGTERM as i32));
}

#[test]
fn a_hung_dependency_is_starting_within_its_time() {
    let (port, _) = redis("");
    let place = Place::new(&config(port));
    let (code, out, _) = place.run(&["check", "redis"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("redis: starting: accepted, but no answer within 2.0 s ("),
        "{out}"
    );
}

#[test]
fn check_prints_json_and_its_worst_state_is_the_exit_code() {
    let (port, _) = redis("+PONG\r\n");
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = config(port)
        + &format!("[service.x]\nprobe = {{ kind = \"tcp\", address = \"127.0.0.1:{dead}\" }}\n");
    let place = Place::new(&text);
    assert_eq!(place.run(&["check", "redis"]).0, 0);
    let (code, out, _) = place.run(&["check", "--json", "redis", "x"]);
    assert_eq!(code, 2);
    assert!(
        out.starts_with("[{\"address\":") && out.contains("\"state\":\"down\""),
        "{out}"
    );
}

#[test]
fn svc_says_what_it_does_not_understand_and_what_it_cannot_reach() {
    let place = Place::new("");
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diaspora_svc"));
        command.args(words).env("DIASPORA_DEPS_DIR", place.path(""));
        let output = command.output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for words in [&[][..], &["dance"]] {
        let (code, out, err) = run(words);
        assert!(code == 1 && out.is_empty() && !err.is_empty());
    }
    let (code, out, _) = run(&["statusall"]);
    assert_eq!(
        (code, out.as_str()),
        (100, "99thin_2: supervise not running\n")
    );
    let (code, _, err) = run(&["stopall"]);
    assert_eq!(
        (code, err.as_str()),
        (
            100,
            "diaspora_svc: warning: unable to control 99thin_2: supervise not running\n"
        )
    );
}

/// A write to a unix socket whose peer is gone raises SIGPIPE, which a gate may not
/// ignore: its service would inherit that.
#[test]
fn a_peer_that_closes_at_once_does_not_kill_the_gate() {
    let place = Place::new("");
    let socket = place.path("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    let text = format!(
        "[service.redis]\nprobe = {{ address = \"{}\" }}\n",
        socket.display()
    );
    fs::write(place.path("services.toml"), text).unwrap();
    // Whether the peer is gone before the question is sent is a race: many tries.
    for _ in 0..40 {
        let (code, out, _) = place.run(&["check", "redis"]);
        assert!(
            code == 1 && out.starts_with("redis: starting: "),
            "{code} {out}"
        );
    }
}
