//! Services for tests.

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::process::End;

use super::entry::Entry;
use crate::service::Service;
use crate::snapshot::{Facts, Snapshot};

/// The time at which they are looked at.
pub(super) const NOW: Tai64n = Tai64n {
    seconds: (1 << 62) + 10 + 1_700_000_000,
    nanos: 0,
};

/// A service that has been in a stage for an hour.
pub(super) fn facts(stage: Stage) -> Facts {
    let up = matches!(
        stage,
        Stage::Up | Stage::Ready | Stage::Starting | Stage::Stopping
    );
    Facts {
        stage,
        status: Some(Status {
            since: Tai64n {
                seconds: NOW.seconds - 3725,
                nanos: 0,
            },
            pid: if up { 4711 } else { 0 },
            paused: false,
            want: if stage == Stage::Failed {
                Want::Once
            } else {
                Want::Up
            },
        }),
        detail: Some(Detail {
            starts: 1,
            ..Detail::default()
        }),
        normally_down: false,
    }
}

/// One that keeps ending early.
pub(super) fn crashing() -> Facts {
    let next = Tai64n {
        seconds: NOW.seconds + 48,
        nanos: 0,
    };
    Facts {
        detail: Some(Detail {
            starts: 34,
            failures: 5,
            failed: 5,
            last_end: Some(End::Exited(1)),
            next: Some(next.label()),
            ..Detail::default()
        }),
        ..facts(Stage::Waiting)
    }
}

pub(super) fn entry(name: &str, facts: Facts) -> Entry {
    let service = Service {
        name: name.as_bytes().to_vec(),
        directory: format!("/etc/service/{name}").into(),
        enabled: true,
    };
    Entry::new(service, Snapshot::Supervised(facts))
}
