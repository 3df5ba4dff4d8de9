//! The two programs that speak to supervise through its FIFOs: `svc` writes commands
//! into `control`, `svok` looks whether anybody reads `ok`. They must come back
//! whatever they find there: a FIFO that nobody empties, a file or a link planted in
//! its place.
#![forbid(unsafe_code)]

mod commands;
pub mod control;
mod family;
mod goal;
pub mod ok;
mod tree;
mod trouble;
mod wait;
