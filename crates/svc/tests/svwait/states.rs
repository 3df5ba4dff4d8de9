//! What one look tells, and what is said.

use std::fs;

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::status::Want;

use crate::place::{Place, reference_status, status};

fn silent(code: i32) -> (i32, String, String) {
    (code, String::new(), String::new())
}

fn says(code: i32, text: &str) -> (i32, String, String) {
    (code, String::new(), text.to_owned())
}

/// The answer to one look for each option.
fn looks(place: &Place, name: &str) -> [i32; 4] {
    ["--ready", "--up", "--down", "--gone"]
        .map(|option| place.run(&[option, "--timeout=0", name]).0)
}

#[test]
fn each_stage_is_reached_or_missing_as_its_row_says() {
    for (stage, wanted) in [
        (Stage::Down, [111, 111, 0, 111]),
        (Stage::Waiting, [111, 111, 111, 111]),
        (Stage::Starting, [111, 0, 111, 111]),
        (Stage::Up, [0, 0, 111, 111]),
        (Stage::Ready, [0, 0, 111, 111]),
        (Stage::Stopping, [111, 0, 111, 111]),
        (Stage::Finishing, [111, 111, 111, 111]),
        (Stage::Finished, [0, 111, 0, 111]),
        (Stage::Failed, [100, 100, 0, 111]),
    ] {
        let place = Place::new();
        let _ok = place.staged("s", stage);
        assert_eq!(looks(&place, "s"), wanted, "{stage:?}");
    }
}

#[test]
fn without_a_stage_up_is_ready() {
    let place = Place::new();
    let _ok = place.service("s");
    place.write("s", &status(1, 7, Want::Up), None);
    assert_eq!(looks(&place, "s"), [0, 0, 111, 111]);
    place.write("s", &status(2, 0, Want::Up), None);
    assert_eq!(looks(&place, "s"), [111, 111, 111, 111]);
    place.write("s", &status(2, 0, Want::Down), None);
    assert_eq!(looks(&place, "s"), [111, 111, 0, 111]);
}

#[test]
fn the_record_of_the_reference_is_enough() {
    let place = Place::new();
    let _ok = place.service("s");
    place.write_status("s", &reference_status(7, Want::Up));
    assert_eq!(looks(&place, "s"), [0, 0, 111, 111]);
    place.write_status("s", &reference_status(0, Want::Down));
    assert_eq!(looks(&place, "s"), [111, 111, 0, 111]);
}

#[test]
fn a_detail_file_that_is_older_than_the_record_does_not_make_it_ready() {
    let place = Place::new();
    let _ok = place.service("s");
    place.write("s", &status(1, 7, Want::Up), Some(Stage::Ready));
    place.write_status("s", &status(2, 8, Want::Up));
    assert_eq!(looks(&place, "s"), [111, 0, 111, 111]);
    // A supervise of the reference does not know the file.
    place.write_status("s", &reference_status(9, Want::Up));
    assert_eq!(looks(&place, "s"), [0, 0, 111, 111]);
}

#[test]
fn a_record_without_a_supervise_is_not_believed() {
    let place = Place::new();
    drop(place.staged("s", Stage::Ready));
    assert_eq!(looks(&place, "s"), [111, 111, 111, 0]);
    fs::create_dir(place.path("new")).expect("a directory");
    assert_eq!(looks(&place, "new"), [111, 111, 111, 0]);
}

#[test]
fn when_the_time_is_over_each_that_is_missing_has_a_line() {
    let place = Place::new();
    let _ok = [
        place.staged("a", Stage::Starting),
        place.staged("b", Stage::Ready),
        place.staged("c", Stage::Waiting),
    ];
    fs::create_dir(place.path("d")).expect("a directory");
    let text = "\
svwait: fatal: waited for a: up, not ready: timed out
svwait: fatal: waited for c: down, waiting for its start: timed out
svwait: fatal: waited for d: no supervise: timed out
";
    let told = place.run(&["--timeout=0", "a", "b", "c", "d"]);
    assert_eq!(told, says(111, text));
}

#[test]
fn a_service_that_has_failed_is_said_at_once() {
    let place = Place::new();
    let _ok = [
        place.staged("a", Stage::Starting),
        place.staged("b", Stage::Failed),
    ];
    let text = "svwait: fatal: b has failed; svc -u starts it\n";
    assert_eq!(place.run(&["a", "b"]), says(100, text));
}

#[test]
fn a_directory_that_is_not_there_is_said_at_once() {
    let place = Place::new();
    let _ok = place.staged("a", Stage::Starting);
    fs::write(place.path("file"), "").expect("a file");
    let text = "\
svwait: fatal: unable to wait for none: file does not exist
svwait: fatal: unable to wait for file: not a directory
svwait: fatal: unable to wait for : file does not exist
";
    let told = place.run(&["a", "none", "file", ""]);
    assert_eq!(told, says(100, text));
    assert_eq!(place.run(&["--gone", "none"]).0, 100);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let place = Place::new();
    let _ok = place.service("s");
    let status_file = place.path("s/supervise/status");
    fs::create_dir(&status_file).expect("a directory in its place");
    let text = "svwait: fatal: unable to read s/supervise/status: is a directory\n";
    assert_eq!(place.run(&["s"]), says(100, text));
    fs::remove_dir(&status_file).expect("rmdir");
    place.write_status("s", &status(1, 7, Want::Up));
    fs::create_dir(place.path("s/supervise/detail")).expect("a directory in its place");
    let text = "svwait: fatal: unable to read s/supervise/detail: is a directory\n";
    assert_eq!(place.run(&["s"]), says(100, text));
    let ok = place.path("s/supervise/ok");
    fs::remove_file(&ok).expect("unlink");
    fs::write(&ok, "").expect("no FIFO");
    let text = "svwait: fatal: unable to open s/supervise/ok: invalid argument\n";
    assert_eq!(place.run(&["s"]), says(100, text));
}

#[test]
fn any_prints_the_name_of_the_first_that_is_reached() {
    let place = Place::new();
    let _ok = [
        place.staged("a", Stage::Starting),
        place.staged("b", Stage::Ready),
        place.staged("c", Stage::Ready),
    ];
    let told = place.run(&["--any", "--timeout=0", "a", "b", "c"]);
    assert_eq!(told, (0, "b\n".to_owned(), String::new()));
    assert_eq!(place.run(&["--timeout=0", "b", "c"]), silent(0));
}

#[test]
fn any_goes_on_without_those_that_are_lost_until_none_is_left() {
    let place = Place::new();
    let _ok = [
        place.staged("a", Stage::Failed),
        place.staged("b", Stage::Up),
    ];
    let lost = "\
svwait: warning: none: TEXT
svwait: warning: a has failed; svc -u starts it
"
    .replace("none: TEXT", "unable to wait for none: file does not exist");
    let told = place.run(&["--any", "none", "a", "b"]);
    assert_eq!(told, (0, "b\n".to_owned(), lost.clone()));
    assert_eq!(place.run(&["--any", "none", "a"]), says(100, &lost));
}

#[test]
fn the_last_of_the_conditions_counts() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Down);
    assert_eq!(place.run(&["--up", "--down", "--timeout=0", "s"]).0, 0);
    assert_eq!(place.run(&["--down", "--up", "--timeout=0", "s"]).0, 111);
}

#[test]
fn verbose_says_each_state() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Ready);
    assert_eq!(
        place.run(&["--verbose", "s"]),
        says(0, "svwait: s: ready\n")
    );
}

#[test]
fn what_is_no_command_line_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("s")).expect("a directory");
    let usage = "svwait: usage: svwait [options] directory ... [-- program [argument ...]]\n";
    for args in [
        &[][..],
        &["--gone"],
        &["--gone", "--"],
        &["--gone", "--", "true"],
        &["--gone", "s", "--"],
    ] {
        assert_eq!(place.run(args), says(100, usage), "{args:?}");
    }
    for (option, complaint) in [
        ("--wrong", "svwait: illegal option -- --wrong\n"),
        ("-x", "svwait: illegal option -- x\n"),
        ("--any=1", "svwait: option takes no argument -- --any\n"),
        (
            "--timeout=",
            "svwait: option requires an argument -- --timeout\n",
        ),
    ] {
        let told = place.run(&[option, "s"]);
        assert_eq!(told, says(100, &format!("{complaint}{usage}")));
    }
    let text = "svwait: --timeout takes a number of seconds\n";
    assert_eq!(place.run(&["--timeout=soon", "s"]), says(100, text));
}

#[test]
fn a_label_that_is_no_time_is_no_stage() {
    let place = Place::new();
    let _ok = place.service("s");
    let status = status(1, 7, Want::Up);
    place.write_status("s", &status);
    place.write_detail("s", &Detail::default());
    // Its `since` is missing: it is not about this record.
    assert_eq!(looks(&place, "s"), [111, 0, 111, 111]);
}
