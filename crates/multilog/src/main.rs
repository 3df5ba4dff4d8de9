//! Writes lines to automatically rotated logs.
#![no_main]

daemontools::main!(multilog::run);
