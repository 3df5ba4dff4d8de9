//! Prometheus' text format. No I/O.

use std::fmt::Write;

use daemontools::servicedir::detail::Stage;
use daemontools::servicedir::status::Want;
use daemontools::tai64n::Tai64n;
use daemontools::unix::process::End;

use crate::processes::Usage;
use crate::snapshot::{Facts, Snapshot};

/// A service, as the samples show it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: Vec<u8>,
    pub(crate) snapshot: Snapshot,
    /// What its processes use, if that is asked for.
    pub(crate) usage: Option<Usage>,
}

/// A kind of sample.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    /// The value for a service; `None` if there is none.
    value: fn(&Row) -> Option<String>,
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    value: fn(&Row) -> Option<String>,
) -> Family {
    Family {
        name,
        kind: "gauge",
        help,
        value,
    }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    value: fn(&Row) -> Option<String>,
) -> Family {
    Family {
        name,
        kind: "counter",
        help,
        value,
    }
}

/// What there is for each service, in the order of the output.
const FAMILIES: [Family; 16] = [
    gauge("supervised", "Whether a supervise runs.", |row| {
        match row.snapshot {
            Snapshot::Supervised(_) => one(true),
            Snapshot::Unsupervised { .. } => one(false),
            Snapshot::Unreadable(_) => None,
        }
    }),
    gauge(
        "up",
        "Whether the service has a process.",
        |row| match row.snapshot {
            Snapshot::Supervised(facts) => one(facts.pid().is_some()),
            Snapshot::Unsupervised { leftover } => one(leftover.is_some()),
            Snapshot::Unreadable(_) => None,
        },
    ),
    gauge(
        "ready",
        "Whether the service has said that it is ready.",
        |row| match row.snapshot {
            Snapshot::Supervised(facts) => one(facts.stage == Stage::Ready),
            Snapshot::Unsupervised { .. } => one(false),
            Snapshot::Unreadable(_) => None,
        },
    ),
    gauge(
        "wanted_up",
        "Whether supervise starts the service again when it ends.",
        |row| one(facts(row)?.want() == Some(Want::Up)),
    ),
    gauge(
        "normally_up",
        "Whether the service is started at boot: it has no file down.",
        |row| one(!facts(row)?.normally_down),
    ),
    gauge(
        "paused",
        "Whether the service was paused by svc -p.",
        |row| one(facts(row)?.is_paused()),
    ),
    gauge(
        "last_change_timestamp_seconds",
        "When its process started or ended.",
        |row| facts(row)?.status.map(|status| time(status.since)),
    ),
    gauge(
        "next_start_timestamp_seconds",
        "When a service that waits is started again.",
        |row| facts(row)?.next_start().map(time),
    ),
    counter(
        "starts_total",
        "How often the service was started.",
        |row| facts(row)?.detail.map(|detail| detail.starts.to_string()),
    ),
    counter(
        "failures_total",
        "How often the service has ended early.",
        |row| facts(row)?.detail.map(|detail| detail.failed.to_string()),
    ),
    gauge(
        "early_ends",
        "How often in a row the service has ended early.",
        |row| facts(row)?.detail.map(|detail| detail.failures.to_string()),
    ),
    gauge(
        "last_exit_code",
        "The exit code of its last process.",
        |row| match last_end(row)? {
            End::Exited(code) => Some(code.to_string()),
            End::Killed(_) => None,
        },
    ),
    gauge(
        "last_exit_signal",
        "The signal that has killed its last process.",
        |row| match last_end(row)? {
            End::Exited(_) => None,
            End::Killed(signal) => Some(signal.to_string()),
        },
    ),
    gauge("processes", "Processes of the service.", |row| {
        row.usage.map(|usage| usage.processes.to_string())
    }),
    gauge(
        "resident_memory_bytes",
        "Resident memory of its processes.",
        |row| row.usage.map(|usage| usage.resident.to_string()),
    ),
    gauge("open_fds", "Open descriptors of its processes.", |row| {
        row.usage?.descriptors.map(|count| count.to_string())
    }),
];

/// Room for the samples of a service whose name is not long.
const ROW: usize = 1600;

/// All samples.
pub(crate) fn render(rows: &[Row], has_svscan: bool) -> String {
    let labels: Vec<String> = rows.iter().map(|row| label(&row.name)).collect();
    let mut out = String::with_capacity(rows.len() * ROW);
    for family in &FAMILIES {
        let values = rows.iter().map(|row| (family.value)(row));
        let mut samples = labels
            .iter()
            .zip(values)
            .filter_map(|(label, value)| Some((label, value?)));
        let Some(first) = samples.next() else {
            continue;
        };
        let name = format!("daemontools_service_{}", family.name);
        head(&mut out, &name, family.kind, family.help);
        for (label, value) in std::iter::once(first).chain(samples) {
            push(
                &mut out,
                &[&name, "{service=\"", label, "\"} ", &value, "\n"],
            );
        }
    }
    stages(&mut out, rows, &labels);
    let count = rows.len().to_string();
    let svscan = u8::from(has_svscan).to_string();
    head(
        &mut out,
        "daemontools_services",
        "gauge",
        "Services and loggers in the tree.",
    );
    let _ = writeln!(out, "daemontools_services {count}");
    head(
        &mut out,
        "daemontools_svscan_up",
        "gauge",
        "Whether an svscan looks after the tree.",
    );
    let _ = writeln!(out, "daemontools_svscan_up {svscan}");
    head(
        &mut out,
        "daemontools_build_info",
        "gauge",
        "The version of svctl.",
    );
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(out, "daemontools_build_info{{version=\"{version}\"}} 1");
    out
}

/// The stage as a state set: a sample for each stage, one of which is 1.
fn stages(out: &mut String, rows: &[Row], labels: &[String]) {
    let name = "daemontools_service_stage";
    let mut is_first = true;
    for (row, label) in rows.iter().zip(labels) {
        let Some(facts) = facts(row) else { continue };
        if std::mem::take(&mut is_first) {
            head(
                out,
                name,
                "gauge",
                "Where in its life the service is: one of the stages is 1.",
            );
        }
        for stage in Stage::ALL {
            let is = if facts.stage == stage { "1" } else { "0" };
            let stage = stage.text();
            let parts = [
                name,
                "{service=\"",
                label,
                "\",stage=\"",
                stage,
                "\"} ",
                is,
                "\n",
            ];
            push(out, &parts);
        }
    }
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

const fn facts(row: &Row) -> Option<&Facts> {
    row.snapshot.facts()
}

fn last_end(row: &Row) -> Option<End> {
    facts(row)?.detail?.last_end
}

#[allow(clippy::unnecessary_wraps, reason = "the value of a family")]
fn one(is: bool) -> Option<String> {
    Some(if is { "1" } else { "0" }.to_owned())
}

fn time(time: Tai64n) -> String {
    format!("{}.{:03}", time.unix_seconds(), time.nanos / 1_000_000)
}

/// A name as the value of a label: UTF-8, with escapes. Bytes that are none are shown in
/// hexadecimal, so that two names stay two.
fn label(name: &[u8]) -> String {
    let mut label = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => label.push_str(r"\\"),
                '"' => label.push_str("\\\""),
                '\n' => label.push_str("\\n"),
                other => label.push(other),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(label, r"\\x{byte:02x}");
        }
    }
    label
}

#[cfg(test)]
mod tests;
