//! A pod of today: a Rails application that uses postgres, redis and sidekiq as Diaspora
//! does, behind nginx, run by the modern set as it is installed: usual ports, usual files,
//! svscanboot. `demo/isolated` gives all tests one network and one `/etc`, `/var`, `/run`
//! of their own, and `demo/install-pod` installs the application there. The packages come
//! from `tests/install-servers`: what is missing is a failure.
//!
//! The supervisors are those of `OURS_BIN` (default `build/bin`); the gate is the one of
//! this build.
#![allow(clippy::unwrap_used)]

mod elsewhere;
mod guide;
mod http;
mod load;
mod outage;
#[path = "../e2e/page.rs"]
mod page;
mod pod;
mod processes;
#[allow(dead_code, reason = "the other tests use all of it")]
#[path = "../e2e/programs.rs"]
mod programs;
mod start;
mod stop;

use std::os::unix::process::CommandExt;
use std::process::Command;

use libtest_mimic::{Arguments, Completion, Trial};

use pod::Pod;

/// A test: its name and its function.
type Case = (&'static str, fn(&Pod));

const CASES: &[Case] = &[
    ("the_guide_is_followed_word_for_word", guide::todays_pod),
    ("it_starts_from_cold_in_any_order", start::any_order),
    ("a_stop_under_load_loses_no_job", stop::jobs),
    ("a_stop_of_all_under_load_loses_no_job", stop::jobs_of_all),
    (
        "a_restart_ends_although_a_foreign_session_is_open",
        stop::foreign_session,
    ),
    ("a_server_that_is_killed_comes_back", outage::killed),
    ("a_store_that_is_away_loses_no_job", outage::away),
    ("it_starts_after_a_power_cut", start::power_cut),
    // The last one: it changes the files of the pod.
    (
        "servers_listen_where_the_pods_files_say",
        elsewhere::listens,
    ),
];

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let rights = programs::missing(&[]);
    let isolated = std::env::var_os("ISOLATED").is_some();
    if rights.is_empty() && !isolated && !arguments.list {
        let error = Command::new(programs::root().join("demo/isolated"))
            .args(std::env::args_os())
            .exec();
        panic!("demo/isolated: {error}");
    }
    let trials = CASES.iter().map(|&(name, run)| {
        let rights = rights.clone();
        Trial::ignorable_test(name, move || {
            if !rights.is_empty() {
                return Ok(Completion::ignored_with(format!(
                    "SKIPPED, for want of {rights}"
                )));
            }
            run(&Pod::new());
            Ok(Completion::Completed)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
