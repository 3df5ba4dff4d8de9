use daemontools::tai64n::Tai64n;

use super::Condition::{Down, Gone, Ready, Up};
use super::Verdict::{Failed, Pending, Reached};
use super::*;

/// The verdicts on a state: ready, up, down, gone.
fn verdicts(state: State) -> [Verdict; 4] {
    [Ready, Up, Down, Gone].map(|condition| condition.verdict(state))
}

fn status(pid: u32, nanos: u32, want: Want) -> Status {
    Status {
        since: Tai64n::from_unix(1_700_000_000, nanos),
        pid,
        paused: false,
        want,
    }
}

fn detail(status: &Status, stage: Option<Stage>) -> Detail {
    Detail {
        since: Some(status.since.label()),
        stage,
        ..Detail::default()
    }
}

#[test]
fn each_stage_has_its_verdicts() {
    for (stage, up, wanted) in [
        (Stage::Down, false, [Pending, Pending, Reached, Pending]),
        (Stage::Waiting, false, [Pending, Pending, Pending, Pending]),
        (Stage::Starting, true, [Pending, Reached, Pending, Pending]),
        (Stage::Up, true, [Reached, Reached, Pending, Pending]),
        (Stage::Ready, true, [Reached, Reached, Pending, Pending]),
        (Stage::Stopping, true, [Pending, Reached, Pending, Pending]),
        (
            Stage::Finishing,
            false,
            [Pending, Pending, Pending, Pending],
        ),
        (Stage::Finished, false, [Reached, Pending, Reached, Pending]),
        (Stage::Failed, false, [Failed, Failed, Reached, Pending]),
    ] {
        assert_eq!(verdicts(State::Staged { up, stage }), wanted, "{stage:?}");
    }
}

#[test]
fn the_record_alone_is_enough_where_there_is_no_stage() {
    for (up, want_up, wanted) in [
        (true, true, [Reached, Reached, Pending, Pending]),
        (true, false, [Reached, Reached, Pending, Pending]),
        (false, true, [Pending, Pending, Pending, Pending]),
        (false, false, [Pending, Pending, Reached, Pending]),
    ] {
        assert_eq!(verdicts(State::Plain { up, want_up }), wanted);
    }
}

#[test]
fn without_a_supervise_only_gone_is_reached() {
    let wanted = [Pending, Pending, Pending, Reached];
    assert_eq!(verdicts(State::Unsupervised), wanted);
}

#[test]
fn until_the_detail_file_follows_the_record_only_up_is_reached() {
    let wanted = |up| [Pending, up, Pending, Pending];
    assert_eq!(verdicts(State::Changing { up: true }), wanted(Reached));
    assert_eq!(verdicts(State::Changing { up: false }), wanted(Pending));
}

#[test]
fn a_stage_counts_only_with_the_record_it_was_written_for() {
    let now = status(7, 1, Want::Up);
    let stage = Stage::Ready;
    let staged = State::Staged { up: true, stage };
    assert_eq!(State::of(&now, &detail(&now, Some(stage))), staged);
    // The detail file is about the process before, or there is none yet.
    let before = detail(&status(6, 2, Want::Up), Some(stage));
    for old in [before, Detail::default()] {
        assert_eq!(State::of(&now, &old), State::Changing { up: true });
    }
}

#[test]
fn a_record_of_the_reference_needs_no_detail_file_and_ignores_one_that_was_left() {
    let now = status(7, 123_500, Want::Up);
    let plain = State::Plain {
        up: true,
        want_up: true,
    };
    let left = detail(&status(6, 2, Want::Up), Some(Stage::Failed));
    assert_eq!(State::of(&now, &Detail::default()), plain);
    assert_eq!(State::of(&now, &left), plain);
    // A service that ours took over keeps its time, and ours has written the detail file.
    assert_eq!(State::of(&now, &detail(&now, None)), plain);
}

#[test]
fn only_an_end_without_a_new_start_is_final() {
    let is_final = |stage| State::Staged { up: false, stage }.is_final();
    assert!(is_final(Stage::Finished) && is_final(Stage::Failed));
    assert!(!is_final(Stage::Down) && !is_final(Stage::Waiting) && !is_final(Stage::Finishing));
}
