//! From the command line to open logs: what a process before this one was killed
//! over is finished first.

use std::sync::OnceLock;

use daemontools::unix::signal::{Caught, Inherited, Mask, Signal, harden};
use daemontools::unix::{clock, fd, file, localtime};
use daemontools::{Args, TEMPORARY};

use crate::alert::Alerts;
use crate::input::Input;
use crate::journal::{self, Found, Journal, Opened, Source};
use crate::script::Script;
use crate::stamp::Format;
use crate::status::Status;
use crate::work::Work;
use crate::{ME, recover};

/// What was inherited, for processors.
static INHERITED: OnceLock<(Inherited, Mask)> = OnceLock::new();

/// In a child: gives back what was inherited.
pub(crate) fn restore_for_child() {
    if let Some((signals, mask)) = INHERITED.get() {
        signals.restore();
        mask.install();
    }
}

/// Opens everything that the script names.
///
/// # Errors
/// The exit code; the message has been written.
pub(crate) fn begin(args: Args) -> Result<Input, i32> {
    fd::fill_standard();
    file::set_umask(0o022);
    let start = file::open_directory(c".")
        .map_err(|error| ME.fatal(&[b"unable to switch to current directory"], error))?;
    let mask = Mask::block(&[Signal::SIGTERM, Signal::SIGALRM]);
    let _ = INHERITED.set((harden(), mask));
    let (term, alarm) = match (Caught::new(Signal::SIGTERM), Caught::new(Signal::SIGALRM)) {
        (Ok(term), Ok(alarm)) => (term, alarm),
        (Err(error), _) | (_, Err(error)) => {
            return Err(ME.fatal(&[b"unable to catch signals"], error));
        }
    };
    let hash = journal::hash(args.words(1).map(core::ffi::CStr::to_bytes));
    let script = Script::parse(args);
    if matches!(script.stamp, Format::Local(_)) {
        localtime::load_zone();
    }
    let mut statuses = Vec::new();
    let mut logs = Vec::new();
    let mut opened: Option<(Opened, Found)> = None;
    let go_back = || {
        file::fchdir(&start)
            .map_err(|error| ME.fatal(&[b"unable to switch to starting directory"], error))
    };
    // Before the logs, as the reference: it leaves them behind when a log is locked.
    for path in &script.statuses {
        go_back()?;
        statuses.push(Status::open(path)?);
    }
    for (index, log) in script.logs.iter().enumerate() {
        go_back()?;
        let entered = recover::enter(*log)?;
        if opened.is_none() {
            opened = Some(open_journal(script.logs.len(), hash)?);
        }
        if let Some(((journal, _), _)) = &mut opened {
            logs.push(entered.open(index, journal)?);
        }
    }
    let ((journal, bytes), found) = match opened {
        Some(opened) => opened,
        None => private(0)?,
    };
    let mut work = Work {
        script,
        logs,
        statuses,
        journal,
        alerts: Alerts::default(),
        alerted: 0,
    };
    finish_pending(&mut work, bytes, found);
    Ok(Input::new(work, bytes, term, alarm, mask))
}

/// The journal in the working directory, which is the first log's.
fn open_journal(logs: usize, hash: u64) -> Result<(Opened, Found), i32> {
    match Journal::open(logs, hash) {
        Ok(((mut journal, bytes), mut found)) => {
            let state = &mut journal.state;
            if !state.is_sane() || state.places.len() != logs {
                *state = journal::State::default();
                state.places = vec![journal::Place::default(); logs];
                found = Found::Nothing;
            }
            if state.settle(bytes) {
                state.now = clock::wall();
                if state.start == state.read_at {
                    state.line = state.now;
                }
            }
            journal.commit();
            Ok(((journal, bytes), found))
        }
        Err(_) => private(logs),
    }
}

fn private(logs: usize) -> Result<(Opened, Found), i32> {
    match Journal::private(logs) {
        Ok(opened) => Ok((opened, Found::Nothing)),
        Err(_) => {
            ME.fatal(&[b"out of memory"], None);
            Err(TEMPORARY)
        }
    }
}

/// Finishes what an earlier process had read and not completely written.
fn finish_pending(work: &mut Work, bytes: &mut [u8], found: Found) {
    let source = journal::source().map_or_else(Source::default, |facts| facts.identity.into());
    let state = &mut work.journal.state;
    if found == Found::Other {
        state.now = clock::wall();
    }
    let is_new = state.source != source;
    state.source = source;
    if found == Found::Nothing {
        return;
    }
    work.take(bytes);
    let state = &work.journal.state;
    if is_new && (state.start < state.end || state.long) {
        // Its end will not come from another source.
        work.end_line(bytes);
    }
}
