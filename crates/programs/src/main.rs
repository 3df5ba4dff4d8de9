//! The short-lived static programs as one binary: see the library.
#![no_main]

daemontools::main!(programs::run);
