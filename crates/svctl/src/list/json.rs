//! A service as a JSON object, in one line. No I/O.
//!
//! JSON is Unicode, but names are bytes. If a name is not UTF-8, `name` has U+FFFD for each
//! wrong byte sequence, and `name_hex` has all bytes.

use daemontools::servicedir::status::Want;
use daemontools::tai64n::{LABEL_LEN, Tai64n};
use daemontools::unix::process::End;
use serde::Serialize;

use crate::service::Service;
use crate::snapshot::{Facts, Snapshot};
use crate::words;

#[derive(Debug, Serialize)]
struct Object<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_hex: Option<String>,
    directory: &'a str,
    enabled: bool,
    supervised: Option<bool>,
    state: Option<&'static str>,
    as_wanted: Option<bool>,
    #[serde(flatten)]
    facts: Option<Known>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leftover_pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What is known of a service with a supervise. What only our supervise tells is missing
/// under the C original.
#[derive(Debug, Serialize)]
struct Known {
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    normally: &'static str,
    paused: bool,
    want: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_exit_signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    early_ends: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u64>,
}

/// Appends the object of a service at the time `now`, and a newline.
pub(crate) fn object(out: &mut Vec<u8>, service: &Service, snapshot: &Snapshot, now: Tai64n) {
    let name = String::from_utf8_lossy(&service.name);
    let hex = || {
        service
            .name
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let (supervised, leftover_pid, error) = match snapshot {
        Snapshot::Supervised(_) => (Some(true), None, None),
        Snapshot::Unsupervised { leftover } => (Some(false), *leftover, None),
        Snapshot::Unreadable(error) => (None, None, Some(words::trouble(error))),
    };
    let object = Object {
        name: &name,
        name_hex: std::str::from_utf8(&service.name).is_err().then(hex),
        directory: &service.directory.to_string_lossy(),
        enabled: service.enabled,
        supervised,
        state: snapshot.facts().map(|facts| facts.stage.text()),
        as_wanted: snapshot.is_as_wanted(),
        facts: snapshot.facts().map(|facts| known(facts, now)),
        leftover_pid,
        error,
    };
    // Writing to a Vec does not fail, and every key is a string.
    let _ = serde_json::to_writer(&mut *out, &object);
    out.push(b'\n');
}

fn known(facts: &Facts, now: Tai64n) -> Known {
    let detail = facts.detail;
    let (code, signal) = match detail.and_then(|detail| detail.last_end) {
        None => (None, None),
        Some(End::Exited(code)) => (Some(code), None),
        Some(End::Killed(signal)) => (None, Some(signal)),
    };
    let since = facts.since();
    Known {
        pid: facts.pid(),
        seconds: since.map(|since| now.seconds.saturating_sub(since.seconds)),
        since: since.map(|since| label(since.label())),
        normally: if facts.normally_down { "down" } else { "up" },
        paused: facts.is_paused(),
        want: match facts.want() {
            Some(Want::Up) => Some("up"),
            Some(Want::Down) => Some("down"),
            Some(Want::Once) | None => None,
        },
        ready_since: detail.and_then(|detail| detail.ready).map(label),
        next_start: detail.and_then(|detail| detail.next).map(label),
        starts: detail.map(|detail| detail.starts),
        last_exit_code: code,
        last_exit_signal: signal,
        early_ends: detail.map(|detail| detail.failures),
        failures: detail.map(|detail| detail.failed),
    }
}

fn label(label: [u8; LABEL_LEN]) -> String {
    ["@", &String::from_utf8_lossy(&label)].concat()
}
