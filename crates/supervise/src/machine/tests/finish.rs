//! `./finish`: when it runs, what it is told, and what ends it.

use daemontools::servicedir::detail::{Outcome, Stage};

use super::policy::{EXIT_0, EXIT_1, FOREVER, SIGNAL, UNKNOWN, ends, report, service};
use super::*;

fn finish(end: Option<End>, next: Next) -> Action {
    Action::Finish(FinishArguments { end, next })
}

#[test]
fn finish_is_told_what_follows_and_comes_before_it() {
    for (text, letters, end, next) in [
        ("", "", EXIT_0, Next::Restart),
        ("", "d", SIGNAL, Next::Down),
        ("", "o", EXIT_1, Next::Down),
        ("", "x", EXIT_1, Next::Down),
        ("restart = \"on-failure\"", "", EXIT_0, Next::Finished),
        ("restart = \"never\"", "", UNKNOWN, Next::Failed),
    ] {
        let mut machine = service(&format!("finish = true\n{text}"));
        for letter in letters.bytes() {
            machine.on(command(letter), at(10));
        }
        assert_eq!(ends(&mut machine, end, 5000), [Record, finish(end, next)]);
        machine.on(Event::FinishStarted(9), at(5000));
        assert_eq!(machine.stage(), Some(Stage::Finishing));
        assert_eq!((machine.status().pid, machine.pid()), (0, None));
        assert_eq!(does(&mut machine, Event::Time, at(9999)), []);
        let wanted = match next {
            Next::Restart => vec![Start],
            _ if letters == "x" => vec![Exit],
            _ => vec![],
        };
        assert_eq!(does(&mut machine, Event::FinishEnded, at(9999)), wanted);
    }
    let mut machine = service("finish = true\ngive-up = 1");
    let given_up = report(Report::GivenUp(1, EXIT_1));
    let failed = finish(EXIT_1, Next::Failed);
    assert_eq!(ends(&mut machine, EXIT_1, 10), [Record, given_up, failed]);
    machine.on(Event::FinishStarted(9), at(10));
    machine.on(Event::FinishEnded, at(20));
    assert_eq!(machine.restarts.outcome, Some(Outcome::Failed));
    assert_eq!(machine.stage(), Some(Stage::Failed));
}

/// A service whose `./finish` has run since 5000.
fn finishing() -> Machine {
    let mut machine = service("finish = true");
    ends(&mut machine, EXIT_1, 5000);
    machine.on(Event::FinishStarted(9), at(5000));
    machine
}

#[test]
fn finish_has_a_limit_and_is_killed_by_k_and_by_no_other_signal() {
    let mut machine = finishing();
    for letter in *b"haitq12pc" {
        let actions = does(&mut machine, command(letter), at(6000));
        assert!(actions.iter().all(|action| *action == Record), "{letter}");
    }
    assert_eq!(does(&mut machine, command(b'k'), at(6000)), [Action::Kill]);
    assert_eq!(machine.deadline(), Some(at(10_000)));
    let killed = report(Report::FinishKilled(Duration::from_secs(5)));
    assert_eq!(
        does(&mut machine, Event::Time, at(10_000)),
        [Action::Kill, killed]
    );
    assert_eq!(does(&mut machine, Event::Time, at(FOREVER)), []);
    assert_eq!(does(&mut machine, Event::FinishEnded, at(FOREVER)), [Start]);
}

#[test]
fn while_finish_runs_nothing_is_started_and_exit_waits() {
    let mut machine = finishing();
    assert_eq!(does(&mut machine, command(b'd'), at(6000)), [Record]);
    assert_eq!(does(&mut machine, command(b'u'), at(6000)), [Record]);
    assert_eq!(does(&mut machine, Event::Time, at(7000)), []);
    assert_eq!(does(&mut machine, Event::FinishEnded, at(8000)), [Start]);
    let mut machine = finishing();
    assert_eq!(does(&mut machine, command(b'd'), at(6000)), [Record]);
    assert_eq!(does(&mut machine, Event::FinishEnded, at(8000)), []);
    let mut machine = finishing();
    assert_eq!(does(&mut machine, command(b'x'), at(6000)), [Record]);
    assert_eq!(does(&mut machine, Event::FinishEnded, at(8000)), [Exit]);
    // A fork that failed is tried again.
    let mut machine = service("finish = true");
    ends(&mut machine, EXIT_1, 5000);
    machine.on(Event::FinishNotStarted, at(5000));
    assert_eq!(machine.deadline(), Some(at(6000)));
    let again = finish(EXIT_1, Next::Restart);
    assert_eq!(does(&mut machine, Event::Time, at(6000)), [again]);
}
