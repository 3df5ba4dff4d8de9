//! What each service needs and how it is started: the built-in `services.toml`, and
//! the operator's over it.

mod check;
mod fields;
mod kind;
mod known;
mod layer;
mod load;
mod own;
mod probe;
mod service;
mod setting;
mod table;
mod written;

pub use kind::of as kind_of;
pub use known::Config;
pub use own::Own;
pub use probe::{Http, Kind, Probe, Redis, Rhythm, Tls};
pub use service::{Alias, Directory, LogFile, Need, Service, Unless};
pub use setting::{Key, Newest, Setting};

#[cfg(test)]
mod tests;
