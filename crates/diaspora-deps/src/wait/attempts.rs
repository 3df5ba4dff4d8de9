//! The count of a gate's attempts. Their number is asked for when a probe has failed: it
//! may cost a shell that sources the settings.

use crate::error::Error;

/// The attempts that are left.
pub(super) enum Attempts<F> {
    /// None was taken; the function gives their number, 0 for no limit.
    Unasked(Option<F>),
    /// So many.
    Left(u64),
    /// No limit.
    Endless,
}

impl<F: FnOnce() -> Result<u64, Error>> Attempts<F> {
    pub(super) const fn new(limit: F) -> Self {
        Self::Unasked(Some(limit))
    }

    /// Takes one attempt for a probe that failed; false if none was left.
    pub(super) fn take(&mut self) -> Result<bool, Error> {
        if let Self::Unasked(limit) = self {
            let limit = limit.take().map_or(Ok(0), |limit| limit())?;
            *self = match limit {
                0 => Self::Endless,
                limit => Self::Left(limit),
            };
        }
        Ok(match self {
            Self::Left(0) => false,
            Self::Left(left) => {
                *left -= 1;
                true
            }
            Self::Unasked(_) | Self::Endless => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_attempts_can_be_taken_n_times() {
        for limit in 1..12 {
            let mut attempts = Attempts::new(|| Ok(limit));
            for _ in 0..limit {
                assert_eq!(attempts.take().ok(), Some(true));
            }
            assert_eq!(attempts.take().ok(), Some(false));
        }
    }

    #[test]
    fn zero_attempts_mean_no_limit() {
        let mut attempts = Attempts::new(|| Ok(0));
        assert!((0..10_000).all(|_| matches!(attempts.take(), Ok(true))));
    }
}
