//! What `status` says of a service, but for its log. No I/O.

use std::collections::VecDeque;

use daemontools::tai64n::Tai64n;

use crate::color;
use crate::duration;
use crate::local;
use crate::logs::{Line, NoLog};
use crate::output::{printable, visible};
use crate::service::Service;
use crate::snapshot::{Facts, Snapshot};
use crate::words;

/// Appends the lines about a service at the time `now`.
pub(crate) fn push(
    out: &mut String,
    service: &Service,
    snapshot: &Snapshot,
    now: Tai64n,
    colored: bool,
) {
    let state = match snapshot {
        Snapshot::Unsupervised { .. } => "no supervise",
        _ => words::state(snapshot),
    };
    let time = words::seconds(snapshot, now).map(duration::short);
    let time = time.map_or(String::new(), |time| format!(" for {time}"));
    let (on, off) = match colored {
        true => (color::of(words::mood(snapshot)), color::PLAIN),
        false => ("", ""),
    };
    out.push_str(&format!(
        "{}: {on}{state}{off}{time}\n",
        printable(&service.name)
    ));
    let mut line = |label: &str, text: &str| out.push_str(&format!("  {label:<10} {text}\n"));
    let note = words::note(snapshot, now);
    if !note.is_empty() && note != state {
        line("note", &note);
    }
    if let Some(facts) = snapshot.facts() {
        push_facts(&mut line, snapshot, facts);
    }
    let directory = printable(service.directory.as_os_str().as_encoded_bytes());
    line("directory", &directory);
    if !service.enabled {
        line("enabled", "no");
    }
}

/// Appends the last lines of its log, or why there are none.
pub(crate) fn push_log(out: &mut String, last: &Result<VecDeque<Line>, NoLog>) {
    match last {
        Ok(lines) => {
            for line in lines {
                let time = match line.has_label {
                    true => local::time(line.time) + " ",
                    false => String::new(),
                };
                out.push_str(&format!("    {time}{}\n", visible(&line.text)));
            }
        }
        Err(NoLog::None) => {}
        Err(why) => out.push_str(&format!("  {:<10} {why}\n", "log")),
    }
}

fn push_facts(line: &mut impl FnMut(&str, &str), snapshot: &Snapshot, facts: &Facts) {
    if let Some(status) = facts.status {
        let since = local::time(status.since);
        match facts.pid() {
            Some(pid) => line("process", &format!("{pid}, since {since}")),
            None => line("process", &format!("none, since {since}")),
        }
    }
    let Some(detail) = facts.detail else { return };
    if let Some(ready) = facts.ready_since() {
        line("ready", &format!("since {}", local::time(ready)));
    }
    if let Some(next) = facts.next_start() {
        line("next start", &local::time(next));
    }
    let failed = match detail.failed {
        0 => String::new(),
        count => format!(", {count} early ends"),
    };
    line("starts", &format!("{}{failed}", detail.starts));
    if detail.last_end.is_some() {
        line("last end", &words::last_end(snapshot));
    }
}
