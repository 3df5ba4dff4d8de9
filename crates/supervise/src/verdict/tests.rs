//! The verdict, a table a rule.

use super::*;
use daemontools::servicedir::detail::MainProcess;

const BOOT: Option<[u8; BOOT_ID_LEN]> = Some([b'b'; BOOT_ID_LEN]);
/// An hour after boot.
const CLOCKS: Clocks = Clocks {
    wall: Tai64n::from_unix(1_700_003_600, 0),
    since_boot: Duration::from_secs(3600),
};
/// Up since a minute before that.
const UP: Status = Status {
    since: Tai64n::from_unix(1_700_003_540, 0),
    pid: 7,
    paused: false,
    want: Want::Once,
};
const DOWN: Status = Status {
    pid: 0,
    want: Want::Down,
    ..UP
};
const BORN: u64 = 354_000;
const HERE: Here = Here {
    boot: BOOT,
    init: Some(3),
    directory: Identity {
        device: 1,
        inode: 2,
    },
    svscan: Some(100),
};
const COPY: Identity = Identity {
    device: 1,
    inode: 3,
};
const ADOPT: Verdict = Verdict::Adopt(Some(UP.want));

fn detail(born: u64) -> Detail {
    Detail {
        process: Some(MainProcess {
            pid: 7,
            start_time: born,
        }),
        since: Some(UP.since.label()),
        boot: BOOT,
        init: HERE.init,
        directory: Some(HERE.directory),
        seen: Some(BORN),
        ..Detail::default()
    }
}

fn judged(status: Status, detail: &Detail, seen: Seen, at_home: bool) -> Verdict {
    let evidence = Evidence {
        status,
        detail,
        here: &HERE,
        seen,
        at_home,
    };
    judge(&evidence, CLOCKS)
}

fn verdict(status: Status, detail: &Detail, seen: Seen) -> Verdict {
    judged(status, detail, seen, false)
}

#[test]
fn the_detail_file_tells_the_same_process_from_another() {
    let detail = detail(BORN);
    let gone = Verdict::Ended(UP.want);
    for (seen, wanted) in [
        (Seen::Born(BORN), ADOPT),
        (Seen::Born(BORN + 1), gone),
        (Seen::Nobody, gone),
        (Seen::Hidden, Verdict::Unproven),
    ] {
        assert_eq!(verdict(UP, &detail, seen), wanted, "{seen:?}");
    }
}

#[test]
fn without_it_the_time_of_the_record_has_to_agree_and_the_place() {
    let none = Detail::default();
    for (seen, at_home, wanted) in [
        (Seen::Born(BORN), true, ADOPT),
        (Seen::Born(BORN + 100), true, ADOPT),
        (Seen::Born(BORN + 101), true, Verdict::Unproven),
        (Seen::Born(BORN), false, Verdict::Unproven),
        (Seen::Nobody, true, Verdict::Anew),
    ] {
        assert_eq!(judged(UP, &none, seen, at_home), wanted, "{seen:?}");
    }
    let old = Status {
        since: Tai64n::from_unix(1_600_000_000, 0),
        ..UP
    };
    assert_eq!(judged(old, &none, Seen::Born(BORN), true), Verdict::Anew);
}

#[test]
fn what_was_wanted_counts_only_while_one_of_ours_was_in_charge() {
    let down = Status { pid: 0, ..UP };
    let mut detail = detail(BORN);
    let ended = Verdict::Ended(down.want);
    assert_eq!(verdict(down, &detail, Seen::Nobody), ended);
    // A later record than the detail file vouches for: by ours, then by the C original,
    // or by ours for a process of the original's.
    detail.since = Some(Tai64n::from_unix(1_700_000_000, 0).label());
    assert_eq!(verdict(down, &detail, Seen::Nobody), ended);
    let original = Status {
        since: Tai64n::from_unix(1_700_003_540, 500),
        ..down
    };
    assert_eq!(verdict(original, &detail, Seen::Nobody), Verdict::Anew);
    detail.since = Some(original.since.label());
    assert_eq!(verdict(original, &detail, Seen::Nobody), ended);
}

/// What is wanted after each way in which a supervise and its tree can end, with the
/// service down as it was told to be, and with the service on its way down.
#[test]
fn a_supervise_that_died_alone_is_told_from_a_tree_that_begins_anew() {
    type Change = fn(&mut Detail);
    let cases: [(&str, Change, bool); 9] = [
        ("it died alone", |_| (), true),
        (
            "svscan was taken over from",
            |detail| detail.seen = Some(100),
            true,
        ),
        ("by the version before", |detail| detail.seen = None, true),
        (
            "svscan ended as well",
            |detail| detail.seen = Some(99),
            false,
        ),
        (
            "told to end by TERM",
            |detail| detail.terminated = true,
            false,
        ),
        ("told to leave", |detail| detail.boot = None, false),
        (
            "another boot",
            |detail| detail.boot = Some([b'a'; 36]),
            false,
        ),
        ("another container", |detail| detail.init = Some(4), false),
        ("a copy", |detail| detail.directory = Some(COPY), false),
    ];
    for (what, change, kept) in cases {
        let mut detail = detail(BORN);
        change(&mut detail);
        let wanted = match kept {
            true => Verdict::Ended(Want::Down),
            false => Verdict::Anew,
        };
        assert_eq!(verdict(DOWN, &detail, Seen::Nobody), wanted, "{what}");
    }
}

#[test]
fn what_runs_is_taken_over_as_it_was_but_for_being_on_its_way_down() {
    let mut detail = detail(BORN);
    let ending = Status {
        want: Want::Down,
        ..UP
    };
    let adopted = |status, detail: &Detail| verdict(status, detail, Seen::Born(BORN));
    assert_eq!(adopted(ending, &detail), Verdict::Adopt(Some(Want::Down)));
    detail.seen = Some(99);
    assert_eq!(adopted(ending, &detail), Verdict::Adopt(None));
    assert_eq!(adopted(UP, &detail), ADOPT);
    detail.seen = Some(BORN);
    detail.terminated = true;
    assert_eq!(adopted(ending, &detail), Verdict::Adopt(None));
}

#[test]
fn a_copy_has_nothing_to_do_with_the_process() {
    let mut detail = detail(BORN);
    detail.directory = Some(COPY);
    for seen in [Seen::Born(BORN), Seen::Hidden, Seen::Nobody] {
        assert_eq!(verdict(UP, &detail, seen), Verdict::Anew, "{seen:?}");
    }
    assert_eq!(
        judged(UP, &detail, Seen::Born(BORN), true),
        Verdict::Anew,
        "copied within an instant of the start"
    );
    // But the C original has run in the copy since.
    detail.since = Some(Tai64n::from_unix(1_600_000_000, 0).label());
    assert_eq!(judged(UP, &detail, Seen::Born(BORN), true), ADOPT);
    // The version before did not say which directory it was.
    detail.since = Some(UP.since.label());
    detail.directory = None;
    assert_eq!(judged(UP, &detail, Seen::Born(BORN), true), ADOPT);
    assert_eq!(verdict(UP, &detail, Seen::Born(BORN)), Verdict::Unproven);
}

#[test]
fn no_process_of_another_boot_is_taken_over() {
    let mut detail = detail(BORN);
    detail.boot = Some([b'a'; BOOT_ID_LEN]);
    assert_eq!(verdict(UP, &detail, Seen::Born(BORN)), Verdict::Anew);
    // But one that was started in this boot, before the detail file said so.
    detail.since = Some(Tai64n::from_unix(1_600_000_000, 0).label());
    assert_eq!(verdict(UP, &detail, Seen::Born(BORN)), ADOPT);
    let other = Seen::Born(BORN + 101);
    assert_eq!(verdict(UP, &detail, other), Verdict::Unproven);
}

#[test]
fn what_was_written_before_the_boot_is_no_process_of_today() {
    assert!(CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_997, 0)));
    assert!(!CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_999, 0)));
    assert!(!CLOCKS.is_before_boot(CLOCKS.wall));
}
