//! See setuidgid(8).
#![no_main]

daemontools::main!(chainload::setuidgid_called);
