//! Sends commands to supervise.
#![no_main]

daemontools::main!(svc::control::run);
