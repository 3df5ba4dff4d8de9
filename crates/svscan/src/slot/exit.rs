//! How a supervise ended.

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
