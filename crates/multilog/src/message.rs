//! The messages of this program that more than one module writes.

use daemontools::strerr::Reporter;

use crate::journal::{self, Trouble};

/// Writes this program's messages; drops one rather than wait for its reader.
pub(crate) static ME: Reporter = Reporter::long_lived("multilog");

/// Says that what this process reads is lost if it is killed.
pub(crate) fn say_none(directory: &[u8], trouble: Trouble) {
    let (why, error): (&[u8], _) = match trouble {
        Trouble::InUse => (b": another process has it", None),
        Trouble::Foreign => (b": it is not a file of ours alone", None),
        Trouble::System(error) => (b"", Some(error)),
    };
    let name = journal::NAME.to_bytes();
    ME.warning(&[b"unable to keep ", directory, b"/", name, why], error);
}

/// Says that somebody was about to change the journal.
pub(crate) fn say_made_again(directory: &[u8]) {
    let name = journal::NAME.to_bytes();
    ME.warning(
        &[
            directory,
            b"/",
            name,
            b" was opened for writing, making it again",
        ],
        None,
    );
}
