//! One command for people who look after services: see the library.
#![no_main]

daemontools::main!(svctl::run);
