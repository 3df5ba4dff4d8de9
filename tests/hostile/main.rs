//! Local users against root's programs: nobody forges records, takes locks, plants links
//! and calls his processes by our names, and ours may lose nothing by it that the
//! reference does not. As in `faults`, a case says in its name what ours promises, and
//! declares what the reference does where that is something else. All of it needs root;
//! what needs more says so when it is left out.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod deps;
mod forged;
mod impostor;
mod multilog;
mod supervise;
mod svc;
mod svscan;

use conformance::Suite;

fn main() {
    let suite = Suite::new()
        .program("supervise", supervise::cases())
        .program("svscan", svscan::cases())
        .program("svc", svc::cases())
        .program("multilog", multilog::cases())
        .program("diaspora-deps", deps::cases());
    std::process::exit(suite.run());
}
