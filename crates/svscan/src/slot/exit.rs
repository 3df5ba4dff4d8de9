//! How a supervise ended.

use core::fmt::{Display, Formatter, Result};

/// How a supervise ended, as far as it decides about the next start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// It was killed or failed, or nothing else is known.
    #[default]
    Failed,
    /// It was told to exit (`x`).
    OnCommand,
    /// It could not begin (111): another supervise may run in the directory.
    Refused,
    /// The child could not exec it.
    NotExecuted,
}

impl Display for Exit {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        out.write_str(match self {
            Self::Failed => "failed or was killed",
            Self::OnCommand => "exited on command",
            Self::Refused => "refused to begin (111)",
            Self::NotExecuted => "could not be executed",
        })
    }
}
