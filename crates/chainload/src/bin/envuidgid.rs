//! See envuidgid(8).
#![no_main]

daemontools::main!(chainload::envuidgid);
