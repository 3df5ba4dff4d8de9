use daemontools::Errno;
use daemontools::unix::process::End;

use super::*;

const GOOD: Outcome = Outcome::Ended(End::Exited(0));
const BAD: Outcome = Outcome::Ended(End::Exited(7));
const NONE: Outcome = Outcome::Ended(End::Exited(111));
const MISSING: Outcome = Outcome::NotRun(Errno::ENOENT);

fn at(millis: u64) -> Monotonic {
    Monotonic(millis * 1_000_000)
}

fn settings(alive: bool) -> Settings {
    Settings {
        every: Duration::from_secs(10),
        tries: 3,
        timeout: Duration::from_secs(5),
        alive,
    }
}

fn machine(readiness: Readiness) -> Machine {
    Machine::new(settings(true), readiness, at(0))
}

/// Runs the check that is due; gives the time of its start, at which it ends as well.
fn check(machine: &mut Machine, outcome: Outcome) -> (u64, Option<Action>) {
    let due = machine.deadline().expect("a check is due");
    assert!(matches!(machine.time(due, false), Some(Action::Run(_))));
    (due.0 / 1_000_000, machine.ended(outcome, due, false))
}

#[test]
fn ready_is_asked_soon_then_each_second_without_an_end() {
    let mut machine = machine(Readiness::Check);
    let mut times = Vec::new();
    for _ in 0..8 {
        let (time, action) = check(&mut machine, BAD);
        times.push(time);
        assert_eq!(action, None);
    }
    assert_eq!(times, [0, 100, 300, 700, 1500, 2500, 3500, 4500]);
    for _ in 0..1000 {
        check(&mut machine, BAD);
    }
    assert_eq!(check(&mut machine, GOOD).1, Some(Action::TellReady));
}

#[test]
fn without_a_check_for_alive_it_is_over_when_ready() {
    let mut machine = Machine::new(settings(false), Readiness::Check, at(0));
    assert!(!machine.is_over());
    assert_eq!(check(&mut machine, GOOD).1, Some(Action::TellReady));
    assert!(machine.is_over());
}

#[test]
fn not_ready_for_ten_seconds_is_said_once() {
    let mut machine = machine(Readiness::Check);
    let mut said = Vec::new();
    for _ in 0..50 {
        if let (time, Some(action)) = check(&mut machine, BAD) {
            said.push((time, action));
        }
    }
    assert_eq!(said, [(10_500, Action::Say(Which::Ready, BAD))]);
}

#[test]
fn a_ready_check_that_is_missing_is_said_at_once_and_once() {
    let mut machine = machine(Readiness::Check);
    let say = Some(Action::Say(Which::Ready, MISSING));
    assert_eq!(check(&mut machine, MISSING).1, say);
    assert_eq!(check(&mut machine, MISSING).1, None);
    assert_eq!(check(&mut machine, GOOD).1, Some(Action::TellReady));
}

#[test]
fn alive_is_asked_from_when_it_is_ready() {
    let mut machine = machine(Readiness::Check);
    for _ in 0..4 {
        check(&mut machine, BAD);
    }
    assert_eq!(check(&mut machine, GOOD), (1500, Some(Action::TellReady)));
    assert_eq!(check(&mut machine, GOOD), (11_500, None));
    assert_eq!(check(&mut machine, GOOD), (21_500, None));
}

#[test]
fn a_program_that_tells_supervise_itself_is_asked_from_that_word_on() {
    let mut machine = machine(Readiness::Word);
    for second in 0..60 {
        assert!(machine.awaits_word());
        assert_eq!(machine.deadline(), Some(at(second * 1000)));
        machine.word(false, at(second * 1000));
    }
    machine.word(true, at(60_000));
    assert_eq!(
        check(&mut machine, BAD),
        (70_000, Some(Action::Count(BAD, 1)))
    );
}

#[test]
fn three_failures_in_a_row_end_the_program_and_ten_seconds_later_kill_it() {
    let mut machine = machine(Readiness::Start);
    assert_eq!(check(&mut machine, BAD).1, Some(Action::Count(BAD, 1)));
    assert_eq!(check(&mut machine, GOOD).1, None);
    assert_eq!(check(&mut machine, BAD).1, Some(Action::Count(BAD, 1)));
    assert_eq!(check(&mut machine, BAD).1, Some(Action::Count(BAD, 2)));
    assert_eq!(
        check(&mut machine, BAD),
        (50_000, Some(Action::End(BAD, 3)))
    );
    assert_eq!(machine.time(at(59_999), false), None);
    assert_eq!(machine.deadline(), Some(at(60_000)));
    assert_eq!(machine.time(at(60_000), false), Some(Action::Kill));
    assert!(machine.is_over());
}

#[test]
fn no_verdict_neither_counts_nor_makes_good_and_is_said_once() {
    let mut machine = machine(Readiness::Start);
    check(&mut machine, BAD);
    check(&mut machine, BAD);
    let say = Some(Action::Say(Which::Alive, NONE));
    assert_eq!(check(&mut machine, NONE).1, say);
    assert_eq!(check(&mut machine, NONE).1, None);
    let say = Some(Action::Say(Which::Alive, MISSING));
    assert_eq!(check(&mut machine, MISSING).1, say);
    for _ in 0..100 {
        assert_eq!(check(&mut machine, MISSING).1, None);
    }
    assert_eq!(check(&mut machine, BAD).1, Some(Action::End(BAD, 3)));
}

#[test]
fn a_check_that_hangs_is_cut_and_the_next_begins_when_it_has_ended() {
    let mut machine = machine(Readiness::Start);
    assert_eq!(
        machine.time(at(10_000), false),
        Some(Action::Run(Which::Alive))
    );
    assert_eq!(machine.time(at(14_999), false), None);
    assert_eq!(machine.time(at(15_000), false), Some(Action::Cut));
    assert_eq!(machine.deadline(), None);
    assert_eq!(machine.time(at(40_000), false), None);
    let killed = Outcome::Ended(End::Killed(9));
    let late = Some(Action::Count(Outcome::Late, 1));
    assert_eq!(machine.ended(killed, at(40_000), false), late);
    assert_eq!(machine.deadline(), Some(at(40_000)));
}

#[test]
fn a_program_that_is_stopped_is_not_checked_and_a_check_meanwhile_says_nothing() {
    let mut machine = machine(Readiness::Start);
    assert_eq!(machine.time(at(10_000), true), None);
    assert_eq!(machine.deadline(), Some(at(20_000)));
    assert_eq!(
        machine.time(at(20_000), false),
        Some(Action::Run(Which::Alive))
    );
    assert_eq!(machine.ended(BAD, at(21_000), true), None);
    assert_eq!(
        check(&mut machine, BAD),
        (30_000, Some(Action::Count(BAD, 1)))
    );
}
