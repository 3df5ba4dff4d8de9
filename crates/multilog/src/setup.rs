//! From the command line to open logs. What an earlier process had read and not completely
//! written is finished first.

use daemontools::strerr::Fatal;
use daemontools::unix::file::Identity;
use daemontools::unix::signal::{Caught, Signal};
use daemontools::unix::{fd, file, localtime};
use daemontools::{Args, Errno};

use crate::inherited;
use crate::input::{Input, warn_no_journal};
use crate::journal::{self, Journal, Opened};
use crate::log::{Entered, Log};
use crate::message::ME;
use crate::pipeline::Pipeline;
use crate::script::{Format, Script};
use crate::status::Status;

/// Opens everything that the script names.
///
/// # Errors
/// A directory or a file cannot be opened, or there is no memory.
pub(crate) fn begin(args: Args) -> Result<Input, Fatal> {
    fd::fill_standard();
    file::set_umask(0o022);
    let start = file::open_directory(c".")
        .map_err(|error| ME.fatal(&[b"unable to switch to current directory"], error))?;
    let mask = inherited::change();
    let catch = |signal| {
        Caught::new(signal).map_err(|error| ME.fatal(&[b"unable to catch signals"], error))
    };
    let signals = [catch(Signal::SIGTERM)?, catch(Signal::SIGALRM)?];
    let hash = journal::hash(args.words(1).map(core::ffi::CStr::to_bytes));
    let script = Script::parse(args);
    if matches!(script.stamp, Format::Local(_)) {
        localtime::load_zone();
    }
    let go_back = || {
        file::fchdir(&start)
            .map_err(|error| ME.fatal(&[b"unable to switch to starting directory"], error))
    };
    // Before the logs, as in the reference: they stay where a log is locked.
    let mut statuses = Vec::new();
    for path in &script.statuses {
        go_back()?;
        statuses.push(Status::open(path)?);
    }
    let mut logs = Vec::new();
    let mut opened = None;
    for (index, log) in script.logs.iter().enumerate() {
        let log = go_back()
            .and_then(|()| Entered::enter(*log))
            .and_then(|entered| {
                let known = match opened.take() {
                    Some(known) => known,
                    None => open_journal(&entered, script.logs.len(), hash)?,
                };
                let (journal, _) = opened.insert(known);
                entered.open(index, journal)
            });
        match log {
            Ok(log) => logs.push(log),
            Err(fatal) => {
                remove_empty(opened, logs.first());
                return Err(fatal);
            }
        }
    }
    let (journal, bytes) = match opened {
        Some(opened) => opened,
        None => Journal::private(0).map_err(no_memory)?,
    };
    let mut pipeline = Pipeline::new(script, logs, statuses, journal);
    finish_pending(&mut pipeline, bytes);
    Ok(Input::new(pipeline, bytes, signals, mask))
}

/// Opens the journal in the first log's directory.
fn open_journal(entered: &Entered, logs: usize, hash: u64) -> Result<Opened, Fatal> {
    let opened = Journal::open(entered.directory(), logs, hash);
    let (opened, kept) = opened.map_err(no_memory)?;
    if let Err(error) = kept {
        warn_no_journal(entered.path(), error);
    }
    Ok(opened)
}

fn no_memory(error: Errno) -> Fatal {
    ME.fatal(&[b"out of memory"], error)
}

/// Before an exit: removes a journal that holds nothing.
fn remove_empty(opened: Option<Opened>, first: Option<&Log>) {
    if let (Some((mut journal, _)), Some(log)) = (opened, first)
        && journal.state.is_empty()
    {
        journal.remove(log.directory());
    }
}

/// Finishes what an earlier process had read and not completely written.
fn finish_pending(pipeline: &mut Pipeline, bytes: &mut [u8]) {
    let facts = file::fstat(fd::STDIN);
    let source = facts.map_or_else(|_| Identity::default(), |facts| facts.identity);
    let before = core::mem::replace(&mut pipeline.journal.state.source, source);
    pipeline.process(bytes);
    if source != before {
        // The end of an unfinished line will not come from another source.
        pipeline.end_line(bytes);
    }
}
