//! What happens while it waits.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::Command;

use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::status::Want;

use crate::place::{
    Place, Waiting, instances, reference_status, sleeps, status, until, waits_in, watches,
};

fn silent(code: i32) -> (i32, String, String) {
    (code, String::new(), String::new())
}

/// So long that no test ends by the look that is the last.
const LIMIT: &str = "--timeout=86400";

#[test]
fn a_service_becomes_ready() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Waiting);
    let told = place.waits(&[LIMIT, "s"], || {
        place.set_stage("s", Stage::Starting);
        place.set_stage("s", Stage::Ready);
    });
    assert_eq!(told, silent(0));
}

#[test]
fn all_have_to_be_ready_at_the_same_time() {
    let place = Place::new();
    let _ok = [
        place.staged("a", Stage::Ready),
        place.staged("b", Stage::Starting),
    ];
    let mut waiting = Waiting::spawn(&mut place.svwait(&[LIMIT, "--verbose", "a", "b"]));
    place.set_stage("a", Stage::Waiting);
    waiting.says("svwait: a: down, waiting for its start\n");
    place.set_stage("b", Stage::Ready);
    waiting.says("svwait: b: ready\n");
    place.set_stage("a", Stage::Ready);
    let (code, _, text) = waiting.end();
    assert_eq!(code, 0);
    assert!(text.ends_with("svwait: a: ready\n"), "{text}");
}

#[test]
fn a_record_of_the_reference_changes() {
    let place = Place::new();
    let _ok = place.service("s");
    place.write_status("s", &reference_status(0, Want::Up));
    let told = place.waits(&[LIMIT, "s"], || {
        place.write_status("s", &reference_status(7, Want::Up));
    });
    assert_eq!(told, silent(0));
    let told = place.waits(&["--down", LIMIT, "s"], || {
        place.write_status("s", &reference_status(0, Want::Down));
    });
    assert_eq!(told, silent(0));
}

#[test]
fn a_directory_gets_its_first_supervise() {
    let place = Place::new();
    fs::create_dir(place.path("s")).expect("a directory");
    let mut ok = None;
    let told = place.waits(&[LIMIT, "s"], || {
        ok = Some(place.staged("s", Stage::Ready));
    });
    assert_eq!(told, silent(0));
}

#[test]
fn a_link_to_nothing_gets_its_target() {
    let place = Place::new();
    fs::create_dir(place.path("s")).expect("a directory");
    symlink("../target", place.path("s/supervise")).expect("a link");
    let mut ok = None;
    let told = place.waits(&[LIMIT, "s"], || {
        fs::create_dir(place.path("target")).expect("its target");
        ok = Some(place.staged("s", Stage::Ready));
    });
    assert_eq!(told, silent(0));
}

#[test]
fn supervise_dies_and_comes_back() {
    let place = Place::new();
    let ok = place.staged("s", Stage::Starting);
    let mut back = None;
    let waiting = Waiting::spawn(&mut place.svwait(&[LIMIT, "--verbose", "s"]));
    drop(ok);
    assert_eq!(place.run(&["--gone", LIMIT, "s"]), silent(0));
    // What is written while no supervise runs makes nothing ready.
    place.set_stage("s", Stage::Ready);
    fs::remove_file(place.path("s/supervise/ok")).expect("unlink");
    back.replace(place.service_again("s"));
    let (code, _, text) = waiting.end();
    assert_eq!(code, 0);
    let states = ["up, not ready", "no supervise", "ready"];
    let lines = states.map(|state| format!("svwait: s: {state}\n"));
    assert_eq!(text, lines.concat());
}

#[test]
fn supervise_leaves() {
    let place = Place::new();
    let ok = place.staged("s", Stage::Ready);
    assert_eq!(place.waits(&["--gone", LIMIT, "s"], || drop(ok)), silent(0));
}

#[test]
fn a_service_fails() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let (code, _, text) = place.waits(&[LIMIT, "s"], || place.set_stage("s", Stage::Failed));
    assert_eq!(code, 100);
    assert_eq!(text, "svwait: fatal: s has failed; svc -u starts it\n");
}

#[test]
fn one_of_them_is_enough_for_any() {
    let place = Place::new();
    let _ok = ["a", "b"].map(|name| place.staged(name, Stage::Starting));
    let told = place.waits(&["--any", LIMIT, "a", "b"], || {
        place.set_stage("b", Stage::Ready);
    });
    assert_eq!(told, (0, "b\n".to_owned(), String::new()));
}

#[test]
fn the_directory_is_removed() {
    let text = "svwait: fatal: unable to wait for s: file does not exist\n";
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let told = place.waits(&[LIMIT, "s"], || {
        fs::remove_dir_all(place.path("s")).expect("rm -r");
    });
    assert_eq!(told, (100, String::new(), text.to_owned()));
}

#[test]
fn a_directory_is_removed_that_its_supervise_has_open() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    // The kernel tells nothing of the end of such a directory.
    let _inside = File::open(place.path("s")).expect("open");
    let waiting = Waiting::spawn(&mut place.svwait(&[LIMIT, "s"]));
    fs::remove_dir_all(place.path("s/supervise")).expect("rm -r");
    // Then it has taken all events.
    until("it watches the directory", || {
        waits_in(waiting.pid(), &place.path("s"))
    });
    fs::remove_dir(place.path("s")).expect("rmdir");
    assert_eq!(waiting.end().0, 100);
}

#[test]
fn what_is_waited_for_is_said_once() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let said = File::create(place.path("said")).expect("a file");
    let mut command = place.svwait(&[LIMIT, "s"]);
    let waiting = Waiting::spawn(command.stderr(said));
    let said = || fs::read_to_string(place.path("said")).expect("text");
    let text = "svwait: waiting for s: up, not ready\n";
    until("it says so", || said() == text);
    place.set_stage("s", Stage::Waiting);
    place.set_stage("s", Stage::Ready);
    assert_eq!(waiting.end().0, 0);
    assert_eq!(said(), text);
}

#[test]
fn a_thousand_directories_share_one_inotify() {
    let place = Place::new();
    let names: Vec<String> = (0..1000).map(|number| format!("s{number}")).collect();
    // All have the same FIFO and so one reader, else there were too many descriptors.
    let _ok = place.staged("s0", Stage::Starting);
    for name in &names[1..] {
        fs::create_dir_all(place.path(name).join("supervise")).expect("supervise/");
        let ok = |name: &str| place.path(name).join("supervise/ok");
        fs::hard_link(ok("s0"), ok(name)).expect("a link");
        place.set_stage(name, Stage::Starting);
    }
    let args: Vec<&str> = [LIMIT]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let waiting = Waiting::spawn(&mut place.svwait(&args));
    until("all are watched", || watches(waiting.pid()) == names.len());
    assert_eq!(instances(waiting.pid()), 1);
    for name in names.iter().rev() {
        place.set_stage(name, Stage::Ready);
    }
    assert_eq!(waiting.end().0, 0);
}

#[test]
fn two_that_wait_do_not_wake_each_other() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let spawn = || Waiting::spawn(&mut place.svwait(&["s"]));
    let both = [spawn(), spawn()];
    // The message after a second is the last thing that wakes them.
    place.set_stage("s", Stage::Waiting);
    let seen = || both.each_ref().map(|waiting| sleeps(waiting.pid()));
    let mut last = seen();
    let mut same = 0;
    until("both are quiet", || {
        let now = seen();
        same = if now == last { same + 1 } else { 0 };
        last = now;
        same >= 20
    });
    place.set_stage("s", Stage::Ready);
    for waiting in both {
        assert_eq!(waiting.end().0, 0);
    }
}

#[test]
fn without_a_descriptor_for_inotify_it_polls() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    // One is left: inotify would take it, and then no file could be read.
    let script = "ulimit -n 4; exec \"$svwait\" --timeout=86400 --verbose s";
    let said = File::create(place.path("said")).expect("a file");
    let waiting = Waiting::of(place.shell(script).stderr(said));
    let says = |text: &str| {
        let said = || fs::read_to_string(place.path("said")).expect("text");
        until(text, || said().contains(text));
    };
    says("svwait: s: up, not ready\n");
    until("it holds no inotify", || instances(waiting.pid()) == 0);
    place.set_stage("s", Stage::Waiting);
    says("svwait: s: down, waiting for its start\n");
    place.set_stage("s", Stage::Ready);
    assert_eq!(waiting.end().0, 0);
}

#[test]
fn without_any_descriptor_the_cause_is_said() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let waiting = Waiting::spawn(&mut place.svwait(&[LIMIT, "s"]));
    let status = Command::new("prlimit")
        .args(["--nofile=3", "--pid", &waiting.pid().to_string()])
        .status();
    assert!(status.expect("prlimit runs").success());
    place.set_stage("s", Stage::Waiting);
    let text = "svwait: fatal: unable to open s/supervise/ok: process cannot open more files\n";
    assert_eq!(waiting.end(), (111, String::new(), text.to_owned()));
}

#[test]
fn a_supervise_that_makes_its_files_again_is_seen() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let mut again = None;
    let told = place.waits(&[LIMIT, "s"], || {
        fs::remove_dir_all(place.path("s/supervise")).expect("rm -r");
        again = Some(place.service("s"));
        place.write("s", &status(9, 9, Want::Up), Some(Stage::Ready));
    });
    assert_eq!(told, silent(0));
}
