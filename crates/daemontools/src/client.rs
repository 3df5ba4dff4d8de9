//! What the clients of supervise have in common, svc, svwait and svctl: they send commands
//! to services, to all processes of one if need be, and wait for what follows.
//!
//! Without I/O are [`Commands`], [`Goals`], [`Condition`] and the choice of a service's
//! processes (`members`).

mod commands;
mod condition;
mod error;
mod goal;
mod members;
mod request;
mod tree;
mod wait;

pub use commands::{Commands, LETTERS};
pub use condition::{Condition, Verdict};
pub use goal::Goals;
pub use request::Request;
pub use wait::Until;
