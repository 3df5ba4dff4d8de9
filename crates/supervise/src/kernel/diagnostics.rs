//! What `DAEMONTOOLS_LOG=debug` shows: every event with what was decided about it, a line
//! each. Without the variable a call is a comparison, and no text is made.

use core::ffi::CStr;
use std::borrow::Cow;

use daemontools::{Result, errno};

use crate::machine::{Actions, Event, Machine};
use crate::previous::Decided;

/// What a filter names, as in `supervise=debug`.
const PROGRAM: &str = "supervise";

/// The service directory as a line names it.
fn name(dir: &CStr) -> Cow<'_, str> {
    dir.to_string_lossy()
}

/// What was decided about the record of an earlier supervise.
pub(super) fn adoption(dir: &CStr, pid: u32, decided: Decided, machine: &Machine) {
    let (dir, decision, reason) = (name(dir), decided.decision, decided.reason);
    log::debug!(target: PROGRAM, "{dir}: earlier record, process {pid}: {decision:?}, because {reason}; {machine}");
}

/// An event, its actions, and the state that follows.
pub(super) fn event(dir: &CStr, event: Event, actions: Actions, machine: &Machine) {
    let level = match event {
        // It comes with every other event.
        Event::Time if actions.is_empty() => log::Level::Trace,
        _ => log::Level::Debug,
    };
    log::log!(target: PROGRAM, level, "{}: {event}: {actions}; {machine}", name(dir));
}

/// The end of a write to a file of the record.
pub(super) fn written(dir: &CStr, file: &str, result: Result<()>) {
    match result {
        Ok(()) => log::debug!(target: PROGRAM, "{}: {file} written", name(dir)),
        Err(error) => {
            let error = errno::text(error);
            log::debug!(target: PROGRAM, "{}: {file} not written: {error}", name(dir));
        }
    }
}

/// Files that somebody removed were made again.
pub(super) fn files_made(dir: &CStr) {
    log::debug!(target: PROGRAM, "{}: files in supervise/ made again", name(dir));
}

/// TERM has come.
pub(super) fn ends_by_sigterm(dir: &CStr) {
    log::debug!(target: PROGRAM, "{}: ends by TERM", name(dir));
}
