//! Steers all services of a directory: see the library.
#![no_main]

daemontools::main!(diaspora_deps::svc::run);
