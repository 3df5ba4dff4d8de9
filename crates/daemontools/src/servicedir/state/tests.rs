use super::*;
use crate::tai64n::Tai64n;

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
