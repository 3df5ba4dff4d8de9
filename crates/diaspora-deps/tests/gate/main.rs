//! The gate as run scripts use it: attempts, messages, exit codes, and the program that it
//! becomes. All servers are scripted.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod address;
mod files;
mod folder;
mod init;
mod nagios;
mod output;
mod pod;
mod program;
mod resolver;
mod rhythm;
mod settings;
mod supervised;
mod svc;
mod words;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use daemontools::unix::signal::Signal;
use folder::{Folder, config, redis};

#[test]
fn n_attempts_are_n_lines_and_n_plus_one_probes_and_exit_126() {
    let (port, connections) = redis("-LOADING not yet\r\n");
    let folder = Folder::new(&config(port));
    let (code, out, err) = folder.run(&["wait", "-a", "2", "redis"]);
    assert_eq!((code, err.as_str()), (126, ""));
    assert_eq!(out, "99thin_2 waiting for redis\n".repeat(2));
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn the_settings_file_says_how_often() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let folder = Folder::new(&config(port));
    fs::write(folder.path("settings"), "f() { :; }\nDEFAULT_ATTEMPTS=1\n").unwrap();
    let (code, out, _) = folder.run(&["wait", "redis"]);
    assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
}

#[test]
fn a_limit_that_is_no_number_ends_wait_and_exec_with_100() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let text = config(port)
        + "[service.x]\nneeds = [\"redis\"]\nsource-settings = true\nexec = [\"true\"]\n";
    let folder = Folder::new(&text);
    fs::write(folder.path("settings"), "DEFAULT_ATTEMPTS=many\n").unwrap();
    let message = "diaspora-deps: fatal: DEFAULT_ATTEMPTS is no number: \"many\"\n";
    for words in [&["wait", "redis"][..], &["exec", "x"]] {
        let ended = folder.run(words);
        assert_eq!(ended, (100, String::new(), message.to_owned()));
    }
}

/// The name is resolved in a thread of its own. After that, a child must not use the heap
/// before it execs.
#[test]
fn the_settings_file_is_sourced_after_a_thread_was_started() {
    let (port, _) = redis("-LOADING not yet\r\n");
    let folder = Folder::new(&config(port).replace("127.0.0.1", "localhost"));
    fs::write(folder.path("settings"), "DEFAULT_ATTEMPTS=1\n").unwrap();
    let (code, out, err) = folder.run(&["wait", "redis"]);
    let line = "99thin_2 waiting for redis\n";
    assert_eq!((code, out.as_str(), err.as_str()), (126, line, ""));
}

#[test]
fn a_ready_dependency_is_probed_once_without_a_line() {
    let (port, connections) = redis("+PONG\r\n");
    let folder = Folder::new(&config(port));
    assert_eq!(
        folder.run(&["wait", "redis"]),
        (0, String::new(), String::new())
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn no_service_an_unknown_one_and_a_bad_option_are_refused() {
    let folder = Folder::new("");
    assert_eq!(
        folder.run(&["wait"]),
        (100, String::new(), "missing service\n".to_owned())
    );
    let (code, _, err) = folder.run(&["wait", "redis", "x"]);
    assert_eq!(
        (code, err.as_str()),
        (
            100,
            "unknown 'x': describe it as [service.x], or use a known name\n"
        )
    );
    assert_eq!(folder.run(&["wait", "-z", "redis"]).0, 1);
    assert_eq!(folder.run(&["check", "-z"]).0, 100);
}

#[test]
fn term_ends_a_gate_whose_dependency_hangs() {
    let (port, connections) = redis("");
    let folder = Folder::new(&config(port));
    let mut gate = folder
        .gate(&["wait", "-a", "0", "redis"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while connections.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
    // The probe takes two seconds.
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
fn a_hung_dependency_is_starting_after_two_seconds() {
    let (port, _) = redis("");
    let folder = Folder::new(&config(port));
    let (code, out, _) = folder.run(&["check", "redis"]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("redis: starting: accepted, but no answer within 2.0 s ("),
        "{out}"
    );
}

#[test]
fn check_prints_json_and_exits_with_the_worst_state() {
    let (port, _) = redis("+PONG\r\n");
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = config(port)
        + &format!("[service.x]\nprobe = {{ kind = \"tcp\", address = \"127.0.0.1:{dead}\" }}\n");
    let folder = Folder::new(&text);
    assert_eq!(folder.run(&["check", "redis"]).0, 0);
    let (code, out, _) = folder.run(&["check", "--json", "redis", "x"]);
    assert_eq!(code, 2);
    assert!(
        out.starts_with("[{\"address\":") && out.contains("\"state\":\"down\""),
        "{out}"
    );
}

/// A write to a unix socket whose peer has closed raises SIGPIPE. A gate must not ignore
/// that signal, for its service would inherit that.
#[test]
fn a_peer_that_closes_at_once_does_not_kill_the_gate() {
    let folder = Folder::new("");
    let socket = folder.path("socket");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    let text = format!(
        "[service.redis]\nprobe = {{ address = \"{}\" }}\n",
        socket.display()
    );
    fs::write(folder.path("services.toml"), text).unwrap();
    // Whether the peer closes before the request is sent is a race: many tries.
    for _ in 0..40 {
        let (code, out, _) = folder.run(&["check", "redis"]);
        assert!(
            code == 1 && out.starts_with("redis: starting: "),
            "{code} {out}"
        );
    }
}
