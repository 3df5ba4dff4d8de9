//! Waits until services are ready, up, down or gone.
#![no_main]

daemontools::main!(svc::svwait::run);
