//! The cases: one file a program. See the crate's documentation for how to add
//! one.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod svstat;

use conformance::Suite;

fn main() {
    let suite = Suite::new().program("svstat", svstat::cases());
    std::process::exit(suite.run());
}
