//! What stands in the place of a journal and is none, or not this one's.

use super::*;

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
