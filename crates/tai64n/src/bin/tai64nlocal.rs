//! See tai64nlocal(8).
#![no_main]

daemontools::main!(tai64n::tai64nlocal);
