//! Every state that supervise and its world can get into, and every step from each: all
//! orders of commands, ends, failed forks and full disks, with supervise killed before any
//! of its effects, and a successor that finds what was left.
//!
//! The code is the real one: the loop, the record, the adoption, and the decisions of the
//! machine and about an earlier record. It acts on `simulation.rs` instead of the kernel.
//! `promise.rs` knows what was promised, and `check.rs` whether it is kept. `step.rs` says
//! what can happen in a state, `state.rs` what follows, `key.rs` which states are the same,
//! and `search.rs` visits all.
//!
//! Time goes in halves of a second. States that differ only in the time or in their pids
//! are the same, so their number is finite, and the search ends.

mod check;
mod key;
mod life;
mod policies;
mod promise;
mod search;
mod simulation;
mod state;
mod step;
mod turn;
mod world;

use search::explore;
use state::State;
use step::Bounds;

fn check(name: &str, bounds: Bounds) {
    for normally_down in [false, true] {
        match explore(State::new(normally_down, None), bounds) {
            Ok(seen) => println!(
                "{name}, normally {}: {} states, {} transitions, {} of them with supervise \
                 killed in the middle: every promise kept",
                if normally_down { "down" } else { "up" },
                seen.states,
                seen.transitions,
                seen.kills
            ),
            Err(what) => panic!("{name}: {what}"),
        }
    }
}

#[test]
fn promises_hold_wherever_supervise_is_killed() {
    check(
        "all but full disks",
        Bounds {
            letters: b"udoxpct",
            pairs: true,
            forks: true,
            full: false,
            elsewhere: true,
        },
    );
}

#[test]
fn promises_hold_while_disks_get_full() {
    check(
        "full disks",
        Bounds {
            letters: b"udoxpct",
            pairs: false,
            forks: true,
            full: true,
            elsewhere: false,
        },
    );
}
