//! supervise: starts, commands, inheritance, obstacles.

mod commands;
mod inherit;
mod life;
mod obstacles;
mod run_files;
mod start;

use conformance::Case;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = start::cases();
    cases.extend(obstacles::cases());
    cases.extend(run_files::cases());
    cases.extend(life::cases());
    cases.extend(inherit::cases());
    cases.extend(commands::cases());
    cases
}
