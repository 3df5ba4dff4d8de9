//! See notifyfd(8) and healthcheck(8).
#![no_main]

daemontools::main!(chainload::notifyfd_called);
