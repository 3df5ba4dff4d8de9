//! See softlimit(8).
#![no_main]

daemontools::main!(chainload::softlimit);
