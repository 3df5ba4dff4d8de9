use super::Condition::{Down, Gone, Ready, Up};
use super::Verdict::{Failed, Pending, Reached};
use super::*;

/// The verdicts on a state: ready, up, down, gone.
fn verdicts(state: State) -> [Verdict; 4] {
    [Ready, Up, Down, Gone].map(|condition| condition.verdict(state))
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
