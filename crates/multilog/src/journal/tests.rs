//! The journal as a whole: interrupted anywhere, and found by a successor.

use std::cell::RefCell;
use std::ffi::CString;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use daemontools::tai64n::Tai64n;
use daemontools::unix::file::{self as unix_file, Identity};
use daemontools::unix::memory::page_size;

use super::layout::{LOGS, MAGIC, ROOM, WHICH};
use super::state::{commit, load};
use super::*;

mod foreign;

const BOOT: Boot = [1, 2, 3, 4, 5];
const SCRIPT: u64 = 0x5c21;

/// One test runs at a time, since a process keeps one file.
static ONE: Mutex<()> = Mutex::new(());

thread_local! {
    static HELD: RefCell<Option<MutexGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// A journal's file in a directory of its own.
struct Place {
    dir: tempfile::TempDir,
}

/// What opening a journal gave.
type Begun = (Opened, Found, Result<(), KeepError>);

impl Place {
    fn new() -> Self {
        HELD.with_borrow_mut(|held| {
            held.get_or_insert_with(|| ONE.lock().unwrap_or_else(|poison| poison.into_inner()));
        });
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(".pending")
    }

    fn directory(&self) -> OwnedFd {
        unix_file::open_directory(&c_path(self.dir.path())).expect("the directory")
    }

    fn begin(&self, logs: usize, script: u64, boot: &Boot) -> Begun {
        let (mut journal, bytes) = Journal::private(logs).expect("memory");
        let (found, kept) = journal.begin(self.directory(), bytes, script, Some(*boot));
        ((journal, bytes), found, kept)
    }

    /// A journal that is kept.
    fn open(&self, logs: usize, script: u64, boot: &Boot) -> (Opened, Found) {
        let (opened, found, kept) = self.begin(logs, script, boot);
        assert_eq!(kept, Ok(()));
        assert!(opened.0.is_lasting());
        (opened, found)
    }

    /// What a process with two logs left: these bytes, all of them pending.
    fn leave(&self, input: &[u8]) {
        let ((mut journal, bytes), found) = self.open(2, SCRIPT, &BOOT);
        assert_eq!(found, Found::Nothing);
        bytes[..input.len()].copy_from_slice(input);
        journal.state.end = input.len();
        journal.commit();
    }

    /// What a successor with the same script would find.
    fn left(&self, boot: &Boot) -> Found {
        find(self.directory(), boot, SCRIPT, 2).expect("a look").1
    }
}

/// The words in memory.
fn words(journal: &Journal) -> Vec<u64> {
    let words = journal.store.words.iter();
    words.map(|word| word.load(Ordering::Relaxed)).collect()
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a path")
}

/// A state that has no value in common with the state of another seed.
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
        source: Identity {
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
            let counts = journal.store.words[WHICH].load(Ordering::Relaxed);
            let steps: Vec<_> = commit(&journal.state, counts).collect();
            let (last, before) = steps.split_last().expect("steps");
            assert!(before.len() > 14 + 4 * logs);
            for &step in before {
                journal.store.write(step);
                assert_eq!(
                    load(&words(&journal), logs),
                    old,
                    "{logs} logs, after {step:?}"
                );
            }
            journal.store.write(*last);
            assert_eq!(load(&words(&journal), logs), journal.state);
        }
    }
}

#[test]
fn a_new_file_gets_its_name_when_it_is_complete() {
    let place = Place::new();
    place.leave(b"old input\n");
    // A file that a killed process had begun.
    let new = place.dir.path().join(".pending.new");
    fs::copy(place.path(), &new).expect("a copy");
    let ((journal, bytes), found) = place.open(3, SCRIPT + 1, &BOOT);
    assert_eq!(found, Found::Other);
    assert_eq!(pending(&journal, bytes), b"old input\n");
    assert!(!new.exists());
    let names: Vec<_> = fs::read_dir(place.dir.path()).expect("names").collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_successor_finds_state_and_input() {
    for logs in [1, 2, 130] {
        let place = Place::new();
        let ((mut journal, bytes), found) = place.open(logs, SCRIPT, &BOOT);
        assert_eq!(found, Found::Nothing);
        assert!(journal.is_lasting());
        assert_eq!(journal.state, State::new(logs));
        assert_eq!(bytes.len(), ROOM);
        let left = state(logs, 50);
        journal.state = left.clone();
        bytes[0] = b'a';
        bytes[PAGE - 1] = b'z';
        journal.commit();
        // This state never counts.
        journal.state = state(logs, 70);
        drop(journal);
        let ((journal, bytes), found) = place.open(logs, SCRIPT, &BOOT);
        assert_eq!(found, Found::Same);
        assert_eq!(journal.state, left);
        assert_eq!((bytes[0], bytes[PAGE - 1]), (b'a', b'z'));
    }
}

/// The pending input, none of which is in the logs.
fn pending<'a>(journal: &Journal, bytes: &'a [u8]) -> &'a [u8] {
    let state = &journal.state;
    let input = state.start..state.end;
    let logs = state.places.len();
    assert_eq!(*state, State::with_input(logs, input.clone()));
    &bytes[input]
}

/// Input stays until a script has written it, however often scripts change: the second
/// log of one may be locked.
#[test]
fn another_script_finds_input_and_so_does_the_one_after_it() {
    let place = Place::new();
    place.leave(b"a line\nand a half");
    for logs in [2, 2, 1, 3, 3, 200, 2] {
        for script in [SCRIPT + 1, SCRIPT + 2] {
            for expected in [Found::Other, Found::Same] {
                let ((journal, bytes), found) = place.open(logs, script, &BOOT);
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
        let ((mut journal, bytes), _) = place.open(2, SCRIPT, &BOOT);
        bytes[..12].copy_from_slice(b"gone pend & ");
        journal.state.start = 5;
        journal.state.read_at = 5;
        journal.state.end = 10;
        journal.state.reading = 2;
        journal.state.mark = [u64::MAX; 2];
        journal.state.long = true;
        journal.state.places = state(2, 40).places;
        journal.commit();
        drop(journal);
        let ((journal, bytes), found) = place.open(logs, SCRIPT + 1, &BOOT);
        assert_eq!(found, Found::Other);
        assert_eq!(pending(&journal, bytes), b"pend & ");
    }
}

#[test]
fn a_private_journal_is_empty_and_nobody_finds_it() {
    let (journal, bytes) = Journal::private(3).expect("memory");
    assert!(!journal.is_lasting());
    assert_eq!(journal.state, State::new(3));
    assert_eq!(bytes.len(), ROOM);
}

/// The bytes that the file takes on its disk.
fn allocated(place: &Place) -> u64 {
    let blocks = std::os::unix::fs::MetadataExt::blocks;
    blocks(&fs::metadata(place.path()).expect("the file")) * 512
}

#[test]
fn an_idle_journal_takes_two_pages_and_a_flow_all_it_needs() {
    let place = Place::new();
    let ((mut journal, bytes), _) = place.open(2, SCRIPT, &BOOT);
    let idle = (2 * PAGE as u64).next_multiple_of(page_size());
    assert!(allocated(&place) <= idle, "{}", allocated(&place));
    for _ in 0..2 {
        assert_eq!(journal.make_room(bytes, 100), 100);
        assert!(allocated(&place) <= idle, "{}", allocated(&place));
        assert_eq!(journal.make_room(bytes, BLOCK), BLOCK);
        assert!(allocated(&place) > BLOCK as u64);
        bytes[BLOCK - 20..BLOCK].fill(b'x');
        journal.state.start = BLOCK - 20;
        journal.state.end = BLOCK;
        journal.shrink(bytes);
        assert!(allocated(&place) <= idle, "{}", allocated(&place));
        let state = &journal.state;
        assert_eq!(bytes[state.start..state.end], [b'x'; 20]);
        journal.state.start = journal.state.end;
    }
}

#[test]
fn what_a_flow_left_is_found_whole() {
    for script in [SCRIPT, SCRIPT + 1] {
        let place = Place::new();
        let ((mut journal, bytes), _) = place.open(2, SCRIPT, &BOOT);
        journal.make_room(bytes, BLOCK);
        bytes[..BLOCK].fill(b'x');
        journal.state.end = BLOCK;
        journal.commit();
        drop(journal);
        let ((journal, bytes), _) = place.open(2, script, &BOOT);
        assert_eq!(journal.state.end, BLOCK);
        assert!(bytes[..BLOCK].iter().all(|&byte| byte == b'x'));
        assert!(journal.is_lasting());
    }
}
