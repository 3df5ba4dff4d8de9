//! healthcheck, with checks that succeed, fail, hang and are missing.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::place::{Place, Program, until};

const REST: [&str; 2] = ["sleep", "1000"];

fn start(place: &Place, options: &[&str]) -> Program {
    place.start(&[&["healthcheck"], options, &["--"], &REST].concat())
}

#[test]
fn it_is_ready_when_the_check_succeeds() {
    let place = Place::new();
    place.script("check", "echo >>asked; echo noise; test -e \"$1\"");
    let program = start(&place, &["--ready=./check now"]);
    until("some tries", || place.text("asked").len() > 3);
    assert_eq!(place.text("ready"), "");
    place.file("now", "");
    place.until_ready();
    until("the process behind to end", || {
        program.find_behind().is_none()
    });
}

#[test]
fn a_program_that_never_succeeds_is_asked_for_ever_and_lives() {
    let place = Place::new();
    place.script("check", "echo >>asked; exit 1");
    let _program = start(&place, &["--ready=./check", "--alive=false", "--tries=1"]);
    until("six tries", || place.text("asked").len() >= 6);
    assert_eq!(place.text("ready"), "");
}

#[test]
fn failures_in_a_row_are_counted_and_end_the_program() {
    let place = Place::new();
    place.script("check", "echo >>asked; [ $(wc -l <asked) = 2 ] || exit 7");
    let mut program = start(&place, &["--ready=true", "--alive=./check", "--every=0.1"]);
    assert_eq!(program.end(), -15);
    assert_eq!(place.text("ready"), "\n");
    let wanted = "\
healthcheck: warning: web: alive: exit code 7 (1 of 3)
healthcheck: warning: web: alive: exit code 7 (1 of 3)
healthcheck: warning: web: alive: exit code 7 (2 of 3)
healthcheck: warning: web: alive: exit code 7 (3 of 3): ending it
";
    assert_eq!(program.stderr(), wanted);
}

#[test]
fn one_that_survives_term_is_killed() {
    let place = Place::new();
    let script = "trap '' TERM; while :; do sleep 1; done";
    let options = ["healthcheck", "--alive=false", "--every=0.1", "--tries=1"];
    let mut program = place.start(&[&options[..], &["sh", "-c", script]].concat());
    assert_eq!(program.end(), -9);
    let wanted = "\
healthcheck: warning: web: alive: exit code 1 (1 of 1): ending it
healthcheck: warning: web did not end within 10 s of TERM: killed
";
    assert_eq!(program.stderr(), wanted);
}

#[test]
fn a_check_that_hangs_is_killed_with_what_it_has_started() {
    let place = Place::new();
    place.script(
        "check",
        "sleep 1000 & echo $! >>started; trap '' TERM; wait",
    );
    let options = [
        "--alive=./check",
        "--every=0.1",
        "--timeout=0.5",
        "--tries=2",
    ];
    let mut program = start(&place, &options);
    assert_eq!(program.end(), -15);
    let wanted = "\
healthcheck: warning: web: alive: no answer within 0.5 s (1 of 2)
healthcheck: warning: web: alive: no answer within 0.5 s (2 of 2): ending it
";
    assert_eq!(program.stderr(), wanted);
    until_gone(&place.text("started"));
}

fn until_gone(pids: &str) {
    for pid in pids.lines() {
        until("a process of the check to end", || {
            fs::read_to_string(format!("/proc/{pid}/stat"))
                .map_or(true, |stat| stat.contains(") Z "))
        });
    }
}

#[test]
fn a_check_ends_with_the_program_and_leaves_nothing() {
    let place = Place::new();
    place.script("check", "sleep 1000 & echo $! $$ >started; wait");
    let mut program = start(&place, &["--alive=./check", "--every=0.1", "--timeout=500"]);
    until("a check", || place.text("started").ends_with('\n'));
    program.signal(Signal::SIGKILL);
    assert_eq!(program.end(), -9);
    assert_eq!(program.stderr(), "");
    until_gone(&place.text("started").replace(' ', "\n"));
}

#[test]
fn a_check_that_has_no_verdict_never_ends_the_program() {
    let place = Place::new();
    for (check, text) in [
        (
            "./none",
            "unable to run ./none: file does not exist: no verdict",
        ),
        ("./check 111", "exit code 111: no verdict"),
        ("./check 127", "exit code 127: no verdict"),
        (
            "./plain",
            "unable to run ./plain: access denied: no verdict",
        ),
    ] {
        place.script("check", "echo >>asked; exit $1");
        place.file("plain", "");
        let _ = fs::remove_file(place.path("asked"));
        let option = format!("--alive={check}");
        let mut program = start(&place, &[&option, "--every=0.05", "--tries=1"]);
        if check.starts_with("./check") {
            until("some checks", || place.text("asked").len() > 5);
        } else {
            until("some checks", || program.naps() > 20);
        }
        program.signal(Signal::SIGUSR1);
        assert_eq!(program.end(), -10);
        let wanted = format!("healthcheck: warning: web: alive: {text}\n");
        assert_eq!(program.stderr(), wanted);
    }
}

#[test]
fn a_missing_ready_check_is_said_once_and_the_program_runs() {
    let place = Place::new();
    let mut program = start(&place, &["--ready=none-such"]);
    until("some checks", || program.naps() > 8);
    program.signal(Signal::SIGTERM);
    program.end();
    let text = "web: ready: unable to run none-such: file does not exist: no verdict";
    assert_eq!(program.stderr(), format!("healthcheck: warning: {text}\n"));
    assert_eq!(place.text("ready"), "");
}

#[test]
fn a_program_that_is_stopped_is_not_checked() {
    let place = Place::new();
    place.script("check", "echo >>asked; exit 1");
    let mut program = start(&place, &["--alive=./check", "--every=0.3", "--tries=3"]);
    until("a check", || !place.text("asked").is_empty());
    program.signal(Signal::SIGSTOP);
    let before = program.naps();
    until("more looks than tries", || program.naps() > before + 6);
    let asked = place.text("asked").len();
    assert!(asked < 3, "{asked}");
    program.signal(Signal::SIGCONT);
    assert_eq!(program.end(), -15);
}

#[test]
fn one_that_tells_supervise_itself_is_checked_from_then_on() {
    let place = Place::new();
    place.script("check", "echo >>asked");
    fs::create_dir(place.path("supervise")).expect("a directory");
    // As supervise: descriptor 3 is its own file.
    std::os::unix::fs::symlink("supervise/ready", place.path("ready")).expect("a link");
    let program = start(&place, &["--alive=./check", "--every=0.1"]);
    until("some looks", || program.naps() > 2);
    assert_eq!(place.text("asked"), "");
    place.file("supervise/ready", "\n");
    until("a check", || !place.text("asked").is_empty());
    assert!(Path::new(&format!("/proc/{}", program.pid())).exists());
}
