//! When supervise exits with the main service, and with which exit code.

use super::*;

/// A main service that was started at 0 and is up; `text` is its file.
fn main_service(text: Option<&str>) -> Machine {
    let mut machine = Machine::new(Want::Up, WALL);
    machine.follow_main();
    let parse = |text: &str| Policy::parse(text.as_bytes(), |trouble| panic!("{trouble:?}"));
    machine.set_policy(text.map(parse));
    assert_eq!(does(&mut machine, Event::Time, at(0)), [Start]);
    machine.on(Event::Started(7, WALL), at(0));
    machine
}

fn ends(machine: &mut Machine, end: Option<End>, now: u64) -> Vec<Action> {
    does(machine, Event::Ended(LATER, end), at(now))
}

fn exit_code(machine: &Machine) -> i32 {
    machine.main.expect("a main service").exit_code()
}

const EXIT_0: Option<End> = Some(End::Exited(0));
const EXIT_3: Option<End> = Some(End::Exited(3));

#[test]
fn without_a_file_the_first_end_is_the_last_and_gives_its_code() {
    for (end, code) in [
        (EXIT_0, 0),
        (EXIT_3, 3),
        (Some(End::Killed(9)), 137),
        (None, 111),
    ] {
        let mut machine = main_service(None);
        assert_eq!(ends(&mut machine, end, 5000), [Record, Exit]);
        assert_eq!(exit_code(&machine), code);
    }
}

#[test]
fn without_a_file_an_end_that_was_asked_for_is_the_last() {
    for letter in *b"tkqidou" {
        let mut machine = main_service(None);
        machine.on(command(letter), at(10));
        assert_eq!(ends(&mut machine, EXIT_3, 20), [Record, Exit]);
        assert_eq!(exit_code(&machine), 3);
    }
}

#[test]
fn with_a_file_it_exits_when_no_start_follows() {
    for (text, end, exits) in [
        ("", EXIT_0, false),
        ("restart = \"on-failure\"", EXIT_0, true),
        ("restart = \"on-failure\"", EXIT_3, false),
        ("restart = \"never\"", EXIT_3, true),
        ("restart = \"never\"", None, true),
    ] {
        let mut machine = main_service(Some(text));
        let actions = ends(&mut machine, end, 20);
        assert_eq!(actions.contains(&Exit), exits, "{text}, {end:?}");
    }
}

#[test]
fn given_up_it_exits_with_the_code_of_the_last_end() {
    let mut machine = main_service(Some("give-up = 2"));
    assert_eq!(ends(&mut machine, EXIT_0, 20), [Record]);
    assert_eq!(does(&mut machine, Event::Time, at(1000)), [Start]);
    machine.on(Event::Started(8, WALL), at(1000));
    let actions = ends(&mut machine, EXIT_3, 1020);
    assert_eq!(actions.last(), Some(&Exit));
    assert_eq!(exit_code(&machine), 3);
}

#[test]
fn exits_after_finish() {
    let mut machine = main_service(Some("restart = \"never\"\nfinish = true"));
    assert!(!ends(&mut machine, EXIT_3, 20).contains(&Exit));
    machine.on(Event::FinishStarted(8), at(20));
    assert_eq!(does(&mut machine, Event::FinishEnded, at(30)), [Exit]);
    assert_eq!(exit_code(&machine), 3);
}

#[test]
fn told_down_while_it_waits_it_exits() {
    let mut machine = main_service(Some(""));
    assert_eq!(ends(&mut machine, EXIT_3, 20), [Record]);
    assert_eq!(does(&mut machine, command(b'd'), at(30)), [Record, Exit]);
    assert_eq!(exit_code(&machine), 3);
}

#[test]
fn a_service_that_never_ran_is_waited_for() {
    let mut machine = down();
    machine.follow_main();
    machine.set_policy(None);
    assert_eq!(does(&mut machine, Event::Time, at(0)), []);
    assert_eq!(does(&mut machine, command(b'd'), at(0)), [Record]);
    assert_eq!(does(&mut machine, command(b'u'), at(0)), [Start, Record]);
    machine.on(Event::NotStarted, at(0));
    assert_eq!(does(&mut machine, command(b'd'), at(1)), [Record]);
    assert_eq!(does(&mut machine, command(b'x'), at(2)), [Record, Exit]);
    assert_eq!(exit_code(&machine), 0);
}
