//! Each policy, with small numbers.

use daemontools::servicedir::policy::Policy;

use super::search::explore;
use super::state::State;
use super::step::Bounds;
use super::world::Main;
use crate::machine::main_service::without_file;

/// Explores the service with what a file says, and the commands `letters`.
fn check(text: &str, letters: &'static [u8]) {
    let policy = Policy::parse(text.as_bytes(), |trouble| panic!("{text}: {trouble:?}"));
    let bounds = Bounds {
        letters,
        pairs: false,
        forks: policy.finish,
        full: false,
        // With readiness there are many states without these.
        elsewhere: policy.ready_fd.is_none(),
    };
    search(text, State::new(false, Some(policy)), bounds);
}

/// The same for a main service, with a file or (`None`) without one. Without one it may be
/// normally down, too.
fn check_main(text: Option<&str>, letters: &'static [u8]) {
    let parse =
        |text: &str| Policy::parse(text.as_bytes(), |trouble| panic!("{text}: {trouble:?}"));
    let policy = text.map_or_else(without_file, parse);
    let kind = text.map_or(Main::WithoutFile, |_| Main::WithFile);
    let bounds = Bounds {
        letters,
        pairs: false,
        forks: true,
        full: false,
        elsewhere: true,
    };
    let normally_down = [false, true];
    let starts = if text.is_none() { 2 } else { 1 };
    for &normally_down in &normally_down[..starts] {
        let state = State::of_main(normally_down, policy, kind);
        search(text.unwrap_or("no file"), state, bounds);
    }
}

fn search(text: &str, start: State, bounds: Bounds) {
    match explore(start, bounds) {
        Ok(seen) => println!(
            "{}: {} states, {} transitions, {} of them with supervise killed in the middle: \
             every promise kept",
            text.replace('\n', ", "),
            seen.states,
            seen.transitions,
            seen.kills
        ),
        Err(what) => panic!("{text}: {what}"),
    }
}

#[test]
fn an_empty_file() {
    check("", b"udoxt");
}

#[test]
fn back_off() {
    check("backoff = 2\nhealthy = 1", b"udoxt");
}

#[test]
fn give_up() {
    check("give-up = 2\nhealthy = 1", b"udoxt");
}

#[test]
fn on_failure() {
    check(
        "restart = \"on-failure\"\nhealthy = 1\ngive-up = 2",
        b"udoxt",
    );
}

#[test]
fn never() {
    check("restart = \"never\"\nhealthy = 1", b"udoxt");
}

#[test]
fn stop_limit() {
    check(
        "stop-timeout = 1\nstop-signal = \"QUIT\"\nhealthy = 1",
        b"udoxt",
    );
}

#[test]
fn readiness() {
    check("ready-fd = 3\nhealthy = 1\ngive-up = 2", b"udoxt");
}

#[test]
fn readiness_with_a_limit() {
    check(
        "ready-fd = 3\nready-timeout = 1\nstop-timeout = 1\nhealthy = 1",
        b"udt",
    );
}

#[test]
fn readiness_with_a_limit_and_pauses() {
    check("ready-fd = 3\nready-timeout = 1\nhealthy = 1", b"upc");
}

#[test]
fn finish() {
    check(
        "finish = true\nfinish-timeout = 1\nhealthy = 1\ngive-up = 2",
        b"udoxtk",
    );
}

#[test]
fn own_session() {
    check(
        "own-session = true\nstop-timeout = 1\nrestart = \"on-failure\"\nhealthy = 1",
        b"udoxt",
    );
}

#[test]
fn main_without_a_file() {
    check_main(None, b"udoxt");
}

#[test]
fn main_that_is_started_again() {
    check_main(Some("healthy = 1"), b"udoxt");
}

#[test]
fn main_on_failure_with_finish() {
    check_main(
        Some(
            "restart = \"on-failure\"\ngive-up = 2\nhealthy = 1\nfinish = true\nfinish-timeout = 1",
        ),
        b"udxt",
    );
}
