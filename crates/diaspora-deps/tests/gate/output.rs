//! The reader of the gate's standard output: it may be stuck or gone.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use daemontools::unix::fd;

use crate::folder::{Folder, config, redis, redis_after};

/// The write end of a pipe that is full.
fn full() -> (OwnedFd, OwnedFd) {
    let (reader, writer) = fd::pipe().unwrap();
    fd::set_nonblocking(&writer, true).unwrap();
    while fd::write(&writer, &[b'x'; 4096]).is_ok() {}
    fd::set_nonblocking(&writer, false).unwrap();
    (reader, writer)
}

/// The write end of a pipe that nobody reads.
fn gone() -> OwnedFd {
    fd::pipe().unwrap().1
}

/// A service that writes its signals into `report`.
fn folder(port: u16) -> Folder {
    let text = config(port)
        + "[service.x]\nneeds = [\"redis\"]\nsource-settings = true\n\
           exec = [\"/bin/sh\", \"-c\", \"grep ^Sig[BCI] /proc/self/status >../report\"]\n";
    let folder = Folder::new(&text);
    fs::write(folder.path("settings"), "DEFAULT_ATTEMPTS=9\n").unwrap();
    folder
}

#[test]
fn a_reader_that_is_stuck_or_gone_does_not_stop_the_gate() {
    for words in [&["wait", "redis"][..], &["exec", "x"]] {
        for is_full in [true, false] {
            let (port, _) = redis_after(3);
            let folder = folder(port);
            let (_reader, writer) = match is_full {
                true => {
                    let (reader, writer) = full();
                    (Some(reader), writer)
                }
                false => (None, gone()),
            };
            let mut gate = folder.gate(words);
            gate.stderr(Stdio::from(writer.try_clone().unwrap()));
            let status = gate.stdout(Stdio::from(writer)).status().unwrap();
            assert!(status.success(), "{words:?} {is_full} {status}");
        }
    }
}

#[test]
fn the_program_does_not_inherit_what_the_gate_did_against_a_reader_that_is_gone() {
    let signals = |gone_reader: bool| {
        let (port, _) = redis_after(2);
        let folder = folder(port);
        let mut gate = folder.gate(&["exec", "x"]);
        gate.stdout(match gone_reader {
            true => Stdio::from(gone()),
            false => Stdio::null(),
        });
        assert!(gate.status().unwrap().success());
        fs::read_to_string(folder.path("report")).unwrap()
    };
    assert_eq!(signals(true), signals(false));
}

#[test]
fn a_gate_gives_up_in_time_with_its_code_though_nobody_reads_why() {
    for is_full in [true, false] {
        let (port, _) = redis("-LOADING not yet\r\n");
        let folder = folder(port);
        let (_reader, writer) = match is_full {
            true => {
                let (reader, writer) = full();
                (Some(reader), writer)
            }
            false => (None, gone()),
        };
        let mut gate = folder.gate(&["exec", "--timeout", "1", "x"]);
        gate.stderr(Stdio::from(writer.try_clone().unwrap()));
        let status = gate.stdout(Stdio::from(writer)).status().unwrap();
        assert_eq!(status.code(), Some(126), "{status}");
    }
}

#[test]
fn a_reader_that_comes_back_gets_whole_lines() {
    let (port, connections) = redis_after(4);
    let folder = folder(port);
    let (reader, writer) = full();
    let mut command = folder.gate(&["wait", "redis"]);
    let mut gate = command.stdout(Stdio::from(writer)).spawn().unwrap();
    // It has the write end too.
    drop(command);
    crate::folder::wait_for("second probe", || {
        (connections.load(std::sync::atomic::Ordering::SeqCst) >= 2).then_some(())
    });
    let mut text = String::new();
    std::io::Read::read_to_string(&mut fs::File::from(reader), &mut text).unwrap();
    assert!(gate.wait().unwrap().success());
    let lines = text.trim_start_matches('x');
    let line = "99thin_2 waiting for redis\n";
    assert!(
        !lines.is_empty() && lines.replace(line, "").is_empty(),
        "{lines}"
    );
}

/// The program is on PATH and can't be executed: that is known when the wait is over.
#[test]
fn an_error_after_the_wait_ends_the_gate_though_nobody_reads_it() {
    let (port, _) = redis_after(2);
    let text = config(port) + "[service.x]\nneeds = [\"redis\"]\nexec = [\"../app\"]\n";
    let folder = Folder::new(&text);
    fs::write(folder.path("app"), "no program").unwrap();
    let (_reader, writer) = full();
    let mut gate = folder.gate(&["exec", "x"]);
    gate.stderr(Stdio::from(writer.try_clone().unwrap()));
    let status = gate.stdout(Stdio::from(writer)).status().unwrap();
    assert_eq!(status.code(), Some(111), "{status}");
}
