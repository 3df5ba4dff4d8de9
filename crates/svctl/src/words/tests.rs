use daemontools::Errno;
use daemontools::servicedir;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::query::Reading;
use daemontools::servicedir::state::State;
use daemontools::servicedir::status::Status;

use super::*;

const NOW: i64 = 1_700_000_000;

fn at(seconds: i64) -> Tai64n {
    Tai64n::from_unix(NOW + seconds, 1)
}

fn status(pid: u32, want: Want) -> Status {
    Status {
        since: at(-100),
        pid,
        paused: false,
        want,
    }
}

fn supervised(status: Status, detail: Detail, normally_down: bool) -> Snapshot {
    let detail = Detail {
        since: Some(status.since.label()),
        ..detail
    };
    let reading = Reading {
        state: State::of(&status, &detail),
        status: Some(status),
        detail,
    };
    Snapshot::Supervised(Facts::new(&reading, normally_down))
}

fn staged(stage: Stage) -> Detail {
    Detail {
        stage: Some(stage),
        ..Detail::default()
    }
}

/// State, for how long, note, and whether it is as wanted.
fn shown(snapshot: &Snapshot) -> (&'static str, Option<u64>, String, Option<bool>) {
    (
        state(snapshot),
        seconds(snapshot, at(0)),
        note(snapshot, at(0)),
        snapshot.is_as_wanted(),
    )
}

#[test]
fn a_service_without_a_policy_is_known_by_its_record() {
    use Want::{Down, Once, Up};
    let paused = Status {
        paused: true,
        ..status(7, Up)
    };
    for (status, normally_down, state, note, wanted) in [
        (status(7, Up), false, "up", "", true),
        (status(7, Up), true, "up", "normally down", true),
        (status(7, Once), false, "up", "runs once", true),
        (paused, false, "up", "paused", true),
        (status(7, Down), false, "stopping", "", false),
        (
            status(0, Down),
            false,
            "down",
            "stopped by hand, normally up",
            true,
        ),
        (status(0, Down), true, "down", "", true),
        (
            status(0, Once),
            false,
            "down",
            "has run once, normally up",
            true,
        ),
        (status(0, Up), false, "waiting", "is started again", false),
    ] {
        let snapshot = supervised(status, Detail::default(), normally_down);
        let expected = (state, Some(100), note.to_owned(), Some(wanted));
        assert_eq!(shown(&snapshot), expected, "{status:?}");
    }
}

#[test]
fn a_policy_tells_the_stage_and_what_follows() {
    use Want::{Once, Up};
    let ready = Detail {
        ready: Some(at(-40).label()),
        ..staged(Stage::Ready)
    };
    let waiting = Detail {
        failures: 5,
        next: Some(at(48).label()),
        ..staged(Stage::Waiting)
    };
    let failed = Detail {
        failures: 1,
        ..staged(Stage::Failed)
    };
    for (status, detail, state, seconds, note, wanted) in [
        (status(7, Up), ready, "ready", 40, "", true),
        (
            status(7, Up),
            staged(Stage::Starting),
            "starting",
            100,
            "not ready yet",
            false,
        ),
        (
            status(0, Up),
            waiting,
            "waiting",
            100,
            "5 early ends, again in 48 s",
            false,
        ),
        (
            status(0, Once),
            failed,
            "failed",
            100,
            "1 early end, given up",
            false,
        ),
        (
            status(0, Once),
            staged(Stage::Finished),
            "finished",
            100,
            "",
            true,
        ),
        (
            status(0, Up),
            staged(Stage::Finishing),
            "finishing",
            100,
            "finish runs",
            false,
        ),
    ] {
        let snapshot = supervised(status, detail, false);
        let expected = (state, Some(seconds), note.to_owned(), Some(wanted));
        assert_eq!(shown(&snapshot), expected);
    }
}

#[test]
fn what_is_not_known_is_said() {
    let alone = Snapshot::Unsupervised { leftover: None };
    assert_eq!(
        shown(&alone),
        ("–", None, "no supervise".to_owned(), Some(false))
    );
    let leftover = Snapshot::Unsupervised { leftover: Some(9) };
    assert_eq!(
        note(&leftover, at(0)),
        "no supervise, its process 9 runs on"
    );
    let denied = Snapshot::Unreadable(QueryError::File(servicedir::OK, Errno::EACCES));
    let words = "supervise/ok: access denied".to_owned();
    assert_eq!(shown(&denied), ("unknown", None, words, None));
    assert_eq!(mood(&denied), Mood::Trouble);
}

#[test]
fn what_is_left_in_the_detail_file_does_not_count_under_the_c_original() {
    let status = Status {
        since: Tai64n::from_unix(NOW - 100, 500),
        ..status(7, Want::Up)
    };
    let old = Detail {
        starts: 3,
        since: Some(at(-200).label()),
        stage: Some(Stage::Failed),
        ..Detail::default()
    };
    let reading = Reading {
        state: State::of(&status, &old),
        status: Some(status),
        detail: old,
    };
    let facts = Facts::new(&reading, false);
    assert_eq!((facts.stage, facts.detail), (Stage::Up, None));
}

#[test]
fn the_last_end_has_the_name_of_its_signal() {
    for (end, text) in [
        (None, "–"),
        (Some(End::Exited(111)), "exit 111"),
        (Some(End::Killed(9)), "SIGKILL"),
        (Some(End::Killed(34)), "signal 34"),
    ] {
        let detail = Detail {
            last_end: end,
            ..Detail::default()
        };
        let snapshot = supervised(status(7, Want::Up), detail, false);
        assert_eq!(last_end(&snapshot), text);
    }
}
