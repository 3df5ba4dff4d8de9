//! Why something was not done, and the exit code that says so.

use daemontools::{PERMANENT, TEMPORARY};

/// Why something was not done: exit code and message (none where it was said).
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: i32,
    /// What to say.
    pub message: String,
}

impl Failure {
    pub(crate) const fn new(code: i32, message: String) -> Self {
        Self { code, message }
    }

    /// It will fail the next time too.
    pub(crate) const fn permanent(message: String) -> Self {
        Self::new(PERMANENT, message)
    }

    /// The system could not do it for now.
    pub(crate) const fn temporary(message: String) -> Self {
        Self::new(TEMPORARY, message)
    }
}
