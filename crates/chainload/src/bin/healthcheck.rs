//! See healthcheck(8).
#![no_main]

daemontools::main!(chainload::healthcheck);
