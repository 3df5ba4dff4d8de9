//! Reads the services for the model. A tree may have thousands, so not all are read each
//! time: those on the screen are, those whose record was replaced, and of the others some
//! in turn.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use daemontools::servicedir;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::file::{self, Identity};

use super::entry::{Entry, Live};
use super::log_view::{self, LogView};
use super::model::{Model, View};
use crate::logs;
use crate::processes;
use crate::service::{Service, c_path, path_of};
use crate::snapshot::{self, Snapshot};
use crate::tree::Tree;

/// So many services are all read each time.
const FEW: usize = 300;
/// How many of more are read in turn each time.
const IN_TURN: usize = 200;
/// How often the tree is read.
const SCAN: Duration = Duration::from_secs(5);
/// The shortest time that gives a share of a processor.
const SHORTEST: Duration = Duration::from_millis(400);
/// How many lines of a log are read: at first, and then to find new ones.
const LOG: usize = 20_000;
const LOG_AGAIN: usize = 500;
/// How many are shown with a service.
const TAIL: usize = 100;

/// A file, told from another one that has replaced it or was written since.
type Stamp = Option<(Identity, (i64, i64))>;

#[derive(Debug)]
pub(super) struct Source<'a> {
    tree: &'a Tree,
    /// When the tree was read.
    scanned: Option<Monotonic>,
    /// The records that were read, by the names of services.
    stamps: HashMap<Vec<u8>, Stamp>,
    /// Whose turn it is.
    turn: usize,
    /// The processor time of main processes with all that descends from them.
    used: HashMap<Vec<u8>, Used>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    pid: u32,
    ticks: u64,
    at: Monotonic,
    share: Option<u64>,
}

impl<'a> Source<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            scanned: None,
            stamps: HashMap::new(),
            turn: 0,
            used: HashMap::new(),
        }
    }

    /// Brings the model up to date.
    pub(super) fn refresh(&mut self, model: &mut Model) {
        let now = Monotonic::now();
        if self
            .scanned
            .is_none_or(|scanned| now.since(scanned) >= SCAN)
        {
            match self.scan(model) {
                Ok(()) => self.scanned = Some(now),
                Err(error) => {
                    let directory = self.tree.directory().display();
                    model.message = Some((format!("unable to read {directory}: {error}"), true));
                }
            }
        }
        self.read(model);
        model.arrange();
        for index in model.on_screen().to_vec() {
            self.read_live(model, index);
        }
        if let View::Log(log) = &mut model.view {
            read_log(log);
        }
    }

    /// Reads what a service shows that has come onto the screen.
    pub(super) fn complete(&mut self, model: &mut Model) {
        for index in model.on_screen().to_vec() {
            let in_detail = matches!(model.view, View::Detail);
            if model.entries[index].live == Live::default() || in_detail {
                self.read_live(model, index);
            }
        }
    }

    /// The services that are there now. What is known of them stays.
    fn scan(&self, model: &mut Model) -> io::Result<()> {
        let services = self.tree.services()?;
        let mut known: HashMap<Vec<u8>, Entry> = std::mem::take(&mut model.entries)
            .into_iter()
            .map(|entry| (entry.service.name.clone(), entry))
            .collect();
        let entry = |service: Service| {
            known.remove(&service.name).unwrap_or_else(|| {
                let snapshot = snapshot::read(&service);
                Entry::new(service, snapshot)
            })
        };
        model.entries = services.into_iter().map(entry).collect();
        Ok(())
    }

    fn read(&mut self, model: &mut Model) {
        let count = model.entries.len();
        let mut due = vec![count <= FEW; count];
        for &index in model.on_screen() {
            due[index] = true;
        }
        if count > FEW {
            for step in 0..IN_TURN {
                due[(self.turn + step) % count] = true;
            }
            self.turn = (self.turn + IN_TURN) % count;
        }
        for (entry, is_due) in model.entries.iter_mut().zip(due) {
            if is_due || (count > FEW && self.is_new(&entry.service)) {
                entry.snapshot = snapshot::read(&entry.service);
            }
        }
    }

    /// Whether the record is not the one that was seen last.
    fn is_new(&mut self, service: &Service) -> bool {
        let path = service
            .directory
            .join(path_of(servicedir::STATUS.to_bytes()));
        let facts = c_path(&path).and_then(|path| file::stat(&path)).ok();
        let stamp = facts.map(|facts| (facts.identity, facts.changed));
        match self.stamps.get_mut(&service.name) {
            Some(known) => std::mem::replace(known, stamp) != stamp,
            None => self.stamps.insert(service.name.clone(), stamp).is_none(),
        }
    }

    fn read_live(&mut self, model: &mut Model, index: usize) {
        let in_detail = matches!(model.view, View::Detail);
        let entry = &mut model.entries[index];
        let main = match &entry.snapshot {
            Snapshot::Supervised(facts) => facts.pid(),
            Snapshot::Unsupervised { leftover } => *leftover,
            Snapshot::Unreadable(_) => None,
        };
        let usage = main.map(|pid| (pid, processes::usage(pid, false)));
        let count = if in_detail { TAIL } else { 1 };
        let lines = logs::last_lines(&entry.service, count).unwrap_or_default();
        let text = if in_detail {
            log_view::shown
        } else {
            log_view::text
        };
        entry.live = Live {
            cpu: usage.and_then(|(pid, usage)| self.share(&entry.service.name, pid, usage.ticks)),
            resident: usage.map(|(_, usage)| usage.resident),
            tail: lines.iter().map(text).collect(),
        };
    }

    /// The share of a processor since the last time, in thousandths.
    fn share(&mut self, name: &[u8], pid: u32, ticks: u64) -> Option<u64> {
        let at = Monotonic::now();
        let before = self.used.get(name).filter(|used| used.pid == pid).copied();
        let elapsed = before.map(|used| at.since(used.at));
        if let (Some(before), Some(elapsed)) = (before, elapsed)
            && elapsed < SHORTEST
        {
            return before.share;
        }
        // A process that has ended takes its time with it.
        let share = before.zip(elapsed).map(|(before, elapsed)| {
            let ticks = u128::from(ticks.saturating_sub(before.ticks));
            let each = u128::from(clock::ticks_per_second());
            let share = ticks * 1_000_000_000_000 / (each * elapsed.as_nanos().max(1));
            u64::try_from(share).unwrap_or(u64::MAX)
        });
        let used = Used {
            pid,
            ticks,
            at,
            share,
        };
        self.used.insert(name.to_vec(), used);
        share
    }
}

/// Reads what is new in a log.
pub(super) fn read_log(log: &mut LogView) {
    for (count, is_all) in [(LOG_AGAIN, false), (LOG, true)] {
        if log.position().0 == 0 && !is_all {
            continue;
        }
        match logs::last_lines(&log.service, count) {
            Ok(lines) => {
                log.trouble = None;
                if log.take(lines.into(), is_all) {
                    return;
                }
            }
            Err(why) => {
                log.trouble = Some(why.to_string());
                return;
            }
        }
    }
}
