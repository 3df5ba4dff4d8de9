//! See envdir(8).
#![no_main]

daemontools::main!(chainload::envdir);
