//! `successes` and `interval` of a probe.

use std::fs;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::thread;

use crate::folder::{Folder, redis, redis_by};

fn folder(port: u16, fields: &str) -> Folder {
    Folder::new(&format!(
        "[service.redis]\nprobe = {{ address = \"127.0.0.1:{port}\", {fields} }}\n\
         [service.x]\nneeds = [\"redis\"]\nexec = [\"true\"]\n"
    ))
}

/// The server of an initialisation answers once and goes; then comes the real one.
#[test]
fn a_server_that_answers_once_is_not_ready() {
    for words in [&["wait", "redis"][..], &["exec", "x"]] {
        let (port, connections) = redis_by(|count| match count {
            0 | 2 | 3 => "+PONG\r\n",
            1 => "-LOADING not yet\r\n",
            _ => "+PONG\r\n",
        });
        let folder = folder(port, "successes = 3, interval = 0.1");
        let (code, out, err) = folder.run(words);
        let line = "99thin_2 waiting for redis\n";
        assert_eq!((code, out.as_str(), err.as_str()), (0, line, ""));
        assert_eq!(connections.load(Ordering::SeqCst), 5);
    }
}

#[test]
fn successes_that_stay_too_few_are_told_at_the_timeout() {
    let (port, _) = redis("+PONG\r\n");
    let folder = folder(port, "successes = 1000, interval = 0.5");
    let (code, out, err) = folder.run(&["wait", "--timeout", "1.2", "redis"]);
    let start = "diaspora-deps: fatal: gave up after 1.2 s: redis is ready ";
    assert_eq!((code, out.as_str()), (126, ""));
    assert!(
        err.starts_with(start) && err.ends_with(" times in a row, not 1000\n"),
        "{err}"
    );
}

/// A line is an attempt, and an attempt is not shorter than the interval.
#[test]
fn an_interval_is_between_all_probes_of_its_service() {
    let (port, connections) = redis("-LOADING not yet\r\n");
    let folder = folder(port, "interval = 2");
    for words in [&["wait", "-a", "1", "redis"][..], &["exec", "x"]] {
        connections.store(0, Ordering::SeqCst);
        fs::write(folder.path("settings"), "DEFAULT_ATTEMPTS=1\n").unwrap();
        let (code, out, _) = folder.run(words);
        assert_eq!((code, out.as_str()), (126, "99thin_2 waiting for redis\n"));
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_probe_ends_with_the_timeout_of_the_whole_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = thread::spawn(move || listener.incoming().take(1).collect::<Vec<_>>());
    let folder = folder(port, "successes = 1");
    let (code, _, err) = folder.run(&["exec", "--timeout", "0.5", "x"]);
    let part = "redis is starting: accepted, but no answer within 0.5 s";
    assert!(code == 126 && err.contains(part), "{err}");
    drop(silent.join().unwrap());
}

#[test]
fn a_rhythm_that_makes_no_sense_is_refused() {
    for (field, wanted) in [
        ("successes = 0", "successes must be a number from 1 to 1000"),
        (
            "successes = \"3\"",
            "successes must be a number from 1 to 1000",
        ),
        ("interval = 0", "interval must be seconds from 0.01 to 3600"),
        (
            "interval = nan",
            "interval must be seconds from 0.01 to 3600",
        ),
    ] {
        let (code, _, err) = folder(1, field).run(&["check", "redis"]);
        assert!(code == 100 && err.contains(wanted), "{err}");
    }
}
