//! The rows of what an operator can ask for, a test each.

use daemontools::servicedir::detail::Stage;

use super::*;

/// The policy of a file without trouble.
pub(super) fn policy(text: &str) -> Option<Policy> {
    let policy = Policy::parse(text.as_bytes(), |trouble| panic!("{text}: {trouble:?}"));
    Some(policy)
}

/// A service with a policy that was started at 0 and is up.
pub(super) fn service(text: &str) -> Machine {
    let mut machine = Machine::new(Want::Up, WALL);
    machine.set_policy(policy(text));
    assert_eq!(does(&mut machine, Event::Time, at(0)), [Start]);
    machine.on(Event::Started(7, WALL), at(0));
    machine
}

pub(super) fn ends(machine: &mut Machine, end: Option<End>, now: u64) -> Vec<Action> {
    does(machine, Event::Ended(LATER, end), at(now))
}

/// Starts it at its time, which is `wanted`.
fn starts_at(machine: &mut Machine, wanted: u64) {
    assert_eq!(machine.stage(), Some(Stage::Waiting));
    assert_eq!(machine.deadline(), Some(at(wanted)));
    assert_eq!(does(machine, Event::Time, at(wanted - 1)), []);
    assert_eq!(does(machine, Event::Time, at(wanted)), [Start]);
    machine.on(Event::Started(8, WALL), at(wanted));
}

pub(super) const EXIT_0: Option<End> = Some(End::Exited(0));
pub(super) const EXIT_1: Option<End> = Some(End::Exited(1));
pub(super) const SIGNAL: Option<End> = Some(End::Killed(9));
pub(super) const UNKNOWN: Option<End> = None;
pub(super) const FOREVER: u64 = 100_000_000;

pub(super) fn report(report: Report) -> Action {
    Action::Report(report)
}

#[test]
fn what_follows_an_end_is_a_table() {
    use Stage::{Failed, Finished, Waiting};
    for (restart, end, stage) in [
        ("always", EXIT_0, Waiting),
        ("always", EXIT_1, Waiting),
        ("always", UNKNOWN, Waiting),
        ("on-failure", EXIT_0, Finished),
        ("on-failure", EXIT_1, Waiting),
        ("on-failure", SIGNAL, Waiting),
        ("on-failure", UNKNOWN, Waiting),
        ("never", EXIT_0, Finished),
        ("never", EXIT_1, Failed),
        ("never", SIGNAL, Failed),
        ("never", UNKNOWN, Failed),
    ] {
        for now in [10, 999] {
            let mut machine = service(&format!("restart = \"{restart}\""));
            assert_eq!(ends(&mut machine, end, now), [Record]);
            assert_eq!(machine.stage(), Some(stage), "{restart}, {end:?}");
            let want = if stage == Waiting {
                Want::Up
            } else {
                Want::Once
            };
            assert_eq!(machine.status().want, want);
            assert_eq!(machine.deadline().is_some(), stage == Waiting);
        }
    }
}

#[test]
fn an_end_that_was_asked_for_restarts_whatever_the_policy() {
    for letter in *b"tikq" {
        for restart in ["always", "on-failure", "never"] {
            let text = format!("restart = \"{restart}\"\ngive-up = 1\nbackoff = 60");
            let mut machine = service(&text);
            machine.on(command(letter), at(10));
            assert_eq!(ends(&mut machine, EXIT_1, 20), [Record]);
            assert_eq!(machine.restarts.failures, 0);
            starts_at(&mut machine, 1000);
            // It was asked of the process before.
            ends(&mut machine, EXIT_1, 1010);
            assert_eq!(machine.stage(), Some(Stage::Failed));
        }
    }
    for letter in *b"ha12pc" {
        let mut machine = service("restart = \"never\"");
        machine.on(command(letter), at(10));
        ends(&mut machine, EXIT_1, 20);
        assert_eq!(machine.stage(), Some(Stage::Failed), "{letter}");
    }
}

#[test]
fn early_ends_in_a_row_wait_longer_and_a_good_run_ends_the_row() {
    let mut machine = service("backoff = 60");
    let mut now = 0;
    for wait in [0, 2, 4, 8, 16, 32, 60, 60] {
        ends(&mut machine, EXIT_1, now + 500);
        now = (now + 1000).max(now + 500 + wait * 1000);
        starts_at(&mut machine, now);
    }
    assert_eq!(machine.restarts.failures, 8);
    // Up for 60 s, which is `healthy` where only `backoff` is said.
    ends(&mut machine, EXIT_1, now + 59_999);
    assert_eq!(machine.restarts.failures, 9);
    now += 59_999 + 60_000;
    starts_at(&mut machine, now);
    assert_eq!(ends(&mut machine, EXIT_1, now + 60_000), [Record, Start]);
    assert_eq!((machine.restarts.failures, machine.restarts.failed), (0, 9));
}

#[test]
fn gives_up_after_so_many_early_ends_in_a_row() {
    for (end, wanted) in [(EXIT_0, EXIT_0), (SIGNAL, SIGNAL)] {
        let mut machine = service("give-up = 3");
        for start in [1000, 2000] {
            ends(&mut machine, end, start - 500);
            starts_at(&mut machine, start);
        }
        let given_up = report(Report::GivenUp(3, wanted));
        assert_eq!(ends(&mut machine, end, 2500), [Record, given_up]);
        assert_eq!(machine.stage(), Some(Stage::Failed));
        assert_eq!(machine.status().want, Want::Once);
        assert_eq!(does(&mut machine, Event::Time, at(FOREVER)), []);
    }
}

#[test]
fn an_operator_never_waits_for_a_back_off() {
    for (letter, want) in [(b'u', Want::Up), (b'o', Want::Once)] {
        let waiting = || {
            let mut machine = service("backoff = 60");
            ends(&mut machine, EXIT_1, 10);
            starts_at(&mut machine, 1000);
            ends(&mut machine, EXIT_1, 1100);
            assert_eq!(machine.deadline(), Some(at(3100)));
            machine
        };
        // The second between starts stays.
        let mut machine = waiting();
        assert_eq!(does(&mut machine, command(letter), at(1200)), [Record]);
        assert_eq!(machine.restarts.failures, 0);
        starts_at(&mut machine, 2000);
        let mut machine = waiting();
        assert_eq!(
            does(&mut machine, command(letter), at(2500)),
            [Start, Record]
        );
        assert_eq!(machine.status().want, want);
        let mut failed = service("give-up = 1");
        ends(&mut failed, EXIT_1, 10);
        assert_eq!(
            does(&mut failed, command(letter), at(5000)),
            [Start, Record]
        );
        assert_eq!(failed.restarts.outcome, None);
    }
    let mut machine = service("backoff = 60");
    machine.on(command(b'o'), at(10));
    assert_eq!(ends(&mut machine, EXIT_1, 20), [Record]);
    assert_eq!(
        (machine.stage(), machine.restarts.failures),
        (Some(Stage::Down), 0)
    );
}

#[test]
fn down_and_exit_while_waiting_or_after_a_failure() {
    let mut machine = service("backoff = 60");
    ends(&mut machine, EXIT_1, 10);
    assert_eq!(does(&mut machine, command(b'd'), at(20)), [Record]);
    assert_eq!(machine.stage(), Some(Stage::Down));
    assert_eq!((machine.deadline(), machine.restarts.failures), (None, 0));
    for text in ["backoff = 60", "give-up = 1", "restart = \"never\""] {
        let mut machine = service(text);
        ends(&mut machine, EXIT_1, 10);
        assert_eq!(does(&mut machine, command(b'x'), at(20)), [Record, Exit]);
    }
    let mut machine = service("give-up = 1");
    machine.on(command(b'd'), at(10));
    machine.on(command(b'u'), at(10));
    ends(&mut machine, EXIT_1, 20);
    assert_eq!(machine.restarts.failures, 0);
    starts_at(&mut machine, 1000);
}

#[test]
fn a_stop_has_its_signal_and_a_limit_and_is_killed_once() {
    const QUIT: Action = Action::Signal(Signal::SIGQUIT);
    let mut machine = service("stop-signal = \"QUIT\"\nstop-timeout = 20");
    assert_eq!(
        does(&mut machine, command(b'd'), at(10)),
        [QUIT, CONT, Record]
    );
    assert_eq!(machine.stage(), Some(Stage::Stopping));
    // The signal again, and not the limit.
    assert_eq!(
        does(&mut machine, command(b'd'), at(9000)),
        [QUIT, CONT, Record]
    );
    assert_eq!(does(&mut machine, command(b'u'), at(9000)), [Record]);
    assert_eq!(machine.deadline(), Some(at(20_010)));
    assert_eq!(does(&mut machine, Event::Time, at(20_009)), []);
    let killed = report(Report::Killed(Signal::SIGQUIT, Duration::from_secs(20)));
    assert_eq!(
        does(&mut machine, Event::Time, at(20_010)),
        [Action::Kill, killed]
    );
    assert_eq!(does(&mut machine, Event::Time, at(FOREVER)), []);
    assert_eq!(machine.deadline(), None);
    assert_eq!(ends(&mut machine, SIGNAL, FOREVER), [Record, Start]);
    // `t` is TERM, and has no limit.
    machine.on(Event::Started(9, WALL), at(FOREVER));
    assert_eq!(does(&mut machine, command(b't'), at(FOREVER)), [TERM]);
    assert_eq!(machine.deadline(), None);
    let mut machine = service("");
    assert_eq!(
        does(&mut machine, command(b'd'), at(10)),
        [TERM, CONT, Record]
    );
    assert_eq!(machine.deadline(), None);
}

#[test]
fn ready_is_said_once_for_each_start_and_counts_for_healthy() {
    let mut machine = service("ready-fd = 3\nhealthy = 10\ngive-up = 2");
    assert_eq!(machine.stage(), Some(Stage::Starting));
    assert_eq!(machine.launch().ready_fd, Some(3));
    assert!(machine.awaits_ready());
    machine.on(Event::Ready(LATER), at(5000));
    assert_eq!(machine.stage(), Some(Stage::Ready));
    assert!(!machine.awaits_ready());
    // Up for 14 s, and ready for less than 10.
    assert_eq!(ends(&mut machine, EXIT_1, 14_999), [Record, Start]);
    assert_eq!(machine.restarts.failures, 1);
    machine.on(Event::Started(8, WALL), at(15_000));
    assert_eq!(machine.stage(), Some(Stage::Starting));
    machine.on(Event::Ready(LATER), at(20_000));
    ends(&mut machine, EXIT_1, 30_000);
    assert_eq!(machine.restarts.failures, 0);
    assert_eq!(service("").stage(), Some(Stage::Up));
}

#[test]
fn a_service_that_is_not_ready_in_time_is_stopped_and_has_ended_early() {
    let text = "ready-fd = 3\nready-timeout = 30\nrestart = \"on-failure\"\nhealthy = 1";
    let mut machine = service(text);
    machine.on(command(b'p'), at(10_000));
    assert_eq!(machine.deadline(), None);
    machine.on(command(b'c'), at(15_000));
    assert_eq!(machine.deadline(), Some(at(35_000)));
    let not_ready = report(Report::NotReady(3, Duration::from_secs(30)));
    let stopped = [not_ready, TERM, CONT, Record];
    assert_eq!(does(&mut machine, Event::Time, at(35_000)), stopped);
    assert_eq!(machine.stage(), Some(Stage::Stopping));
    // Ten seconds where no stop-timeout is said.
    assert_eq!(machine.deadline(), Some(at(45_000)));
    let killed = report(Report::Killed(Signal::SIGTERM, Duration::from_secs(10)));
    assert_eq!(
        does(&mut machine, Event::Time, at(45_000)),
        [Action::Kill, killed]
    );
    // Not even exit code 0 is a success.
    assert_eq!(ends(&mut machine, EXIT_0, 45_010), [Record, Start]);
    assert_eq!(machine.restarts.failures, 1);
    let mut in_time = service(text);
    in_time.on(Event::Ready(LATER), at(29_999));
    assert_eq!(does(&mut in_time, Event::Time, at(FOREVER)), []);
}

#[test]
fn what_an_adopted_service_leaves_of_its_session_is_left_alone_and_that_is_said() {
    let status = Status {
        since: WALL,
        pid: 7,
        paused: false,
        want: Want::Up,
    };
    for (text, wanted) in [
        (
            "own-session = true",
            vec![Record, report(Report::LeftAlone), Start],
        ),
        ("", vec![Record, Start]),
    ] {
        let mut machine = Machine::adopt(&status, at(0));
        machine.set_policy(policy(text));
        assert_eq!(ends(&mut machine, EXIT_1, 5000), wanted);
        assert_eq!(machine.launch().own_session, !text.is_empty());
        machine.on(Event::Started(8, WALL), at(5000));
        assert_eq!(ends(&mut machine, EXIT_1, 10_000), [Record, Start]);
    }
}

#[test]
fn an_end_that_nobody_saw_counts_as_a_failure() {
    let mut machine = Machine::new(Want::Up, WALL);
    machine.set_policy(policy("restart = \"never\""));
    machine.start_at = None;
    machine.unseen_end = true;
    machine.last_start = Some(at(0));
    assert!(machine.consults_policy(Event::Time, at(10)));
    assert_eq!(does(&mut machine, Event::Time, at(10)), [Record]);
    assert_eq!(machine.stage(), Some(Stage::Failed));
}

#[test]
fn the_policy_is_read_when_something_is_decided_by_it() {
    let up = service("stop-timeout = 1");
    let down = down();
    for (machine, event, wanted) in [
        (up, command(b'd'), true),
        (up, Event::Ended(WALL, None), true),
        (up, command(b'u'), false),
        (up, command(b't'), false),
        (up, Event::Time, false),
        (down, command(b'u'), true),
        (down, command(b'o'), true),
        (down, Event::Time, false),
    ] {
        assert_eq!(machine.consults_policy(event, at(10)), wanted, "{event}");
    }
    let mut stopping = up;
    stopping.on(command(b'd'), at(0));
    assert!(stopping.consults_policy(Event::Time, at(1000)));
    // The limit is the one of the file as it is now.
    stopping.set_policy(policy("stop-timeout = 2"));
    assert_eq!(does(&mut stopping, Event::Time, at(1000)), []);
    assert_eq!(stopping.deadline(), Some(at(2000)));
    stopping.set_policy(None);
    assert_eq!((stopping.deadline(), stopping.stage()), (None, None));
}
