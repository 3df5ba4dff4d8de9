//! What supervise decides: it takes an event and the time, and returns actions in the
//! order in which they must be done. No I/O and no heap.
//!
//! A service is *down* (no pid), *up* (a pid), *waiting* (down, and started when its time
//! has come), or *finishing*: down, while `./finish` runs. Waiting delays the start and
//! nothing else: commands are obeyed at once.
//!
//! | event | down | waiting | up | finishing |
//! |---|---|---|---|---|
//! | `u`, `o` | start | no back-off | – | start after it |
//! | `d` | – | start dropped | stop signal, CONT | start dropped |
//! | `x` | exit | exit | exits at its end | exits at its end |
//! | `p`, `c` | noted | noted | STOP, CONT | noted |
//! | `k` | – | – | sent | `finish` killed |
//! | other signals | – | – | sent | – |
//! | end | – | – | `finish`; exit if `x`; start, or not | exit if `x`; start, or not |
//! | ready | – | – | noted | – |
//! | time | – | start, once it is due | stop limit: KILL; ready limit: stop | limit: KILL |
//!
//! A start comes no earlier than a second after the last. Whether an end is followed by a
//! start, and by how long a wait, is in `restart.rs`; stopping is in `stop.rs`, readiness in
//! `readiness.rs`, `./finish` in `finish.rs`. All of that follows the policy of the
//! operator; without one the service is started whenever it is wanted up, and the stop
//! signal is TERM. When supervise exits because of `--main` is in `main_service.rs`.

mod decide;
mod event;
pub(crate) mod finish;
pub(crate) mod main_service;
pub(crate) mod readiness;
pub(crate) mod restart;
mod state;
pub(crate) mod stop;

pub use event::{Action, Actions, Event, FinishArguments, Launch, Next, Report};
pub use state::{FORK_RETRY, MIN_START_INTERVAL, Machine};

#[cfg(test)]
mod tests;
