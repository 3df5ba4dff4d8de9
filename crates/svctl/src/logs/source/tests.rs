use std::fs::{self, OpenOptions};
use std::io::Write;

use super::*;

const LABEL: &str = "@400000006553f10700000000";

/// The lines that there are now.
fn texts(source: &mut Source) -> Vec<String> {
    source.look_again();
    let mut texts = Vec::new();
    while source.front().is_some() {
        let line = source.pop().expect("a line");
        texts.push(String::from_utf8_lossy(&line.text).into_owned());
    }
    texts
}

/// A multilog that begins after a crash cuts off half a line, and writes it again.
#[test]
fn half_a_line_that_a_crash_has_left_is_not_shown() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    fs::write(path("current"), "one\nhal").expect("write");
    let mut source = Source::open(place.path(), true).expect("a log");
    assert_eq!(texts(&mut source), ["one"]);
    let current = OpenOptions::new()
        .write(true)
        .open(path("current"))
        .expect("open");
    current.set_len(4).expect("cut");
    fs::rename(path("current"), path(&format!("{LABEL}.u"))).expect("rename");
    assert!(texts(&mut source).is_empty(), "there is no current");
    fs::write(path("current"), format!("{LABEL} half\n")).expect("write");
    assert_eq!(texts(&mut source), ["half"]);
    assert!(source.take_trouble().is_none());
}

#[test]
fn several_files_that_were_finished_between_two_looks_are_read_in_order() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    let finish = |digit: u32| {
        fs::rename(
            path("current"),
            path(&format!("@400000006553f1070000000{digit}.s")),
        )
        .expect("rename");
    };
    fs::write(path("current"), "a\n").expect("write");
    let mut source = Source::open(place.path(), true).expect("a log");
    assert_eq!(texts(&mut source), ["a"]);
    let mut current = OpenOptions::new()
        .append(true)
        .open(path("current"))
        .expect("open");
    current.write_all(b"b\n").expect("write");
    finish(1);
    for (digit, text) in [(2, "c\n"), (3, "d\n")] {
        fs::write(path("current"), text).expect("write");
        finish(digit);
    }
    fs::write(path("current"), "e\n").expect("write");
    assert_eq!(texts(&mut source), ["b", "c", "d", "e"]);
    assert!(texts(&mut source).is_empty());
    assert!(source.take_trouble().is_none());
}

/// A processor has written another file in the place of the one that was read.
#[test]
fn what_a_processor_has_made_of_a_file_that_was_read_is_not_shown() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    fs::write(path("current"), format!("{LABEL} a\n")).expect("write");
    let mut source = Source::open(place.path(), true).expect("a log");
    assert_eq!(texts(&mut source), ["a"]);
    fs::rename(path("current"), path("previous")).expect("rename");
    fs::write(path("current"), format!("{LABEL} b\n")).expect("write");
    assert_eq!(texts(&mut source), ["b"]);
    fs::write(path(&format!("{LABEL}.s")), format!("{LABEL} a\n")).expect("write");
    fs::remove_file(path("previous")).expect("unlink");
    fs::rename(path("current"), path("previous")).expect("rename");
    fs::write(path("current"), format!("{LABEL} c\n")).expect("write");
    assert_eq!(texts(&mut source), ["c"]);
    assert!(source.take_trouble().is_none());
}

/// multilog removes `previous` before it gives what the processor wrote its name.
#[test]
fn a_processed_file_without_its_name_comes_before_current_and_once() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    let line = |text: &str| format!("{LABEL} {text}\n");
    fs::write(path("current"), line("a")).expect("write");
    let mut source = Source::open(place.path(), true).expect("a log");
    assert_eq!(texts(&mut source), ["a"]);
    fs::rename(path("current"), path(&format!("{LABEL}.s"))).expect("rename");
    fs::write(path("processed"), line("b")).expect("write");
    fs::write(path("current"), line("c")).expect("write");
    assert_eq!(texts(&mut source), ["b", "c"]);
    let name = LABEL.replace("0000000", "0000001");
    fs::rename(path("processed"), path(&format!("{name}.s"))).expect("rename");
    fs::rename(path("current"), path("previous")).expect("rename");
    fs::write(path("current"), line("d")).expect("write");
    assert_eq!(texts(&mut source), ["d"]);
    assert!(source.take_trouble().is_none());
}
