//! The journal as a whole: interrupted anywhere, and found by a successor.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use daemontools::tai64n::Tai64n;
use daemontools::unix::file::{fstat, open_read};

use super::layout::{HEAD, LOGS, MAGIC, load};
use super::*;

const BOOT: Boot = [1, 2, 3, 4, 5];
const SCRIPT: u64 = 0x5c21;

/// A journal's file in a directory of its own.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("pending")
    }

    fn open(&self, logs: usize, script: u64, boot: &Boot) -> Result<(Opened, Found), Errno> {
        Journal::open_at(&c_path(&self.path()), logs, script, boot)
    }

    /// What a process with two logs left: these bytes, all of them pending.
    fn leave(&self, input: &[u8]) {
        let ((mut journal, bytes), found) = self.open(2, SCRIPT, &BOOT).expect("a journal");
        assert_eq!(found, Found::Nothing);
        bytes[..input.len()].copy_from_slice(input);
        journal.state.end = input.len();
        journal.commit();
    }
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a path")
}

/// A state with nothing in common with that of another seed.
fn state(logs: usize, seed: u64) -> State {
    let index = usize::try_from(seed).expect("a small number");
    State {
        start: index,
        read_at: index + 1,
        end: index + 2,
        reading: index + 3,
        mark: [seed + 4, seed + 5],
        now: Tai64n::from_unix(1_700_000_000 + seed.cast_signed(), 6),
        line: Tai64n::from_unix(1_600_000_000 + seed.cast_signed(), 7),
        long: !seed.is_multiple_of(2),
        alerts: seed + 8,
        source: Source {
            device: seed + 9,
            inode: seed + 10,
        },
        places: (0..logs as u64)
            .map(|log| super::Place {
                inode: seed + 11 + log,
                size: seed + 12 + log,
                done: seed + 13 + log,
                selected: (seed + log).is_multiple_of(2),
            })
            .collect(),
    }
}

#[test]
fn a_commit_interrupted_at_any_word_leaves_the_old_state_or_the_new_one() {
    for logs in [0, 1, 2, 200] {
        let (mut journal, _) = Journal::private(logs).expect("memory");
        journal.state = state(logs, 100);
        journal.commit();
        // Both slots, one after the other.
        for round in 1..=2 {
            let old = journal.state.clone();
            journal.state = state(logs, 100 + 33 * round);
            let counts = journal.words[WHICH].load(Ordering::Relaxed);
            let steps: Vec<_> = layout::commit(&journal.state, counts).collect();
            let (last, before) = steps.split_last().expect("steps");
            assert!(before.len() > 14 + 4 * logs);
            for &step in before {
                journal.store(step);
                assert_eq!(
                    load(journal.words, logs),
                    old,
                    "{logs} logs, after {step:?}"
                );
            }
            journal.store(*last);
            assert_eq!(load(journal.words, logs), journal.state);
        }
    }
}

#[test]
fn a_beginning_interrupted_at_any_word_is_no_journal() {
    let place = Place::new();
    place.leave(b"old input\n");
    let fd = open_read(&c_path(&place.path())).expect("the file");
    let holds = |boot: &Boot| file::holds(&fd, &fstat(&fd).expect("facts"), boot);
    assert!(holds(&BOOT));
    let ((mut journal, _), _) = place.open(2, SCRIPT, &BOOT).expect("a journal");
    journal.state = State::new(2);
    let boot = [9; 5];
    let steps: Vec<_> = layout::reset(&journal.state, SCRIPT + 1, &boot).collect();
    let (last, before) = steps.split_last().expect("steps");
    for &step in before {
        journal.store(step);
        assert!(!holds(&BOOT) && !holds(&boot), "after {step:?}");
    }
    journal.store(*last);
    assert!(holds(&boot));
    let ((successor, _), found) = place.open(2, SCRIPT + 1, &boot).expect("a journal");
    assert_eq!(found, Found::Same);
    assert_eq!(successor.state, State::new(2));
}

#[test]
fn a_successor_finds_state_and_input() {
    for logs in [1, 2, 130] {
        let place = Place::new();
        let ((mut journal, bytes), found) = place.open(logs, SCRIPT, &BOOT).expect("a journal");
        assert_eq!(found, Found::Nothing);
        assert!(journal.is_lasting());
        assert_eq!(journal.state, State::new(logs));
        assert_eq!(bytes.len(), ROOM);
        let left = state(logs, 50);
        journal.state = left.clone();
        bytes[0] = b'a';
        bytes[ROOM - 1] = b'z';
        journal.commit();
        // This never counted.
        journal.state = state(logs, 70);
        let ((journal, bytes), found) = place.open(logs, SCRIPT, &BOOT).expect("a journal");
        assert_eq!(found, Found::Same);
        assert_eq!(journal.state, left);
        assert_eq!((bytes[0], bytes[ROOM - 1]), (b'a', b'z'));
    }
}

/// The input that is pending, of which nothing is said to be in the logs.
fn pending<'a>(journal: &Journal, bytes: &'a [u8]) -> &'a [u8] {
    let state = &journal.state;
    let input = state.start..state.end;
    let logs = state.places.len();
    assert_eq!(*state, State::with_input(logs, input.clone()));
    &bytes[input]
}

/// However often scripts change, input stays until a script is done with it: the
/// second log of one may be locked.
#[test]
fn another_script_finds_input_and_so_does_the_one_after_it() {
    let place = Place::new();
    place.leave(b"a line\nand a half");
    for logs in [2, 2, 1, 3, 3, 200, 2] {
        for script in [SCRIPT + 1, SCRIPT + 2] {
            for expected in [Found::Other, Found::Same] {
                let ((journal, bytes), found) = place.open(logs, script, &BOOT).expect("a journal");
                assert_eq!(found, expected);
                assert_eq!(pending(&journal, bytes), b"a line\nand a half");
                assert_eq!(bytes.len(), ROOM);
            }
        }
    }
}

#[test]
fn a_read_that_was_under_way_is_handed_over_too() {
    for logs in [2, 3] {
        let place = Place::new();
        let ((mut journal, bytes), _) = place.open(2, SCRIPT, &BOOT).expect("a journal");
        bytes[..12].copy_from_slice(b"gone pend & ");
        journal.state.start = 5;
        journal.state.read_at = 5;
        journal.state.end = 10;
        journal.state.reading = 2;
        journal.state.mark = [u64::MAX; 2];
        journal.state.long = true;
        journal.state.places = state(2, 40).places;
        journal.commit();
        let ((journal, bytes), found) = place.open(logs, SCRIPT + 1, &BOOT).expect("a journal");
        assert_eq!(found, Found::Other);
        assert_eq!(pending(&journal, bytes), b"pend & ");
    }
}

#[test]
fn another_boots_journal_says_nothing() {
    for logs in [2, 3] {
        for word in 0..5 {
            let place = Place::new();
            place.leave(b"a line\n");
            let mut boot = BOOT;
            boot[word] ^= 1;
            let ((journal, bytes), found) = place.open(logs, SCRIPT, &boot).expect("a journal");
            assert_eq!(found, Found::Nothing);
            assert_eq!(journal.state, State::new(logs));
            assert_eq!(bytes[..7], [0; 7], "old input is gone");
        }
    }
}

#[test]
fn a_file_of_another_length_says_nothing() {
    let place = Place::new();
    place.leave(b"a line\n");
    let whole = fs::read(place.path()).expect("the file");
    for len in [
        0,
        1,
        7,
        HEAD * 8 - 1,
        HEAD * 8,
        whole.len() - 1,
        whole.len() + 1,
    ] {
        for logs in [2, 3] {
            let mut bytes = whole.clone();
            bytes.resize(len, 0);
            fs::write(place.path(), &bytes).expect("a file");
            let ((journal, input), found) = place.open(logs, SCRIPT, &BOOT).expect("a journal");
            // For other logs all that has to be there is there, if it is too long.
            let expected = if logs == 3 && len > whole.len() {
                (Found::Other, &b"a line\n"[..])
            } else if logs == 3 && len >= HEAD * 8 {
                (Found::Other, &b""[..])
            } else {
                (Found::Nothing, &b""[..])
            };
            let found = (found, pending(&journal, input));
            assert_eq!(found, expected, "{len} bytes, {logs} logs");
            assert_eq!(input.len(), ROOM);
        }
    }
}

#[test]
fn numbers_that_are_nonsense_do_no_harm() {
    // A number of logs that nobody has.
    for logs in [0, 1, 1 << 20, 1 << 40, u64::MAX] {
        let place = Place::new();
        place.leave(b"a line\n");
        let ((journal, _), _) = place.open(2, SCRIPT, &BOOT).expect("a journal");
        journal.store((LOGS, logs));
        let (opened, found) = place.open(2, SCRIPT, &BOOT).expect("a journal");
        assert_eq!(found, Found::Other, "{logs} logs");
        // What it holds is anything, but something.
        assert!(opened.0.state.is_sane(), "{logs} logs");
        pending(&opened.0, opened.1);
    }
    // A state that points outside of the room.
    for logs in [2, 3] {
        let place = Place::new();
        let ((mut journal, _), _) = place.open(2, SCRIPT, &BOOT).expect("a journal");
        journal.state.end = usize::MAX;
        journal.commit();
        let ((journal, _), found) = place.open(logs, SCRIPT + 1, &BOOT).expect("a journal");
        assert_eq!((found, journal.state), (Found::Other, State::new(logs)));
    }
    // A file of somebody else's.
    let place = Place::new();
    fs::write(place.path(), vec![b'x'; 100_000]).expect("a file");
    let ((journal, _), found) = place.open(2, SCRIPT, &BOOT).expect("a journal");
    assert_eq!(found, Found::Nothing);
    assert_eq!(journal.words[0].load(Ordering::Relaxed), MAGIC);
}

#[test]
fn what_is_not_a_file_of_ours_alone_is_left_alone() {
    // A second name: whoever has it would see it cut.
    let place = Place::new();
    let other = place.dir.path().join("other");
    fs::write(&other, "precious").expect("a file");
    fs::hard_link(&other, place.path()).expect("a link");
    assert_eq!(place.open(1, SCRIPT, &BOOT).err(), Some(Errno::EINVAL));
    assert_eq!(fs::read(&other).expect("the file"), b"precious");
    // A link is not followed.
    let place = Place::new();
    let other = place.dir.path().join("other");
    fs::write(&other, "precious").expect("a file");
    std::os::unix::fs::symlink(&other, place.path()).expect("a link");
    assert_eq!(place.open(1, SCRIPT, &BOOT).err(), Some(Errno::ELOOP));
    assert_eq!(fs::read(&other).expect("the file"), b"precious");
    // Nor is anything else used, and a FIFO without a peer does not hold us up.
    let place = Place::new();
    fs::create_dir(place.path()).expect("a directory");
    assert_eq!(place.open(1, SCRIPT, &BOOT).err(), Some(Errno::EISDIR));
    let place = Place::new();
    let path = c_path(&place.path());
    make_fifo(&path);
    assert_eq!(place.open(1, SCRIPT, &BOOT).err(), Some(Errno::EINVAL));
}

/// Makes a FIFO.
fn make_fifo(path: &CString) {
    let status = std::process::Command::new("mkfifo")
        .arg(path.to_str().expect("text"))
        .status();
    assert!(status.expect("mkfifo").success());
}

#[test]
fn a_private_journal_is_empty_and_nobody_finds_it() {
    let (journal, bytes) = Journal::private(3).expect("memory");
    assert!(!journal.is_lasting());
    assert_eq!(journal.state, State::new(3));
    assert_eq!(bytes.len(), ROOM);
}

#[test]
fn scripts_are_told_apart() {
    let of = |words: &[&[u8]]| hash(words.iter().copied());
    assert_eq!(of(&[b"t", b"./a"]), of(&[b"t", b"./a"]));
    for other in [
        &[b"./a".as_slice(), b"t"] as &[&[u8]],
        &[b"t", b"./b"],
        &[b"t./a"],
        &[b"t", b"./a", b""],
        &[],
    ] {
        assert_ne!(of(&[b"t", b"./a"]), of(other), "{other:?}");
    }
}
