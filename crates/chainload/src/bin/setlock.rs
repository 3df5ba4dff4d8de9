//! See setlock(8).
#![no_main]

daemontools::main!(chainload::setlock);
