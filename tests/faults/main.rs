//! Faults that the reference does not survive. Both sides get the same fault, and ours
//! must go on. The name of each case is our promise, and the case declares the reference's
//! behaviour. A case fails if the reference keeps the promise as well, for then it proves
//! nothing.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod access;
mod adoption;
mod bare;
mod copies;
mod deaf;
mod farewell;
mod journal;
mod limits;
mod multilog;
mod policy;
mod record;
mod servers;
mod supervise;
mod svscan;
mod sweep;
mod told;
mod tree;
mod waiting;
mod wishes;

use std::time::{Duration, Instant};

use conformance::Suite;

fn main() {
    let suite = Suite::new()
        .program("supervise", supervise::cases())
        .program("adoption", adoption::cases())
        .program("copies", copies::cases())
        .program("deaf", deaf::cases())
        .program("wishes", wishes::cases())
        .program("svscan", svscan::cases())
        .program("farewell", farewell::cases())
        .program("record", record::cases())
        .program("access", access::cases())
        .program("limits", limits::cases())
        .program("bare", bare::cases())
        .program("multilog", multilog::cases())
        .program("multilog's journal", journal::cases())
        .program("svc --tree", tree::cases())
        .program("svwait", waiting::cases())
        .program("servers", servers::cases())
        .program("told", told::cases())
        .program("policy", policy::cases())
        .program("sweep", sweep::cases());
    let code = suite.run();
    sweep::report();
    std::process::exit(code);
}

/// How long the reference gets for something that it is not expected to do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Polls until `condition` holds; gives whether it did within [`PATIENCE`].
fn within(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
