//! Services come up in the right order by themselves: each waits, in its own run
//! script, until what it needs is *ready*, which is more than "the port is open".
//!
//! [`probe`] judges replies and knows no sockets; [`net`] has the only sockets.
//! [`data`] says what each service needs, [`context`] and [`settings`] what the
//! operator has set. [`wait`] and [`launch`] are the gate; [`check`], [`graph`],
//! [`lint`] and [`install`] are for operators, and so is [`svc`], the other program.
#![forbid(unsafe_code)]

pub mod check;
pub mod context;
pub mod data;
pub mod graph;
pub mod install;
pub mod launch;
pub mod lint;
pub mod name;
pub mod net;
pub mod probe;
pub mod question;
pub mod settings;
pub mod svc;
pub mod wait;

mod command;
mod failure;
mod read;

pub use command::run;
pub use failure::Failure;

use daemontools::strerr::Reporter;

/// The voice of the gate.
static ME: Reporter = Reporter::new("diaspora-deps");
