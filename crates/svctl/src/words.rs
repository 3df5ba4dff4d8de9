//! A snapshot in words: the cells of a table. No I/O.

use daemontools::errno;
use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::query::QueryError;
use daemontools::servicedir::stamp;
use daemontools::servicedir::status::Want;
use daemontools::tai64n::Tai64n;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use crate::duration;
use crate::snapshot::{Facts, Snapshot};

/// What stands where there is nothing to say.
pub(crate) const NOTHING: &str = "–";

/// How a state is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mood {
    /// Something is wrong.
    Trouble,
    /// It is about to change.
    Change,
    /// It is as wanted, and has a process.
    Well,
    /// It is as wanted, and has none.
    Rest,
}

/// The state in a word.
pub(crate) const fn state(snapshot: &Snapshot) -> &'static str {
    match snapshot {
        Snapshot::Supervised(facts) => facts.stage.text(),
        Snapshot::Unsupervised { .. } => NOTHING,
        Snapshot::Unreadable(_) => "unknown",
    }
}

/// How the state is to be looked at.
pub(crate) fn mood(snapshot: &Snapshot) -> Mood {
    let Some(facts) = snapshot.facts() else {
        return Mood::Trouble;
    };
    let failures = facts.detail.map_or(0, |detail| detail.failures);
    match facts.stage {
        Stage::Failed => Mood::Trouble,
        Stage::Waiting if failures > 0 => Mood::Trouble,
        Stage::Waiting | Stage::Starting | Stage::Stopping | Stage::Finishing => Mood::Change,
        Stage::Up | Stage::Ready if facts.is_paused() => Mood::Change,
        Stage::Up | Stage::Ready => Mood::Well,
        Stage::Down if facts.is_as_wanted() => Mood::Rest,
        Stage::Down => Mood::Trouble,
        Stage::Finished => Mood::Rest,
    }
}

/// For how many seconds it has been in its state at the time `now`.
pub(crate) fn seconds(snapshot: &Snapshot, now: Tai64n) -> Option<u64> {
    let since = snapshot.facts()?.since()?;
    Some(now.seconds.saturating_sub(since.seconds))
}

/// How its last process has ended.
pub(crate) fn last_end(snapshot: &Snapshot) -> String {
    let detail = snapshot.facts().and_then(|facts| facts.detail);
    match detail.and_then(|detail| detail.last_end) {
        None => NOTHING.to_owned(),
        Some(End::Exited(code)) => format!("exit {code}"),
        Some(End::Killed(number)) => match Signal::try_from(number) {
            Ok(signal) => signal.as_str().to_owned(),
            Err(_) => format!("signal {number}"),
        },
    }
}

/// What else there is to say at the time `now`, the gravest first.
pub(crate) fn note(snapshot: &Snapshot, now: Tai64n) -> String {
    match snapshot {
        Snapshot::Supervised(facts) => note_of_facts(facts, now),
        Snapshot::Unsupervised { leftover: None } => "no supervise".to_owned(),
        Snapshot::Unsupervised {
            leftover: Some(pid),
        } => format!("no supervise, its process {pid} runs on"),
        Snapshot::Unreadable(error) => trouble(error),
    }
}

/// Why a service could not be read.
pub(crate) fn trouble(error: &QueryError) -> String {
    let text = errno::text(error.errno());
    match error {
        QueryError::Directory(_) => text.to_owned(),
        QueryError::File(file, _) => format!("{}: {text}", file.to_string_lossy()),
    }
}

fn note_of_facts(facts: &Facts, now: Tai64n) -> String {
    let mut notes = Vec::new();
    let failures = facts.detail.map_or(0, |detail| detail.failures);
    if failures > 0 {
        let s = if failures == 1 { "" } else { "s" };
        notes.push(format!("{failures} early end{s}"));
    }
    let up = facts.pid().is_some();
    match facts.stage {
        Stage::Failed => notes.push("given up".to_owned()),
        Stage::Waiting => notes.push(match facts.next_start() {
            Some(next) => {
                let seconds = stamp::between(now, next).as_secs();
                format!("again in {}", duration::long(seconds))
            }
            None => "is started again".to_owned(),
        }),
        Stage::Starting => notes.push("not ready yet".to_owned()),
        Stage::Finishing => notes.push("finish runs".to_owned()),
        Stage::Down if facts.want() == Some(Want::Once) => notes.push("has run once".to_owned()),
        Stage::Down if !facts.normally_down => notes.push("stopped by hand".to_owned()),
        _ => {}
    }
    if facts.is_paused() {
        notes.push("paused".to_owned());
    }
    if up && facts.want() == Some(Want::Once) {
        notes.push("runs once".to_owned());
    }
    match facts.stage {
        Stage::Finished | Stage::Failed => {}
        _ if up && facts.normally_down => notes.push("normally down".to_owned()),
        Stage::Down if !facts.normally_down => notes.push("normally up".to_owned()),
        _ => {}
    }
    notes.join(", ")
}

#[cfg(test)]
mod tests;
