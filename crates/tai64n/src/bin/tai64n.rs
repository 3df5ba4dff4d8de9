//! See tai64n(8).
#![no_main]

daemontools::main!(tai64n::tai64n);
