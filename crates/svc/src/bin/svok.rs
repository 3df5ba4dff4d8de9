//! Checks whether supervise runs.
#![no_main]

daemontools::main!(svc::ok::run);
