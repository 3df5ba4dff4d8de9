//! svscan for a container.
#![no_main]

daemontools::main!(svscan::init::run);
