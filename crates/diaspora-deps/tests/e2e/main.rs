//! The whole on real servers: redis, nginx, thin, a Ruby websocket server and worker,
//! a server that speaks Mongo's protocol, postgres, puma, sidekiq, opensmtpd, under
//! svscan and supervise, on ports of their own. `tests/install-servers` gets them; a
//! test whose servers can't be had is shown as ignored, with what is missing.
//!
//! The programs of the suite are those of `OURS_BIN` (default `build/bin`); the gate
//! is the one that cargo has just built.
#![allow(clippy::unwrap_used)]

mod loading;
mod modern;
mod outage;
mod start;
mod world;

use libtest_mimic::{Arguments, Completion, Trial};

use world::World;

/// A test with the servers that it needs.
type Case = (&'static str, &'static [&'static str], fn(&World));

const STACK: &[&str] = &[
    "svscan",
    "supervise",
    "multilog",
    "redis-server",
    "nginx",
    "bundle",
    "thin",
    "ruby",
    "nx-27017",
    "curl",
];

const CASES: &[Case] = &[
    (
        "the_stack_comes_up_in_any_order",
        STACK,
        start::in_any_order,
    ),
    ("redis_goes_and_comes_back", STACK, outage::redis),
    ("mongo_goes_and_comes_back", STACK, outage::mongo),
    (
        "a_loading_redis_is_starting_and_holds_the_gate",
        &["svscan", "supervise", "multilog", "redis-server"],
        loading::redis,
    ),
    (
        "a_stale_socket_is_down",
        &["svscan", "supervise", "multilog", "puma"],
        modern::stale_socket,
    ),
    (
        "todays_stack",
        &[
            "svscan",
            "supervise",
            "multilog",
            "redis-server",
            "nginx",
            "postgres",
            "puma",
            "sidekiq",
        ],
        modern::stack,
    ),
    (
        "a_mail_server_welcomes",
        &["svscan", "supervise", "multilog", "smtpd"],
        modern::mail,
    ),
    (
        "a_daemon_that_forks_away_is_seen",
        &["svscan", "supervise", "redis-server"],
        outage::daemonised,
    ),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // Two cores, and each test has a dozen processes.
    arguments.test_threads = Some(1);
    let trials = CASES.iter().map(|&(name, needs, run)| {
        Trial::ignorable_test(name, move || {
            let missing = World::missing(needs);
            if !missing.is_empty() {
                return Ok(Completion::ignored_with(format!(
                    "SKIPPED, for want of {missing}"
                )));
            }
            run(&World::new());
            Ok(Completion::Completed)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
