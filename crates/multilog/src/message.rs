//! The messages of this program that more than one module writes.

use daemontools::strerr::Reporter;

use crate::journal::{self, KeepError};

/// Writes this program's messages; drops one rather than wait for its reader.
pub(crate) static ME: Reporter = Reporter::long_lived("multilog");

/// Warns that a kill loses what this process has read.
pub(crate) fn warn_no_journal(directory: &[u8], error: KeepError) {
    let (why, error): (&[u8], _) = match error {
        KeepError::InUse => (b": another process has it", None),
        KeepError::Foreign => (b": it is not a file of ours alone", None),
        KeepError::System(error) => (b"", Some(error)),
    };
    let name = journal::NAME.to_bytes();
    ME.warning(&[b"unable to keep ", directory, b"/", name, why], error);
}

/// Warns that another process was about to change the journal.
pub(crate) fn warn_journal_replaced(directory: &[u8]) {
    let name = journal::NAME.to_bytes();
    let what = b" was opened for writing, making it again";
    ME.warning(&[directory, b"/", name, what], None);
}
