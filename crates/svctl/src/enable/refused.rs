//! Why something was not done.

use std::io;
use std::path::Path;

use daemontools::{Errno, PERMANENT, errno};

use crate::output::{ME, printable};

/// The message and the exit code.
pub(super) struct Refused(pub(super) String, pub(super) i32);

pub(super) type Result<T> = std::result::Result<T, Refused>;

impl Refused {
    /// It is not as it was said to be.
    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self(text.into(), PERMANENT)
    }

    /// The system says why.
    pub(super) fn system(what: &str, path: &Path, error: &io::Error) -> Self {
        let error = Errno::from_raw(error.raw_os_error().unwrap_or(0));
        let text = format!("unable to {what} {}: {}", shown(path), errno::text(error));
        Self(text, errno::exit_code(error))
    }

    /// Writes the message. Gives the exit code.
    pub(super) fn say(&self) -> i32 {
        let _ = ME.fatal(&[self.0.as_bytes()], None);
        self.1
    }
}

/// A path in a message.
pub(super) fn shown(path: &Path) -> String {
    printable(path.as_os_str().as_encoded_bytes())
}
