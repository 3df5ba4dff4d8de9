//! Why a supervise has ended, and what that means for its next start.

/// Why a supervise has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// It was killed or failed, as far as is known.
    #[default]
    Crash,
    /// It was told to leave (`x`).
    Told,
    /// It could not begin: another may be in charge.
    Refused,
    /// It could not even be exec'ed.
    Unborn,
}

/// How a supervise ended lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lately {
    /// After a second or more, or never.
    Ran,
    /// Within a second of its start.
    Quick,
    /// Twice in a row so.
    QuickTwice,
    /// More often in a row.
    QuickAlways,
    /// As an operator told it: the next scan starts it again, if it is still there.
    Left,
}

impl Lately {
    /// The same after one more end.
    pub(super) const fn after(self, left: bool, quick: bool) -> Self {
        match (left, quick, self) {
            (true, ..) => Self::Left,
            (_, false, _) => Self::Ran,
            (_, _, Self::Ran | Self::Left) => Self::Quick,
            (_, _, Self::Quick) => Self::QuickTwice,
            (_, _, Self::QuickTwice | Self::QuickAlways) => Self::QuickAlways,
        }
    }
}
