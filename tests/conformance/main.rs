//! The cases: one file for each program. The crate's documentation says how to add one.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod chainload;
mod mixed;
mod multilog;
mod past_32_bits;
mod readproctitle;
mod supervise;
mod svc;
mod svok;
mod svscan;
mod svscanboot;
mod svstat;
mod tai64n;

use conformance::Suite;

fn main() {
    let suite = Suite::new()
        .program("supervise", supervise::cases())
        .program("svscan", svscan::cases())
        .program("svscanboot", svscanboot::cases())
        .program("habits", conformance::habits::cases())
        .program("mixed", mixed::cases())
        .program("multilog", multilog::cases())
        .program("past 32 bits", past_32_bits::cases())
        .program("readproctitle", readproctitle::cases())
        .program("svc", svc::cases())
        .program("svok", svok::cases())
        .program("svstat", svstat::cases())
        .program("tai64n", tai64n::tai64n())
        .program("tai64nlocal", tai64n::tai64nlocal())
        .program("fghack", chainload::fghack::cases())
        .program("pgrphack", chainload::pgrphack::cases())
        .program("setlock", chainload::setlock::cases())
        .program("envdir", chainload::envdir::cases())
        .program("envuidgid", chainload::envuidgid::cases())
        .program("setuidgid", chainload::setuidgid::cases())
        .program("softlimit", chainload::softlimit::cases());
    std::process::exit(suite.run());
}
