//! Two filters for logs: `tai64n` puts a label on each line, `tai64nlocal` turns
//! the labels into local time. What they do to bytes is pure; what goes in and out
//! is in one place, and nothing waits there for more input than there is.

#![forbid(unsafe_code)]

use daemontools::Args;
use daemontools::unix::{clock, localtime};

mod local;
mod stamp;
mod stream;
mod zone;

pub use local::Converter;

/// Copies lines, with the moment when each began in front.
pub fn tai64n(_: Args) -> i32 {
    let mut stamper = stamp::Stamper::new();
    stream::filter(|block, out| stamper.feed(block, clock::wall(), out))
}

/// Copies lines, with a label at the beginning of one turned into local time.
pub fn tai64nlocal(_: Args) -> i32 {
    localtime::load_zone();
    let mut converter = Converter::new(localtime::at);
    stream::filter(|block, out| converter.feed(block, out))
}
