use super::*;

const START: Tick = Tick(u32::MAX - 500);

const HERE: Identity = Identity {
    device: 1,
    inode: 2,
};

fn pipe() -> Pipe {
    Pipe::new().expect("a pipe")
}

/// A service whose supervises run since [`START`].
fn running(logged: bool) -> Slot {
    let mut slot = Slot::new(HERE, 0, START);
    slot.set(Mark::Logged, logged);
    if logged {
        assert_eq!(slot.next(START), Some(Action::Pipe));
        slot.piped(pipe());
    }
    assert_eq!(slot.next(START), Some(Action::Start(Role::Service)));
    slot.started(Role::Service, 10, START);
    if logged {
        assert_eq!(slot.next(START), Some(Action::Start(Role::Log)));
        slot.started(Role::Log, 11, START);
    }
    assert_eq!(slot.next(START), None);
    assert_eq!(slot.wait(START), None);
    slot
}

#[test]
fn a_supervise_that_ran_a_second_is_started_again_at_once() {
    let mut slot = running(true);
    let later = START.plus(PACE);
    slot.ended(Role::Log, Cause::Crash, later);
    assert_eq!(slot.next(later), Some(Action::Start(Role::Log)));
    slot.started(Role::Log, 12, later);
    assert_eq!(slot.next(later), None);
}

#[test]
fn one_that_ended_sooner_waits_for_the_rest_of_its_second_and_nobody_else_does() {
    let mut slot = running(true);
    let soon = START.plus(300);
    slot.ended(Role::Service, Cause::Crash, soon);
    assert_eq!(slot.next(soon), None);
    assert_eq!(slot.wait(soon), Some(700));
    let later = START.plus(PACE);
    slot.ended(Role::Log, Cause::Crash, later);
    assert_eq!(slot.next(later), Some(Action::Start(Role::Service)));
    slot.started(Role::Service, 12, later);
    assert_eq!(slot.next(later), Some(Action::Start(Role::Log)));
}

#[test]
fn one_that_keeps_ending_at_once_is_started_as_rarely_as_by_the_reference() {
    let mut slot = running(false);
    let mut now = START;
    let mut waits = Vec::new();
    for pid in 10..15 {
        slot.ended(Role::Service, Cause::Crash, now.plus(10));
        let wait = slot.wait(now.plus(10)).expect("due");
        waits.push(wait + 10);
        now = now.plus(10 + wait);
        assert_eq!(slot.next(now), Some(Action::Start(Role::Service)));
        slot.started(Role::Service, pid + 1, now);
    }
    assert_eq!(waits, [PACE, PACE, SLOW_PACE, SLOW_PACE, SLOW_PACE]);
    // One that then ran is at once again.
    let later = now.plus(PACE);
    slot.ended(Role::Service, Cause::Crash, later);
    assert_eq!(slot.wait(later), Some(0));
}

#[test]
fn a_failure_is_said_once_and_tried_again_after_a_second() {
    let mut slot = Slot::new(HERE, 0, START);
    slot.set(Mark::Logged, true);
    assert_eq!(slot.next(START), Some(Action::Pipe));
    slot.failed(Role::Service, START);
    assert!(slot.say());
    assert_eq!(slot.next(START), None);
    assert_eq!(slot.wait(START), Some(PACE));
    let later = START.plus(PACE);
    assert_eq!(slot.next(later), Some(Action::Pipe));
    assert!(!slot.say());
    slot.piped(pipe());
    slot.started(Role::Service, 10, later);
    assert!(slot.say(), "a trouble that ended and comes back is said");
}

#[test]
fn a_logger_that_comes_later_runs_before_the_service_is_told_to_come_back() {
    let mut slot = running(false);
    let now = START.plus(5000);
    assert!(slot.could_join());
    slot.join(pipe(), now);
    assert!(!slot.could_join());
    assert_eq!(slot.next(now), Some(Action::Start(Role::Log)));
    slot.started(Role::Log, 11, now);
    let tell = Some(Action::Tell(Role::Service, Farewell::Join));
    assert_eq!(slot.next(now), tell);
    assert_eq!(slot.wait(now), Some(PACE), "a command lost is repeated");
    slot.told();
    assert_eq!(slot.next(now), None);
    slot.ended(Role::Service, Cause::Crash, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)));
    assert!(slot.pipe().is_some());
}

#[test]
fn a_replaced_directory_ends_service_then_logger_then_begins_anew_on_the_same_pipe() {
    let mut slot = running(true);
    let now = START.plus(5000);
    slot.replace();
    let tell = |role| Some(Action::Tell(role, Farewell::Replaced));
    assert_eq!(slot.next(now), tell(Role::Service));
    slot.told();
    assert_eq!(slot.next(now), None);
    slot.ended(Role::Service, Cause::Crash, now);
    assert_eq!(slot.next(now), tell(Role::Log));
    slot.told();
    assert_eq!(slot.next(now), None);
    slot.ended(Role::Log, Cause::Crash, now);
    assert_eq!(slot.next(now), Some(Action::Renew));
    slot.renew(true, now);
    assert!(slot.pipe().is_some());
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)));
    slot.started(Role::Service, 12, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Log)));
}

#[test]
fn a_replaced_directory_without_a_logger_lets_the_old_one_read_to_the_end() {
    let mut slot = running(true);
    let now = START.plus(5000);
    slot.replace();
    slot.told();
    slot.ended(Role::Service, Cause::Crash, now);
    assert!(slot.next(now).is_some());
    slot.renew(false, now);
    assert!(slot.pipe().is_none(), "its end would never come");
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)));
    slot.started(Role::Service, 12, now);
    assert_eq!(slot.next(now), None);
}

#[test]
fn an_exec_that_failed_is_said_by_the_first_child_only_until_one_has_run() {
    let mut slot = running(false);
    assert!(!slot.has(Mark::Mute));
    slot.ended(Role::Service, Cause::Unborn, START.plus(2));
    assert!(slot.has(Mark::Mute));
    slot.started(Role::Service, 11, START.plus(PACE));
    slot.ended(Role::Service, Cause::Crash, START.plus(3 * PACE));
    assert!(!slot.has(Mark::Mute));
}

#[test]
fn stopping_tells_the_service_then_the_logger_and_closes_the_pipe_last() {
    let mut slot = running(true);
    let now = START.plus(2000);
    slot.stop(START);
    let tell = |role| Some(Action::Tell(role, Farewell::Stop));
    assert_eq!(slot.next(now), tell(Role::Service));
    assert_eq!(slot.wait(now), Some(INSIST));
    slot.told();
    assert_eq!(slot.next(now), None);
    assert!(!slot.is_over());
    slot.ended(Role::Service, Cause::Crash, now);
    assert!(slot.pipe().is_some());
    assert_eq!(slot.next(now), tell(Role::Log));
    slot.told();
    assert!(slot.pipe().is_none());
    assert_eq!(slot.next(now), None);
    assert!(!slot.is_over());
    slot.ended(Role::Log, Cause::Crash, now);
    assert!(slot.is_over());
    assert_eq!((slot.next(now), slot.wait(now)), (None, None));
}

#[test]
fn a_logger_that_died_before_it_read_everything_is_started_once_more() {
    let mut slot = running(true);
    let now = START.plus(2000);
    slot.ended(Role::Log, Cause::Crash, now);
    slot.stop(START);
    slot.ended(Role::Service, Cause::Crash, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Log)));
    assert!(!slot.is_over());
    slot.started(Role::Log, 12, now);
    assert_eq!(
        slot.next(now),
        Some(Action::Tell(Role::Log, Farewell::Stop))
    );
}

#[test]
fn told_again_it_tells_again() {
    let mut slot = running(true);
    slot.stop(START);
    let first = slot.next(START);
    slot.told();
    assert_eq!(slot.next(START), None);
    slot.stop(START);
    assert_eq!(slot.next(START), first);
}

#[test]
fn stopping_starts_nothing_and_a_name_that_is_gone_is_stopped_too() {
    let mut slot = Slot::new(HERE, 0, START);
    slot.stop(START);
    assert_eq!(slot.next(START), None);
    assert!(slot.is_over());
    let mut slot = running(false);
    slot.set(Mark::Listed, false);
    slot.stop(START);
    assert!(!slot.is_over());
    assert_eq!(
        slot.next(START),
        Some(Action::Tell(Role::Service, Farewell::Stop))
    );
}

#[test]
fn a_supervise_that_was_taken_over_is_started_at_once_when_it_ends() {
    let mut slot = Slot::new(HERE, 0, START);
    slot.taken_over(Role::Service, 30, START);
    assert!(!slot.is_young(Role::Service, START));
    assert_eq!(slot.next(START), None);
    slot.ended(Role::Service, Cause::Crash, START);
    assert_eq!(slot.next(START), Some(Action::Start(Role::Service)));
}

#[test]
fn one_that_was_told_to_leave_is_left_to_the_next_scan() {
    let mut slot = running(true);
    let now = START.plus(2000);
    for role in [Role::Service, Role::Log] {
        slot.ended(role, Cause::Told, now);
        assert_eq!((slot.next(now), slot.wait(now)), (None, None), "{role:?}");
    }
    let scan = now.plus(3000);
    assert!(slot.scanned(scan));
    assert!(!slot.scanned(scan));
    assert_eq!(slot.next(scan), Some(Action::Start(Role::Service)));
    slot.started(Role::Service, 12, scan);
    assert_eq!(slot.next(scan), Some(Action::Start(Role::Log)));
}

#[test]
fn one_that_svscan_told_to_leave_is_started_again_at_once() {
    let now = START.plus(2000);
    let mut slot = running(false);
    slot.join(pipe(), now);
    slot.started(Role::Log, 11, now);
    slot.told();
    slot.ended(Role::Service, Cause::Told, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)), "joins");

    let mut slot = running(true);
    slot.replace();
    slot.told();
    slot.ended(Role::Service, Cause::Told, now);
    assert!(slot.next(now).is_some());
    slot.told();
    slot.ended(Role::Log, Cause::Told, now);
    assert_eq!(slot.next(now), Some(Action::Renew));
    slot.renew(true, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)), "anew");

    let mut slot = running(true);
    slot.set(Mark::Returning, true);
    slot.ended(Role::Log, Cause::Told, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Log)), "comes back");
    slot.started(Role::Log, 12, now);
    slot.ended(Role::Log, Cause::Told, now.plus(PACE));
    assert_eq!(slot.next(now.plus(PACE)), None, "once");
}

#[test]
fn a_replaced_directory_begins_anew_whoever_told_the_old_one_to_leave() {
    let mut slot = running(true);
    let now = START.plus(2000);
    slot.ended(Role::Service, Cause::Told, now);
    slot.replace();
    assert_eq!(
        slot.next(now),
        Some(Action::Tell(Role::Log, Farewell::Replaced))
    );
    slot.told();
    slot.ended(Role::Log, Cause::Told, now);
    assert_eq!(slot.next(now), Some(Action::Renew));
    slot.renew(true, now);
    assert_eq!(slot.next(now), Some(Action::Start(Role::Service)));
}

#[test]
fn stopping_waits_for_no_scan() {
    let mut slot = running(true);
    let now = START.plus(2000);
    slot.ended(Role::Service, Cause::Told, now);
    slot.ended(Role::Log, Cause::Told, now);
    slot.stop(now);
    // The pipe may hold something still.
    assert_eq!(slot.next(now), Some(Action::Start(Role::Log)));
}
