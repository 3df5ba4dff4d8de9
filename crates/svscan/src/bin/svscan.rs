//! Starts and watches a directory of services.
#![no_main]

daemontools::main!(svscan::run_called);
