//! Probes a server once: see the library.
#![no_main]

daemontools::main!(diaspora_deps::svprobe::run);
