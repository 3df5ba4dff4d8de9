//! From the command line to open logs: what a process before this one was killed
//! over is finished first.

use daemontools::Args;
use daemontools::strerr::Fatal;
use daemontools::unix::signal::{Caught, Signal};
use daemontools::unix::{clock, fd, file, localtime};

use crate::inherited;
use crate::input::Input;
use crate::journal::{self, Found, Journal, Opened, Source};
use crate::log::{Entered, Log};
use crate::message::{self, ME};
use crate::pipeline::Pipeline;
use crate::script::{Format, Script};
use crate::status::Status;

/// Opens everything that the script names.
///
/// # Errors
/// What the system refuses.
pub(crate) fn begin(args: Args) -> Result<Input, Fatal> {
    fd::fill_standard();
    file::set_umask(0o022);
    let start = file::open_directory(c".")
        .map_err(|error| ME.fatal(&[b"unable to switch to current directory"], error))?;
    let mask = inherited::change();
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
        let entered = go_back().and_then(|()| Entered::enter(*log));
        let next = entered.and_then(|entered| {
            if opened.is_none() {
                opened = Some(open_journal(&entered, script.logs.len(), hash)?);
            }
            match &mut opened {
                Some(((journal, _), _)) => entered.open(index, journal).map(Some),
                None => Ok(None),
            }
        });
        match next {
            Ok(log) => logs.extend(log),
            Err(fatal) => {
                leave(opened, logs.first());
                return Err(fatal);
            }
        }
    }
    let ((journal, bytes), found) = match opened {
        Some(opened) => opened,
        None => (Journal::private(0).map_err(no_memory)?, Found::Nothing),
    };
    let mut pipeline = Pipeline::new(script, logs, statuses, journal);
    finish_pending(&mut pipeline, bytes, found);
    Ok(Input::new(pipeline, bytes, term, alarm, mask))
}

/// The journal in the first log's directory.
fn open_journal(entered: &Entered, logs: usize, hash: u64) -> Result<(Opened, Found), Fatal> {
    let ((mut journal, bytes), mut found, kept) =
        Journal::open(entered.directory(), logs, hash).map_err(no_memory)?;
    if let Err(trouble) = kept {
        message::say_none(entered.path(), trouble);
    }
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

fn no_memory(error: daemontools::Errno) -> Fatal {
    ME.fatal(&[b"out of memory"], error)
}

/// Before an exit: a journal that holds nothing does not stay.
fn leave(opened: Option<(Opened, Found)>, first: Option<&Log>) {
    if let Some(((mut journal, _), _)) = opened
        && journal.state.is_empty()
        && let Some(log) = first
    {
        journal.remove(log.directory());
    }
}

/// Finishes what an earlier process had read and not completely written.
fn finish_pending(pipeline: &mut Pipeline, bytes: &mut [u8], found: Found) {
    let source = journal::source().map_or_else(Source::default, |facts| facts.identity.into());
    let state = &mut pipeline.journal.state;
    if found == Found::Other {
        state.now = clock::wall();
    }
    let is_new = state.source != source;
    state.source = source;
    if found == Found::Nothing {
        return;
    }
    pipeline.process(bytes);
    let state = &pipeline.journal.state;
    if is_new && (state.start < state.end || state.long) {
        // Its end will not come from another source.
        pipeline.end_line(bytes);
    }
}
