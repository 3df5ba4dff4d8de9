//! The cases: one file a program. See the crate's documentation for how to add
//! one.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod mixed;
mod readproctitle;
mod supervise;
mod svc;
mod svok;
mod svscan;
mod svscanboot;
mod svstat;

use conformance::Suite;

fn main() {
    let suite = Suite::new()
        .program("supervise", supervise::cases())
        .program("svscan", svscan::cases())
        .program("svscanboot", svscanboot::cases())
        .program("mixed", mixed::cases())
        .program("readproctitle", readproctitle::cases())
        .program("svc", svc::cases())
        .program("svok", svok::cases())
        .program("svstat", svstat::cases());
    std::process::exit(suite.run());
}
