use super::*;

const START: Tick = Tick(u32::MAX - 500);

fn place(inode: u64) -> Identity {
    Identity { device: 1, inode }
}

fn pipe() -> Pipe {
    Pipe::new().expect("a pipe")
}

fn ends(pids: &[u32]) -> Vec<Ended> {
    pids.iter()
        .map(|&pid| Ended { pid, unborn: false })
        .collect()
}

/// A table with one service whose supervises run since [`START`], as pids 10 and 11.
fn running(logged: bool) -> Table {
    let mut table = Table::default();
    table.insert(c"a", place(1), logged, START).expect("memory");
    if logged {
        assert_eq!(table.next(0, START), Some(Action::Pipe));
        table.piped(0, pipe());
    }
    assert_eq!(table.next(0, START), Some(Action::Start(Role::Service)));
    table.started(0, Role::Service, 10, START);
    if logged {
        assert_eq!(table.next(0, START), Some(Action::Start(Role::Log)));
        table.started(0, Role::Log, 11, START);
    }
    assert_eq!(table.next(0, START), None);
    assert_eq!(table.wait(0, START), None);
    table
}

#[test]
fn a_supervise_that_ran_a_second_is_started_again_at_once() {
    let mut table = running(true);
    let later = START.plus(PACE);
    table.ended(&ends(&[9, 11]), later);
    assert_eq!(table.next(0, later), Some(Action::Start(Role::Log)));
    table.started(0, Role::Log, 12, later);
    assert_eq!(table.next(0, later), None);
}

#[test]
fn one_that_ended_sooner_waits_for_the_rest_of_its_second_and_nobody_else_does() {
    let mut table = running(true);
    let soon = START.plus(300);
    table.ended(&ends(&[10]), soon);
    assert_eq!(table.next(0, soon), None);
    assert_eq!(table.wait(0, soon), Some(700));
    let later = START.plus(PACE);
    table.ended(&ends(&[11]), later);
    assert_eq!(table.next(0, later), Some(Action::Start(Role::Service)));
    table.started(0, Role::Service, 12, later);
    assert_eq!(table.next(0, later), Some(Action::Start(Role::Log)));
}

#[test]
fn one_that_keeps_ending_at_once_is_started_as_rarely_as_by_the_reference() {
    let mut table = running(false);
    let mut now = START;
    let mut waits = Vec::new();
    for pid in 10..15 {
        table.ended(&ends(&[pid]), now.plus(10));
        let wait = table.wait(0, now.plus(10)).expect("due");
        waits.push(wait + 10);
        now = now.plus(10 + wait);
        assert_eq!(table.next(0, now), Some(Action::Start(Role::Service)));
        table.started(0, Role::Service, pid + 1, now);
    }
    assert_eq!(waits, [PACE, PACE, SLOW_PACE, SLOW_PACE, SLOW_PACE]);
    // One that then ran is at once again.
    let later = now.plus(PACE);
    table.ended(&ends(&[15]), later);
    assert_eq!(table.wait(0, later), Some(0));
}

#[test]
fn a_failure_is_said_once_and_tried_again_after_a_second() {
    let mut table = Table::default();
    table.insert(c"a", place(1), true, START).expect("memory");
    assert_eq!(table.next(0, START), Some(Action::Pipe));
    table.failed(0, Role::Service, START);
    assert!(table.say(0));
    assert_eq!(table.next(0, START), None);
    assert_eq!(table.wait(0, START), Some(PACE));
    let later = START.plus(PACE);
    assert_eq!(table.next(0, later), Some(Action::Pipe));
    assert!(!table.say(0));
    table.piped(0, pipe());
    table.started(0, Role::Service, 10, later);
    assert!(table.say(0), "a trouble that ended and comes back is said");
}

#[test]
fn what_is_listed_no_more_is_left_alone_and_forgotten_once_nothing_runs() {
    let mut table = running(true);
    table.insert(c"b", place(2), false, START).expect("memory");
    table.started(1, Role::Service, 20, START);
    table.begin_scan();
    table.meet(1, c"b").expect("memory");
    table.end_scan();
    let later = START.plus(PACE);
    table.ended(&ends(&[10]), later);
    assert_eq!(table.next(0, later), None);
    assert_eq!(table.wait(0, later), None);
    for (pid, left) in [(0, 2), (11, 1)] {
        table.ended(&ends(&[pid]), later);
        table.begin_scan();
        let b = table.find(place(2)).expect("b");
        table.meet(b, c"b").expect("memory");
        table.end_scan();
        assert_eq!(table.len(), left);
    }
    assert_eq!(table.find(place(1)), None);
    assert_eq!(table.find(place(2)), Some(0));
    assert_eq!(table.name(0), c"b");
}

#[test]
fn a_service_with_another_name_is_the_same_and_the_first_name_of_a_scan_counts() {
    let mut table = running(false);
    table.begin_scan();
    table.meet(0, c"longer-name").expect("memory");
    table.meet(0, c"alias").expect("memory");
    table.end_scan();
    assert_eq!(table.name(0), c"longer-name");
    assert_eq!(table.namesake(c"longer-name", 1), Some(0));
    assert_eq!(table.namesake(c"a", 1), None);
    assert_eq!(table.namesake(c"longer-name", 0), None);
}

#[test]
fn a_logger_that_comes_later_runs_before_the_service_is_told_to_come_back() {
    let mut table = running(false);
    let now = START.plus(5000);
    assert!(table.could_join(0));
    table.join(0, pipe(), now);
    assert!(!table.could_join(0));
    assert_eq!(table.next(0, now), Some(Action::Start(Role::Log)));
    table.started(0, Role::Log, 11, now);
    let tell = Some(Action::Tell(Role::Service, Farewell::Join));
    assert_eq!(table.next(0, now), tell);
    assert_eq!(table.wait(0, now), Some(PACE), "a command lost is repeated");
    table.told(0);
    assert_eq!(table.next(0, now), None);
    table.ended(&ends(&[10]), now);
    assert_eq!(table.next(0, now), Some(Action::Start(Role::Service)));
    assert!(table.pipe(0).is_some());
}

#[test]
fn a_replaced_directory_ends_service_then_logger_then_begins_anew_on_the_same_pipe() {
    let mut table = running(true);
    let now = START.plus(5000);
    table.replace(0, place(7));
    assert_eq!(table.find(place(1)), None);
    assert_eq!(table.find(place(7)), Some(0));
    let tell = |role| Some(Action::Tell(role, Farewell::Replaced));
    assert_eq!(table.next(0, now), tell(Role::Service));
    table.told(0);
    assert_eq!(table.next(0, now), None);
    table.ended(&ends(&[10]), now);
    assert_eq!(table.next(0, now), tell(Role::Log));
    table.told(0);
    assert_eq!(table.next(0, now), None);
    table.ended(&ends(&[11]), now);
    assert_eq!(table.next(0, now), Some(Action::Renew));
    table.renew(0, true, now);
    assert!(table.pipe(0).is_some());
    assert_eq!(table.next(0, now), Some(Action::Start(Role::Service)));
    table.started(0, Role::Service, 12, now);
    assert_eq!(table.next(0, now), Some(Action::Start(Role::Log)));
}

#[test]
fn a_replaced_directory_without_a_logger_lets_the_old_one_read_to_the_end() {
    let mut table = running(true);
    let now = START.plus(5000);
    table.replace(0, place(7));
    table.told(0);
    table.ended(&ends(&[10]), now);
    assert!(table.next(0, now).is_some());
    table.renew(0, false, now);
    assert!(table.pipe(0).is_none(), "its end would never come");
    assert_eq!(table.next(0, now), Some(Action::Start(Role::Service)));
    table.started(0, Role::Service, 12, now);
    assert_eq!(table.next(0, now), None);
}

#[test]
fn twenty_thousand_services_are_found_after_any_removal() {
    const MANY: u64 = 20_000;
    let mut table = Table::default();
    for inode in 0..MANY {
        // Not in the order of the inodes.
        let inode = inode * 7919 % MANY;
        let name = std::ffi::CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table
            .insert(&name, place(inode), false, START)
            .expect("memory");
        assert_eq!(table.find(place(inode)), Some(slot));
    }
    table.begin_scan();
    for inode in (0..MANY).step_by(3) {
        let name = std::ffi::CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table.find(place(inode)).expect("it");
        table.meet(slot, &name).expect("memory");
    }
    table.end_scan();
    for inode in 0..MANY {
        let found = table.find(place(inode));
        assert_eq!(found.is_some(), inode % 3 == 0);
        if let Some(slot) = found {
            let name = table.name(slot).to_str().expect("text");
            assert_eq!(name, format!("service-{inode}"));
        }
    }
    assert!(table.garbage < table.names.len());
}

#[test]
fn an_exec_that_failed_is_said_by_the_first_child_only_until_one_has_run() {
    let mut table = running(false);
    assert!(!table.is_mute(0));
    let unborn = [Ended {
        pid: 10,
        unborn: true,
    }];
    table.ended(&unborn, START.plus(2));
    assert!(table.is_mute(0));
    table.started(0, Role::Service, 11, START.plus(PACE));
    table.ended(&ends(&[11]), START.plus(3 * PACE));
    assert!(!table.is_mute(0));
}
