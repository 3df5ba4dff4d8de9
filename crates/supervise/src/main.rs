//! Starts a service and keeps it running.
#![no_main]

daemontools::main!(supervise::run);
