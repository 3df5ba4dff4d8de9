//! multilog: no line is lost and none is there twice.

use conformance::Case;

pub(super) fn cases() -> Vec<Case> {
    vec![]
}
