//! `svwait`, against services that the test makes by hand, as supervise would.

mod changes;
mod gate;
mod place;
mod states;
