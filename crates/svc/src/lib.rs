//! The two clients of supervise's FIFOs: `svc` writes commands to `control`, `svok`
//! asks `ok` whether a supervise runs. Both end whatever they find there: a FIFO that
//! nobody reads, or a file or link in its place.
#![forbid(unsafe_code)]

mod commands;
pub mod control;
mod error;
mod goal;
mod members;
pub mod ok;
mod tree;
mod wait;
