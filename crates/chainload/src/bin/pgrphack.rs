//! See pgrphack(8).
#![no_main]

daemontools::main!(chainload::pgrphack);
