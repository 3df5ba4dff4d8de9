use daemontools::strerr::Reporter;

/// The process that stays behind must not wait for the reader of a log.
pub(super) static ME: Reporter = Reporter::long_lived("healthcheck");
