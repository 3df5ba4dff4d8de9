use core::time::Duration;

use super::stop::STOP_RETRY;
use super::supervise::SLOW_PACE;
use super::*;

const START: Monotonic = Monotonic(100_000_000_000);
const MILLISECOND: Duration = Duration::from_millis(1);

const DIRECTORY: Identity = Identity {
    device: 1,
    inode: 2,
};
const PIPE: PipeId = PipeId(7);

fn slot() -> Slot {
    Slot::new(DIRECTORY, c"a".to_owned(), START)
}

/// A moment at which supervises that run since [`START`] have run for more than [`PACE`].
fn later() -> Monotonic {
    START + 2 * PACE
}

fn stop(role: Role, reason: StopReason) -> Option<Action> {
    Some(Action::Stop(role, reason))
}

fn start(role: Role) -> Option<Action> {
    Some(Action::Start(role))
}

/// A service whose supervises run since [`START`].
fn running(logged: bool) -> Slot {
    let mut slot = slot();
    if logged {
        slot.logger = Logger::Supervised;
    }
    if logged {
        assert_eq!(slot.next_action(START), Some(Action::MakePipe));
        assert_eq!(slot.set_pipe(PIPE), None);
    }
    assert_eq!(slot.next_action(START), start(Role::Service));
    slot.started(Role::Service, 10, START);
    if logged {
        assert_eq!(slot.next_action(START), start(Role::Log));
        slot.started(Role::Log, 11, START);
    }
    assert_eq!(slot.next_action(START), None);
    assert_eq!(slot.deadline(START), None);
    slot
}

/// A service with a logger whose directory is replaced and whose supervise has ended.
fn replaced(now: Monotonic) -> Slot {
    let mut slot = running(true);
    slot.replace();
    assert_eq!(slot.next_action(now), None);
    slot.ended(Role::Service, Exit::Failed, now);
    assert_eq!(slot.next_action(now), stop(Role::Log, StopReason::Replaced));
    slot
}

#[test]
fn supervise_that_ran_a_second_is_started_again_at_once() {
    let mut slot = running(true);
    let now = START + PACE;
    slot.ended(Role::Log, Exit::Failed, now);
    assert_eq!(slot.next_action(now), start(Role::Log));
    slot.started(Role::Log, 12, now);
    assert_eq!(slot.next_action(now), None);
}

#[test]
fn supervise_that_ended_sooner_waits_for_its_second_and_its_logger_does_not() {
    let mut slot = running(true);
    let soon = START + 300 * MILLISECOND;
    slot.ended(Role::Service, Exit::Failed, soon);
    assert_eq!(slot.next_action(soon), None);
    assert_eq!(slot.deadline(soon), Some(START + PACE));
    let now = START + PACE;
    slot.ended(Role::Log, Exit::Failed, now);
    assert_eq!(slot.next_action(now), start(Role::Service));
    slot.started(Role::Service, 12, now);
    assert_eq!(slot.next_action(now), start(Role::Log));
}

#[test]
fn supervise_that_keeps_ending_is_started_as_rarely_as_by_the_reference() {
    let mut slot = running(false);
    let mut now = START;
    let mut waits = Vec::new();
    for pid in 11..16 {
        slot.ended(Role::Service, Exit::Failed, now + 10 * MILLISECOND);
        let next = slot.deadline(now).expect("a start");
        waits.push(next.since(now));
        now = next;
        assert_eq!(slot.next_action(now), start(Role::Service));
        slot.started(Role::Service, pid, now);
    }
    assert_eq!(waits, [PACE, PACE, SLOW_PACE, SLOW_PACE, SLOW_PACE]);
    // Once it has run for a second it is started at once again.
    now = now + PACE;
    slot.ended(Role::Service, Exit::Failed, now);
    assert_eq!(slot.deadline(now), Some(now));
}

#[test]
fn failure_is_reported_once_and_tried_again_after_a_second() {
    let mut slot = slot();
    slot.logger = Logger::Supervised;
    assert_eq!(slot.next_action(START), Some(Action::MakePipe));
    slot.failed(Role::Service, START);
    assert!(slot.must_report());
    assert_eq!(slot.next_action(START), None);
    let now = START + PACE;
    assert_eq!(slot.deadline(START), Some(now));
    assert_eq!(slot.next_action(now), Some(Action::MakePipe));
    assert!(!slot.must_report());
    assert_eq!(slot.set_pipe(PIPE), None);
    slot.started(Role::Service, 10, now);
    assert!(slot.must_report(), "a failure after a success is new");
}

#[test]
fn added_logger_runs_before_the_service_is_told_to_exit() {
    let mut slot = running(false);
    let now = later();
    assert!(slot.could_join());
    slot.join(PIPE, now);
    assert!(!slot.could_join());
    assert_eq!(slot.next_action(now), start(Role::Log));
    slot.started(Role::Log, 11, now);
    let exit = stop(Role::Service, StopReason::JoinLogger);
    assert_eq!(slot.next_action(now), exit);
    assert_eq!(slot.deadline(now), Some(now + PACE), "it is told again");
    slot.stop_sent(Role::Service);
    assert_eq!(slot.next_action(now), None);
    slot.ended(Role::Service, Exit::Failed, now);
    assert_eq!(slot.next_action(now), start(Role::Service));
    assert_eq!(slot.pipe(), Some(PIPE));
}

#[test]
fn replaced_directory_ends_service_then_logger_and_starts_again_on_the_same_pipe() {
    let now = later();
    let mut slot = replaced(now);
    assert_eq!(slot.deadline(now), Some(now + PACE), "it is told again");
    slot.stop_sent(Role::Log);
    assert_eq!((slot.next_action(now), slot.deadline(now)), (None, None));
    slot.ended(Role::Log, Exit::Failed, now);
    assert_eq!(slot.next_action(now), Some(Action::Inspect));
    slot.inspected(true, now);
    assert_eq!(slot.next_action(now), start(Role::Service));
    slot.started(Role::Service, 12, now);
    assert_eq!(slot.next_action(now), start(Role::Log));
    assert_eq!(slot.pipe(), Some(PIPE));
}

#[test]
fn replaced_directory_without_a_logger_closes_the_pipe_before_its_start() {
    let now = later();
    let mut slot = replaced(now);
    slot.inspected(false, now);
    // The old logger reads to the end, which comes only once the pipe is closed.
    assert_eq!(slot.next_action(now), Some(Action::ClosePipe(PIPE)));
    slot.pipe_closed();
    assert_eq!(slot.next_action(now), start(Role::Service));
    slot.started(Role::Service, 12, now);
    assert_eq!(slot.next_action(now), None);
}

#[test]
fn replaced_directory_starts_again_whoever_told_the_old_supervise_to_exit() {
    let now = later();
    let mut slot = running(true);
    slot.ended(Role::Service, Exit::OnCommand, now);
    slot.replace();
    assert_eq!(slot.next_action(now), stop(Role::Log, StopReason::Replaced));
    slot.stop_sent(Role::Log);
    slot.ended(Role::Log, Exit::OnCommand, now);
    assert_eq!(slot.next_action(now), Some(Action::Inspect));
    slot.inspected(true, now);
    assert_eq!(slot.next_action(now), start(Role::Service));
}

#[test]
fn failed_exec_is_reported_once_until_a_supervise_has_run() {
    let mut slot = running(false);
    assert!(!slot.exec_failure_reported());
    slot.ended(Role::Service, Exit::NotExecuted, START + MILLISECOND);
    assert!(slot.exec_failure_reported());
    slot.started(Role::Service, 11, START + PACE);
    slot.ended(Role::Service, Exit::Failed, START + 3 * PACE);
    assert!(!slot.exec_failure_reported());
}

#[test]
fn stop_ends_the_service_then_the_logger_and_closes_the_pipe_last() {
    let mut slot = running(true);
    let now = later();
    slot.stop(now);
    let exit = |role| stop(role, StopReason::Shutdown);
    assert_eq!(slot.next_action(now), exit(Role::Service));
    assert_eq!(slot.deadline(now), Some(now + STOP_RETRY));
    slot.stop_sent(Role::Service);
    assert_eq!((slot.next_action(now), slot.deadline(now)), (None, None));
    assert!(!slot.is_stopped());
    slot.ended(Role::Service, Exit::Failed, now);
    assert_eq!(slot.next_action(now), exit(Role::Log));
    slot.stop_sent(Role::Log);
    assert_eq!(slot.next_action(now), Some(Action::ClosePipe(PIPE)));
    slot.pipe_closed();
    assert_eq!((slot.next_action(now), slot.deadline(now)), (None, None));
    assert!(!slot.is_stopped());
    slot.ended(Role::Log, Exit::Failed, now);
    assert!(slot.is_stopped());
    assert_eq!((slot.next_action(now), slot.deadline(now)), (None, None));
}

#[test]
fn stop_starts_a_logger_again_that_died_before_it_read_everything() {
    let mut slot = running(true);
    let now = later();
    slot.ended(Role::Log, Exit::Failed, now);
    slot.stop(now);
    slot.ended(Role::Service, Exit::Failed, now);
    assert_eq!(slot.next_action(now), start(Role::Log));
    assert!(!slot.is_stopped());
    slot.started(Role::Log, 12, now);
    assert_eq!(slot.next_action(now), stop(Role::Log, StopReason::Shutdown));
}

#[test]
fn stop_waits_for_no_scan() {
    let mut slot = running(true);
    let now = later();
    slot.ended(Role::Service, Exit::OnCommand, now);
    slot.ended(Role::Log, Exit::OnCommand, now);
    slot.stop(now);
    // The pipe may still hold something.
    assert_eq!(slot.next_action(now), start(Role::Log));
}

#[test]
fn second_stop_tells_the_supervise_again() {
    let mut slot = running(true);
    slot.stop(START);
    let first = slot.next_action(START);
    slot.stop_sent(Role::Service);
    assert_eq!(slot.next_action(START), None);
    slot.stop(START);
    assert_eq!(slot.next_action(START), first);

    slot.ended(Role::Service, Exit::OnCommand, START);
    let first = slot.next_action(START);
    assert_eq!(first, stop(Role::Log, StopReason::Shutdown));
    slot.stop_sent(Role::Log);
    slot.pipe_closed();
    assert_eq!(slot.next_action(START), None);
    slot.stop(START);
    assert_eq!(slot.next_action(START), first);
}

#[test]
fn stop_starts_nothing_and_includes_services_that_are_not_listed() {
    let mut slot = slot();
    slot.stop(START);
    assert_eq!(slot.next_action(START), None);
    assert!(slot.is_stopped());
    let mut slot = running(false);
    slot.listed = false;
    slot.stop(START);
    assert!(!slot.is_stopped());
    assert_eq!(
        slot.next_action(START),
        stop(Role::Service, StopReason::Shutdown)
    );
}

#[test]
fn supervise_that_was_taken_over_is_started_at_once_when_it_ends() {
    let mut slot = slot();
    slot.taken_over(Role::Service, 30, START);
    assert!(!slot.is_young(Role::Service, START));
    assert_eq!(slot.next_action(START), None);
    slot.ended(Role::Service, Exit::Failed, START);
    assert_eq!(slot.next_action(START), start(Role::Service));
}

#[test]
fn supervise_that_exited_on_command_waits_for_the_next_scan() {
    let mut slot = running(true);
    let now = later();
    for role in Role::BOTH {
        slot.ended(role, Exit::OnCommand, now);
        assert_eq!((slot.next_action(now), slot.deadline(now)), (None, None));
    }
    let scan = now + 3 * PACE;
    assert!(slot.scanned(scan));
    assert!(!slot.scanned(scan));
    assert_eq!(slot.next_action(scan), start(Role::Service));
    slot.started(Role::Service, 12, scan);
    assert_eq!(slot.next_action(scan), start(Role::Log));
}

#[test]
fn supervise_that_svscan_told_to_exit_is_started_again_at_once() {
    let now = later();
    let mut slot = running(false);
    slot.join(PIPE, now);
    slot.started(Role::Log, 11, now);
    slot.stop_sent(Role::Service);
    slot.ended(Role::Service, Exit::OnCommand, now);
    assert_eq!(slot.next_action(now), start(Role::Service), "on a pipe");

    let mut slot = replaced(now);
    slot.stop_sent(Role::Log);
    slot.ended(Role::Log, Exit::OnCommand, now);
    assert_eq!(slot.next_action(now), Some(Action::Inspect));
    slot.inspected(true, now);
    assert_eq!(slot.next_action(now), start(Role::Service), "replaced");

    let mut slot = running(true);
    slot.stop_sent(Role::Log);
    slot.ended(Role::Log, Exit::OnCommand, now);
    assert_eq!(slot.next_action(now), start(Role::Log), "its logger");
    slot.started(Role::Log, 12, now);
    slot.ended(Role::Log, Exit::OnCommand, now + PACE);
    assert_eq!(slot.next_action(now + PACE), None, "not told again");
}

#[test]
fn refused_start_waits_until_it_is_known_what_runs() {
    let mut slot = running(false);
    slot.takeover_pending = false;
    slot.ended(Role::Service, Exit::Refused, START);
    assert!(slot.takeover_pending);
}
