//! The decision, a table a rule.

use core::time::Duration;

use daemontools::procfs::BOOT_ID_LEN;
use daemontools::tai64n::Tai64n;
use daemontools::unix::file::Identity;

use super::*;

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
const START: u64 = 354_000;
const HERE: Context = Context {
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
const ADOPT: Decision = Decision::Adopt(Some(UP.want));

fn detail(start_time: u64) -> Detail {
    Detail {
        process: Some(MainProcess { pid: 7, start_time }),
        since: Some(UP.since.label()),
        boot: BOOT,
        init: HERE.init,
        directory: Some(HERE.directory),
        seen: Some(START),
        ..Detail::default()
    }
}

fn decision_at(status: Status, detail: &Detail, owner: PidOwner, written_here: bool) -> Decision {
    let evidence = Evidence {
        status,
        detail,
        context: &HERE,
        owner,
        written_here,
    };
    decide(&evidence, CLOCKS).decision
}

fn decision(status: Status, detail: &Detail, owner: PidOwner) -> Decision {
    decision_at(status, detail, owner, false)
}

#[test]
fn adopts_the_process_with_the_recorded_start_time_only() {
    let detail = detail(START);
    let gone = Decision::Resume(UP.want);
    for (owner, wanted) in [
        (PidOwner::StartedAt(START), ADOPT),
        (PidOwner::StartedAt(START + 1), gone),
        (PidOwner::None, gone),
        (PidOwner::Hidden, Decision::Unproven),
    ] {
        assert_eq!(decision(UP, &detail, owner), wanted, "{owner:?}");
    }
}

#[test]
fn without_detail_adopts_if_time_and_place_of_the_record_agree() {
    let none = Detail::default();
    for (owner, written_here, wanted) in [
        (PidOwner::StartedAt(START), true, ADOPT),
        (PidOwner::StartedAt(START + 100), true, ADOPT),
        (PidOwner::StartedAt(START + 101), true, Decision::Unproven),
        (PidOwner::StartedAt(START), false, Decision::Unproven),
        (PidOwner::None, true, Decision::StartAnew),
    ] {
        assert_eq!(
            decision_at(UP, &none, owner, written_here),
            wanted,
            "{owner:?}"
        );
    }
    let old = Status {
        since: Tai64n::from_unix(1_600_000_000, 0),
        ..UP
    };
    assert_eq!(
        decision_at(old, &none, PidOwner::StartedAt(START), true),
        Decision::StartAnew
    );
}

#[test]
fn want_counts_only_if_the_record_is_ours() {
    let down = Status { pid: 0, ..UP };
    let mut detail = detail(START);
    let ended = Decision::Resume(down.want);
    assert_eq!(decision(down, &detail, PidOwner::None), ended);
    // A later record than the detail file is for: written by ours, by the C original, and
    // by ours for a process of the original.
    detail.since = Some(Tai64n::from_unix(1_700_000_000, 0).label());
    assert_eq!(decision(down, &detail, PidOwner::None), ended);
    let original = Status {
        since: Tai64n::from_unix(1_700_003_540, 500),
        ..down
    };
    assert_eq!(
        decision(original, &detail, PidOwner::None),
        Decision::StartAnew
    );
    detail.since = Some(original.since.label());
    assert_eq!(decision(original, &detail, PidOwner::None), ended);
}

/// Each way in which a supervise and its tree can end, for a service that was told down
/// and is down.
#[test]
fn want_counts_after_supervise_died_alone_and_not_in_a_tree_that_begins_anew() {
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
        ("told to exit", |detail| detail.boot = None, false),
        (
            "another boot",
            |detail| detail.boot = Some([b'a'; 36]),
            false,
        ),
        ("another container", |detail| detail.init = Some(4), false),
        ("a copy", |detail| detail.directory = Some(COPY), false),
    ];
    for (what, change, kept) in cases {
        let mut detail = detail(START);
        change(&mut detail);
        let wanted = match kept {
            true => Decision::Resume(Want::Down),
            false => Decision::StartAnew,
        };
        assert_eq!(decision(DOWN, &detail, PidOwner::None), wanted, "{what}");
    }
}

#[test]
fn a_running_service_keeps_its_want_but_not_down_in_a_new_tree() {
    let mut detail = detail(START);
    let ending = Status {
        want: Want::Down,
        ..UP
    };
    let adopted = |status, detail: &Detail| decision(status, detail, PidOwner::StartedAt(START));
    assert_eq!(adopted(ending, &detail), Decision::Adopt(Some(Want::Down)));
    detail.seen = Some(99);
    assert_eq!(adopted(ending, &detail), Decision::Adopt(None));
    assert_eq!(adopted(UP, &detail), ADOPT);
    detail.seen = Some(START);
    detail.terminated = true;
    assert_eq!(adopted(ending, &detail), Decision::Adopt(None));
}

#[test]
fn a_copy_of_the_directory_adopts_nothing() {
    let mut detail = detail(START);
    detail.directory = Some(COPY);
    for owner in [PidOwner::StartedAt(START), PidOwner::Hidden, PidOwner::None] {
        assert_eq!(
            decision(UP, &detail, owner),
            Decision::StartAnew,
            "{owner:?}"
        );
    }
    assert_eq!(
        decision_at(UP, &detail, PidOwner::StartedAt(START), true),
        Decision::StartAnew,
        "copied within an instant of the start"
    );
    // The C original has run in the copy since.
    detail.since = Some(Tai64n::from_unix(1_600_000_000, 0).label());
    assert_eq!(
        decision_at(UP, &detail, PidOwner::StartedAt(START), true),
        ADOPT
    );
    // The version before did not say which directory it was.
    detail.since = Some(UP.since.label());
    detail.directory = None;
    assert_eq!(
        decision_at(UP, &detail, PidOwner::StartedAt(START), true),
        ADOPT
    );
    assert_eq!(
        decision(UP, &detail, PidOwner::StartedAt(START)),
        Decision::Unproven
    );
}

#[test]
fn a_record_of_another_boot_adopts_nothing() {
    let mut detail = detail(START);
    detail.boot = Some([b'a'; BOOT_ID_LEN]);
    assert_eq!(
        decision(UP, &detail, PidOwner::StartedAt(START)),
        Decision::StartAnew
    );
    // One that was started in this boot, before the detail file said so.
    detail.since = Some(Tai64n::from_unix(1_600_000_000, 0).label());
    assert_eq!(decision(UP, &detail, PidOwner::StartedAt(START)), ADOPT);
    let other = PidOwner::StartedAt(START + 101);
    assert_eq!(decision(UP, &detail, other), Decision::Unproven);
}

#[test]
fn a_record_older_than_the_boot_is_recognised() {
    assert!(CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_997, 0)));
    assert!(!CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_999, 0)));
    assert!(!CLOCKS.is_before_boot(CLOCKS.wall));
}
