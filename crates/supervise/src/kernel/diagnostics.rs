//! What `DAEMONTOOLS_LOG=debug` shows: every event with what was decided about it, a line
//! each. Without the variable a call is a comparison, and no text is made.

use core::ffi::CStr;
use core::fmt::Arguments;

use log::Level::{Debug, Trace};

use daemontools::{Result, errno};

use crate::machine::{Actions, Event, Machine};
use crate::previous::Decided;

/// Writes one line about the service in `dir`. A filter names the program, as in
/// `supervise=debug`.
fn line(level: log::Level, dir: &CStr, text: Arguments<'_>) {
    log::log!(target: "supervise", level, "{}: {text}", dir.to_string_lossy());
}

/// What was decided about the record of an earlier supervise.
pub(super) fn adoption(dir: &CStr, pid: u32, decided: Decided, machine: &Machine) {
    let (decision, reason) = (decided.decision, decided.reason);
    let record = format_args!("earlier record, process {pid}: {decision:?}, because {reason}");
    line(Debug, dir, format_args!("{record}; {machine}"));
}

/// An event, its actions, and the state that follows.
pub(super) fn event(dir: &CStr, event: Event, actions: Actions, machine: &Machine) {
    let level = match event {
        // It comes with every other event.
        Event::Time if actions.is_empty() => Trace,
        _ => Debug,
    };
    line(level, dir, format_args!("{event}: {actions}; {machine}"));
}

/// A file of the record was written, or could not be.
pub(super) fn written(dir: &CStr, file: &str, result: Result<()>) {
    match result.map_err(errno::text) {
        Ok(()) => line(Debug, dir, format_args!("{file} written")),
        Err(error) => line(Debug, dir, format_args!("{file} not written: {error}")),
    }
}

/// Another svscan has taken supervise over.
pub(super) fn taken_over(dir: &CStr) {
    line(Debug, dir, format_args!("taken over by svscan"));
}

/// Files that somebody removed were made again.
pub(super) fn files_made(dir: &CStr) {
    line(Debug, dir, format_args!("files in supervise/ made again"));
}

/// TERM has come.
pub(super) fn ends_by_sigterm(dir: &CStr) {
    line(Debug, dir, format_args!("ends by TERM"));
}
