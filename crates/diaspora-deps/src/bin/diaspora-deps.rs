//! Gates a service on what it needs: see the library.
#![no_main]

daemontools::main!(diaspora_deps::run_called);
