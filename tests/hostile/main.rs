//! Local users against root's programs: nobody forges records, takes locks, plants links
//! and runs processes under our names. Ours must not be misled where the reference is not.
//! As in `faults`, the name of a case is our promise, and the case declares the
//! reference's behaviour if that differs. All cases need root; a case with more
//! requirements is reported if it is skipped.

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
