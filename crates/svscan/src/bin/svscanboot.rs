//! Starts svscan with readproctitle behind it, and keeps both running.
#![no_main]

daemontools::main!(svscan::boot::run);
