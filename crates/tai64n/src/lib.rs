//! Two filters for logs: `tai64n` puts a label in front of each line, `tai64nlocal`
//! converts the labels to local time. Only `stream` does I/O: it writes what it has read
//! before it reads more.

#![forbid(unsafe_code)]

use daemontools::Args;
use daemontools::unix::{clock, localtime};

mod digits;
mod local;
mod stamp;
mod stream;
mod zone;

pub use local::Converter;

/// Copies standard input, with the time of each line's beginning in front of it. Gives
/// the exit code.
pub fn tai64n(_: Args) -> i32 {
    let mut stamper = stamp::Stamper::new();
    stream::filter(|block, out| stamper.feed(block, clock::wall(), out))
}

/// Copies standard input, with the label of each line converted to local time. Gives the
/// exit code.
pub fn tai64nlocal(_: Args) -> i32 {
    localtime::load_zone();
    let mut converter = Converter::new(localtime::at);
    stream::filter(|block, out| converter.feed(block, out))
}
