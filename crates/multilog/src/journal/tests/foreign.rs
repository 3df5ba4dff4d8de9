//! Files with the name of a journal that are none, or belong to another process.

use super::layout::HEAD;
use daemontools::unix::memory;

use super::*;

#[test]
fn a_journal_of_another_boot_is_ignored() {
    for logs in [2, 3] {
        for word in 0..5 {
            let place = Place::new();
            place.leave(b"a line\n");
            let mut boot = BOOT;
            boot[word] ^= 1;
            let ((journal, bytes), found) = place.open(logs, SCRIPT, &boot);
            assert_eq!(found, Found::Nothing);
            assert_eq!(journal.state, State::new(logs));
            assert_eq!(bytes[..7], [0; 7], "old input is gone");
        }
    }
}

#[test]
fn a_file_that_is_too_short_is_ignored() {
    let place = Place::new();
    place.leave(b"a line\n");
    let whole = fs::metadata(place.path()).expect("the file").len();
    let head = u64::try_from(HEAD * 8).expect("a small number");
    for len in [0, 1, 7, head - 1, head, whole - 1, whole + 1] {
        for logs in [2, 3] {
            let place = Place::new();
            place.leave(b"a line\n");
            let file = fs::OpenOptions::new().write(true).open(place.path());
            file.expect("the file").set_len(len).expect("a length");
            let ((journal, input), found) = place.open(logs, SCRIPT, &BOOT);
            if len > whole && logs == 2 {
                // Nothing of it is missing.
                assert_eq!((found, journal.state.end), (Found::Same, 7));
                continue;
            }
            let expected = if len > whole {
                (Found::Other, &b"a line\n"[..])
            } else if len >= head {
                (Found::Other, &b""[..])
            } else {
                (Found::Nothing, &b""[..])
            };
            let found = (found, pending(&journal, input));
            assert_eq!(found, expected, "{len} bytes, {logs} logs");
        }
    }
}

#[test]
fn a_state_that_makes_no_sense_is_ignored() {
    // A number of logs that no script has; with 32 bits, one of them would be the same.
    for logs in [0, 1, 1 << 20, (1 << 32) + 2, 1 << 40, u64::MAX] {
        let place = Place::new();
        place.leave(b"a line\n");
        let ((journal, _), _) = place.open(2, SCRIPT, &BOOT);
        journal.store.write((LOGS, logs));
        drop(journal);
        let (opened, found) = place.open(2, SCRIPT, &BOOT);
        assert_eq!(found, Found::Other, "{logs} logs");
        // Any state will do that lies within the room.
        assert!(opened.0.state.is_sane(), "{logs} logs");
        pending(&opened.0, opened.1);
    }
    // A state with offsets outside of the room.
    for logs in [2, 3] {
        let place = Place::new();
        let ((mut journal, _), _) = place.open(2, SCRIPT, &BOOT);
        journal.state.end = usize::MAX;
        journal.commit();
        drop(journal);
        let ((journal, _), found) = place.open(logs, SCRIPT + 1, &BOOT);
        assert_eq!((found, journal.state), (Found::Other, State::new(logs)));
    }
    // A private file that is no journal.
    let place = Place::new();
    fs::write(place.path(), vec![b'x'; 100_000]).expect("a file");
    mode(&place.path(), 0o600);
    let ((journal, _), found) = place.open(2, SCRIPT, &BOOT);
    assert_eq!(found, Found::Nothing);
    assert_eq!(words(&journal)[0], MAGIC);
}

#[test]
fn a_file_that_others_may_use_is_left_alone() {
    let foreign = |place: &Place| {
        let ((journal, _), found, kept) = place.begin(1, SCRIPT, &BOOT);
        assert_eq!((found, kept), (Found::Nothing, Err(KeepError::Foreign)));
        assert!(!journal.is_lasting());
        assert!(!place.dir.path().join(".pending.new").exists());
    };
    let planted = |plant: &dyn Fn(&Path, &Path)| {
        let place = Place::new();
        let other = place.dir.path().join("other");
        fs::write(&other, "precious").expect("a file");
        mode(&other, 0o600);
        plant(&other, &place.path());
        foreign(&place);
        assert_eq!(fs::read(&other).expect("the file"), b"precious");
    };
    // A file with a second name: it would be cut under that name too.
    planted(&|other, path| fs::hard_link(other, path).expect("a link"));
    // A symbolic link is not followed.
    planted(&|other, path| std::os::unix::fs::symlink(other, path).expect("a link"));
    // Nothing but a regular file is used, and opening a FIFO does not wait for a writer.
    planted(&|_, path| fs::create_dir(path).expect("a directory"));
    planted(&|_, path| make_fifo(&c_path(path)));
    // A journal that others may read or write.
    for bits in [0o620, 0o604, 0o640, 0o400] {
        let place = Place::new();
        place.leave(b"a line\n");
        let before = fs::read(place.path()).expect("the file");
        mode(&place.path(), bits);
        foreign(&place);
        assert!(fs::read(place.path()).expect("the file") == before);
    }
}

/// `cp -a` of a log, or another log's journal moved here.
#[test]
fn a_copied_or_moved_journal_is_ignored() {
    let place = Place::new();
    place.leave(b"a line\n");
    let copy = Place::new();
    fs::copy(place.path(), copy.path()).expect("a copy");
    assert_eq!(copy.left(&BOOT), Found::Nothing);
    let (_, found) = copy.open(2, SCRIPT, &BOOT);
    assert_eq!(found, Found::Nothing);
    let other = Place::new();
    fs::rename(place.path(), other.path()).expect("a move");
    assert_eq!(other.left(&BOOT), Found::Nothing);
    fs::rename(other.path(), place.path()).expect("a move back");
    assert_eq!(place.left(&BOOT), Found::Same);
}

#[test]
fn a_journal_in_use_is_left_to_its_user() {
    let place = Place::new();
    place.leave(b"a line\n");
    let file = fs::File::open(place.path()).expect("the file");
    daemontools::unix::lock::try_exclusive(&file).expect("the lock");
    let ((journal, _), found, kept) = place.begin(2, SCRIPT, &BOOT);
    assert_eq!((found, kept), (Found::Nothing, Err(KeepError::InUse)));
    assert!(!journal.is_lasting());
    drop(file);
    assert_eq!(place.open(2, SCRIPT, &BOOT).1, Found::Same);
}

/// A process that opens it waits until it is replaced by another file or a copy.
#[test]
fn a_journal_that_another_opens_is_replaced() {
    let place = Place::new();
    let ((mut journal, bytes), _) = place.open(2, SCRIPT, &BOOT);
    let cases = [Wanted::Writing, Wanted::Other].map(|wanted| [(wanted, false), (wanted, true)]);
    for &(wanted, rests) in cases.as_flattened() {
        // An idle journal, and one with a flow.
        for end in [7, 3 * PAGE] {
            journal.state.end = 0;
            journal.make_room(bytes, end);
            bytes[..end].fill(b'x');
            journal.state.end = end;
            journal.commit();
            let path = place.path();
            // Not in this thread, which has to answer.
            let other = daemontools::unix::thread::builder().spawn(move || match wanted {
                Wanted::Writing => fs::write(path, "cut").expect("a write"),
                Wanted::Other => drop(fs::read(path).expect("a read")),
            });
            let other = other.expect("a thread");
            if rests {
                memory::rest(|| other.join()).expect("the other");
                assert!(!journal.is_lasting() && journal.is_due());
            } else {
                while !journal.is_due() {
                    std::thread::yield_now();
                }
                assert!(journal.is_lasting() && !other.is_finished());
            }
            let renewed = journal.renew(place.directory(), bytes);
            assert_eq!(renewed, Ok(wanted));
            assert!(journal.is_lasting() && !journal.is_due());
            assert!(bytes[..end].iter().all(|&byte| byte == b'x'));
        }
    }
    drop(journal);
    let ((journal, bytes), found) = place.open(2, SCRIPT, &BOOT);
    assert_eq!((found, journal.state.end), (Found::Same, 3 * PAGE));
    assert!(bytes[..3 * PAGE].iter().all(|&byte| byte == b'x'));
}

fn mode(path: &Path, bits: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).expect("chmod");
}

/// Makes a FIFO.
fn make_fifo(path: &CString) {
    let status = std::process::Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(path.to_str().expect("text"))
        .status();
    assert!(status.expect("mkfifo").success());
}
