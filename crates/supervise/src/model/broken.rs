//! A promise that was broken.

/// What it was, for people.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);
