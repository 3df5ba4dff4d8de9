//! The order of actions is part of the contract, so each row of the table is here.

mod finish;
mod main_service;
mod policy;

use core::time::Duration;

use daemontools::command::Command;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use super::*;

const WALL: Tai64n = Tai64n::from_unix(1_700_000_000, 0);
const LATER: Tai64n = Tai64n::from_unix(1_700_000_001, 0);

/// A moment, in milliseconds since the test began.
fn at(milliseconds: u64) -> Monotonic {
    Monotonic(1_000_000_000 + milliseconds * 1_000_000)
}

fn command(letter: u8) -> Event {
    Event::Command(Command::from_byte(letter).expect("a letter of the alphabet"))
}

fn does(machine: &mut Machine, event: Event, now: Monotonic) -> Vec<Action> {
    machine.on(event, now).into_iter().collect()
}

/// A service that was started at 0 and is up.
fn up() -> Machine {
    let mut machine = Machine::new(Want::Up, WALL);
    assert_eq!(does(&mut machine, Event::Time, at(0)), [Start]);
    machine.on(Event::Started(7, WALL), at(0));
    machine
}

fn down() -> Machine {
    Machine::new(Want::Down, WALL)
}

use Action::{Exit, Record, Start};
const TERM: Action = Action::Signal(Signal::SIGTERM);
const CONT: Action = Action::Signal(Signal::SIGCONT);
const STOP: Action = Action::Signal(Signal::SIGSTOP);

#[test]
fn down_sends_term_then_cont_then_writes() {
    assert_eq!(does(&mut up(), command(b'd'), at(10)), [TERM, CONT, Record]);
    assert_eq!(does(&mut down(), command(b'd'), at(10)), [Record]);
}

#[test]
fn pause_writes_before_it_stops() {
    let mut machine = up();
    assert_eq!(does(&mut machine, command(b'p'), at(10)), [Record, STOP]);
    assert!(machine.status().paused);
    assert_eq!(does(&mut machine, command(b'c'), at(10)), [Record, CONT]);
    assert!(!machine.status().paused);
}

#[test]
fn pause_while_down_is_not_recorded_and_a_start_clears_it() {
    let mut machine = down();
    assert_eq!(does(&mut machine, command(b'p'), at(0)), [Record]);
    assert!(!machine.status().paused);
    assert_eq!(does(&mut machine, command(b'u'), at(0)), [Start, Record]);
    machine.on(Event::Started(8, WALL), at(0));
    assert!(!machine.status().paused);
}

#[test]
fn down_clears_pause() {
    let mut machine = up();
    machine.on(command(b'p'), at(0));
    machine.on(command(b'd'), at(0));
    assert!(!machine.status().paused);
}

#[test]
fn signals_reach_only_a_service_that_is_up() {
    for (letter, signal) in [
        (b'h', Signal::SIGHUP),
        (b'a', Signal::SIGALRM),
        (b'i', Signal::SIGINT),
        (b't', Signal::SIGTERM),
        (b'k', Signal::SIGKILL),
        (b'q', Signal::SIGQUIT),
        (b'1', Signal::SIGUSR1),
        (b'2', Signal::SIGUSR2),
    ] {
        let sent = [Action::Signal(signal)];
        assert_eq!(does(&mut up(), command(letter), at(0)), sent);
        assert_eq!(does(&mut down(), command(letter), at(0)), []);
    }
}

#[test]
fn a_service_that_ran_for_a_second_is_started_again_at_once() {
    let mut machine = up();
    assert_eq!(
        does(&mut machine, Event::Ended(LATER, None), at(1000)),
        [Record, Start]
    );
    assert_eq!(machine.status().since, LATER);
}

#[test]
fn a_service_that_ended_sooner_waits_and_commands_are_obeyed() {
    let mut machine = up();
    assert_eq!(
        does(&mut machine, Event::Ended(LATER, None), at(300)),
        [Record]
    );
    assert_eq!(machine.deadline(), Some(at(1000)));
    assert_eq!(does(&mut machine, Event::Time, at(999)), []);
    assert_eq!(does(&mut machine, command(b'u'), at(999)), [Record]);
    assert_eq!(does(&mut machine, Event::Time, at(1000)), [Start]);
}

#[test]
fn down_while_waiting_drops_the_start() {
    let mut machine = up();
    machine.on(Event::Ended(LATER, None), at(300));
    assert_eq!(does(&mut machine, command(b'd'), at(400)), [Record]);
    assert_eq!(machine.deadline(), None);
    assert_eq!(does(&mut machine, Event::Time, at(5000)), []);
}

#[test]
fn once_is_not_started_again() {
    let mut machine = down();
    assert_eq!(does(&mut machine, command(b'o'), at(0)), [Start, Record]);
    machine.on(Event::Started(8, WALL), at(0));
    assert_eq!(machine.status().want.byte(), 0);
    assert_eq!(
        does(&mut machine, Event::Ended(LATER, None), at(5000)),
        [Record]
    );
    assert_eq!(machine.deadline(), None);
}

#[test]
fn exit_is_immediate_when_down_or_waiting() {
    assert_eq!(does(&mut down(), command(b'x'), at(0)), [Record, Exit]);
    let mut machine = up();
    machine.on(Event::Ended(LATER, None), at(300));
    assert_eq!(does(&mut machine, command(b'x'), at(400)), [Record, Exit]);
}

#[test]
fn exit_waits_for_the_end_of_a_running_service_and_cannot_be_undone() {
    let mut machine = up();
    assert_eq!(does(&mut machine, command(b'x'), at(0)), [Record]);
    assert_eq!(does(&mut machine, command(b'u'), at(0)), [Record]);
    assert_eq!(
        does(&mut machine, Event::Ended(LATER, None), at(5000)),
        [Record, Exit]
    );
}

#[test]
fn failed_forks_wait_longer_until_one_succeeds() {
    let mut machine = down();
    machine.on(command(b'u'), at(0));
    let mut now = 0;
    for seconds in [1, 2, 5, 5] {
        assert_eq!(machine.retry_delay(), Duration::from_secs(seconds));
        assert_eq!(does(&mut machine, Event::NotStarted, at(now)), []);
        assert_eq!(machine.deadline(), Some(at(now + seconds * 1000)));
        now += seconds * 1000;
        assert_eq!(does(&mut machine, Event::Time, at(now)), [Start]);
    }
    machine.on(Event::Started(9, WALL), at(now));
    assert_eq!(machine.retry_delay(), Duration::from_secs(1));
}

#[test]
fn commands_are_obeyed_after_a_failed_fork() {
    let mut machine = down();
    machine.on(command(b'u'), at(0));
    machine.on(Event::NotStarted, at(0));
    assert_eq!(does(&mut machine, command(b'd'), at(1)), [Record]);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn a_step_of_the_wall_clock_does_not_move_a_start() {
    let mut machine = up();
    let long_ago = Tai64n::from_unix(0, 0);
    machine.on(Event::Ended(long_ago, None), at(300));
    assert_eq!(machine.deadline(), Some(at(1000)));
    assert_eq!(machine.status().since, long_ago);
}

#[test]
fn the_timestamp_changes_only_with_the_pid() {
    let mut machine = up();
    for letter in *b"pchado1" {
        machine.on(command(letter), at(10));
        assert_eq!(machine.status().since, WALL);
    }
}

/// In every sequence of eight of the events below, no start comes while a process runs,
/// none when down is wanted, and none within a second of the last.
#[test]
fn at_most_one_process_in_every_history_of_eight_events() {
    const EVENTS: [u8; 7] = *b"udoxp.~";
    fn go(machine: Machine, last_start: Option<u64>, now: u64, depth: u32) {
        if depth == 0 {
            return;
        }
        for letter in EVENTS {
            let mut machine = machine;
            let (event, now) = match letter {
                b'.' => (Event::Time, now + 600),
                b'~' if machine.pid().is_some() => (Event::Ended(WALL, None), now),
                b'~' => continue,
                _ => (command(letter), now),
            };
            let before = machine.pid();
            let mut last_start = last_start;
            let mut exited = false;
            for action in machine.on(event, at(now)) {
                match action {
                    Start => {
                        assert!(machine.pid().is_none() && !exited);
                        assert_ne!(machine.status().want, Want::Down);
                        assert!(last_start.is_none_or(|last| now >= last + 1000));
                        last_start = Some(now);
                        machine.on(Event::Started(7, WALL), at(now));
                    }
                    Exit => {
                        assert!(machine.pid().is_none());
                        exited = true;
                    }
                    Action::Signal(_) => assert_eq!(machine.pid(), before),
                    _ => {}
                }
            }
            if !exited {
                go(machine, last_start, now, depth - 1);
            }
        }
    }
    go(Machine::new(Want::Up, WALL), None, 0, 8);
    go(Machine::new(Want::Down, WALL), None, 0, 8);
}
