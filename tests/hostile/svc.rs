//! svc against local users.

use conformance::Case;

pub(crate) fn cases() -> Vec<Case> {
    Vec::new()
}
