//! Diagnostics for whoever debugs a program of the suite: `log` records, off
//! unless the environment variable `DAEMONTOOLS_LOG` asks for them. They are no
//! part of the contract and go nowhere near the messages of [`crate::strerr`]
//! (a stray `RUST_LOG` in a service's environment changes nothing).

/// The variable that asks for diagnostics; its value is an `env_logger` filter,
/// such as `debug` or `supervise=trace`.
pub const VARIABLE: &str = "DAEMONTOOLS_LOG";

/// Installs the logger if [`VARIABLE`] is set; otherwise costs one look into the
/// environment.
pub fn init() {
    if std::env::var_os(VARIABLE).is_some() {
        let _ = env_logger::Builder::from_env(VARIABLE).try_init();
    }
}
