//! Puts a name before each line of a service's output.
#![no_main]

daemontools::main!(svscan::prefix::run);
