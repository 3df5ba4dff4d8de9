//! Prints what supervise says of services.
#![no_main]

daemontools::main!(svstat::run);
