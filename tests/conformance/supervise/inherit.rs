//! x
use conformance::Case;
pub(super) fn cases() -> Vec<Case> {
    vec![]
}
