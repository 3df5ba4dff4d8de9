//! Shows the last of its input in the list of processes.
#![no_main]

daemontools::main!(readproctitle::run);
