//! The state by itself: as words and back, and what a mark tells.

use super::super::layout::BLOCK;
use super::*;

/// A state in which every number is another.
fn full() -> State {
    State {
        start: 10,
        end: 300,
        read_at: 200,
        reading: 100,
        mark: [1 << 63, 42],
        now: Tai64n::from_unix(1_700_000_000, 999_999_999),
        line: Tai64n::from_unix(1_600_000_000, 1),
        long: true,
        alerts: 7,
        source: Identity {
            device: 64_769,
            inode: u64::MAX,
        },
        places: vec![
            Place {
                inode: 11,
                size: 4095,
                done: 3,
                selected: true,
            },
            Place {
                inode: 12,
                size: 0_u64.wrapping_sub(5),
                done: 0,
                selected: false,
            },
        ],
    }
}

/// A read of `count` bytes behind ten that are pending, with its mark set.
fn reading(count: usize) -> (State, Vec<u8>) {
    let state = State {
        end: 10,
        read_at: 4,
        reading: count,
        mark: [
            u64::from_ne_bytes(*b"mark one"),
            u64::from_ne_bytes(*b"mark two"),
        ],
        ..State::new(1)
    };
    let mut bytes = vec![b'.'; 10 + count];
    bytes[mark_range(10, count)].copy_from_slice(&b"mark onemark two"[..count.min(MARK)]);
    (state, bytes)
}

#[test]
fn as_words_and_back() {
    let state = full();
    let words: Vec<u64> = state.pack().collect();
    assert_eq!(words.len(), FIXED + 2 * EACH);
    assert_eq!(State::unpack(&words), state);
    let empty = State::new(3);
    let words: Vec<u64> = empty.pack().collect();
    assert_eq!(words, [0; FIXED + 3 * EACH]);
    assert_eq!(State::unpack(&words), empty);
}

/// Guards against two fields in one word: each word that changes changes the state.
#[test]
fn every_word_that_is_used_counts() {
    let mut words: Vec<u64> = full().pack().collect();
    let unused = FIXED - 2..FIXED;
    for index in 0..words.len() {
        let before = State::unpack(&words);
        words[index] ^= 1;
        let differs = State::unpack(&words) != before;
        assert_eq!(differs, !unused.contains(&index), "word {index}");
    }
}

#[test]
fn nonsense_and_too_few_words_are_a_state_too() {
    let state = State::unpack(&[u64::MAX; FIXED + EACH]);
    assert_eq!(state.start, usize::MAX);
    assert_eq!(state.now.nanos, 0);
    assert!(!state.is_sane());
    assert_eq!(State::unpack(&[]), State::default());
    assert_eq!(State::unpack(&[5]).start, 5);
    assert_eq!(State::unpack(&[0; FIXED + EACH - 1]).places, []);
}

#[test]
fn what_is_sane() {
    let state = |start, read_at, end, reading| State {
        start,
        end,
        read_at,
        reading,
        ..State::default()
    };
    for sane in [
        state(0, 0, 0, 0),
        state(0, 0, 0, ROOM),
        state(ROOM, ROOM, ROOM, 0),
        state(1, 2, 3, ROOM - 3),
    ] {
        assert!(sane.is_sane(), "{sane:?}");
    }
    for insane in [
        state(1, 0, 5, 0),
        state(0, 6, 5, 0),
        state(0, 0, ROOM + 1, 0),
        state(0, 0, 0, ROOM + 1),
        state(0, 0, 1, ROOM),
        state(0, 0, ROOM, 1),
        state(0, 0, 1, usize::MAX),
        state(usize::MAX, usize::MAX, usize::MAX, usize::MAX),
    ] {
        assert!(!insane.is_sane(), "{insane:?}");
        assert_eq!(insane.clone().pending(&[]), 0..0, "{insane:?}");
    }
}

#[test]
fn a_mark_is_at_the_end_of_a_read_and_as_short_as_it() {
    assert_eq!(mark_range(5, 100), 89..105);
    assert_eq!(mark_range(5, MARK), 5..21);
    assert_eq!(mark_range(5, 3), 5..8);
    assert_eq!(mark_range(0, 1), 0..1);
}

#[test]
fn a_mark_that_is_still_there_was_not_read_over() {
    for count in [1, 2, 15, 16, 17, 1024, BLOCK] {
        let (mut state, mut bytes) = reading(count);
        let expected = State {
            reading: 0,
            ..state.clone()
        };
        // What comes before the mark says nothing.
        bytes[..mark_range(10, count).start].fill(b'x');
        assert!(!state.settle(&bytes), "{count}");
        assert_eq!(state, expected, "{count}");
    }
}

#[test]
fn any_byte_of_a_mark_that_changed_says_that_all_was_read() {
    for count in [1, 2, 15, 16, 17, 1024, BLOCK] {
        for changed in mark_range(10, count) {
            let (mut state, mut bytes) = reading(count);
            let expected = State {
                reading: 0,
                read_at: 10,
                end: 10 + count,
                ..state.clone()
            };
            bytes[changed] ^= 1;
            assert!(state.settle(&bytes), "{count}");
            assert_eq!(state, expected, "{count}, byte {changed}");
        }
    }
}

#[test]
fn no_read_under_way_brings_nothing_however_often_it_is_asked() {
    let (mut state, mut bytes) = reading(20);
    bytes.fill(b'x');
    assert!(state.settle(&bytes));
    let settled = state.clone();
    assert!(!state.settle(&bytes));
    assert_eq!(state, settled);
    assert!(!State::new(1).settle(&[]));
}

#[test]
fn pending_is_what_had_been_read_and_what_a_read_has_brought() {
    let (mut state, mut bytes) = reading(20);
    state.start = 3;
    assert_eq!(state.clone().pending(&bytes), 3..10);
    bytes[10..].fill(b'x');
    assert_eq!(state.pending(&bytes), 3..30);
}
