//! See fghack(8).
#![no_main]

daemontools::main!(chainload::fghack);
