//! supervise.

mod commands;
mod inherit;
mod life;
mod start;

use conformance::Case;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = start::cases();
    cases.extend(life::cases());
    cases.extend(inherit::cases());
    cases.extend(commands::cases());
    cases
}
