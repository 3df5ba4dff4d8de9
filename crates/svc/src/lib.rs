//! The clients of supervise that steer and wait: `svc` writes commands to its FIFO
//! `control`, `svok` asks `ok` whether a supervise runs, and `svwait` waits for a state.
//! The first two end whatever they find there: a FIFO that nobody reads, or a file or
//! link in its place.
#![forbid(unsafe_code)]

pub mod control;
pub mod ok;
pub mod svwait;
