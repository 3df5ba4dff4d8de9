//! New directories, watched while they are being filled.

use core::ffi::CStr;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::{Dir, Hint};
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::unix::inotify::{Change, Watch};
use log::debug;

use crate::arrival::{Arrival, Origin, Step, WATCHES, What, is_temporary};
use crate::path::{self, Path};
use crate::record;
use crate::services::Services;
use crate::spare::Watcher;

/// How deep a new directory is watched: itself, `log/`, and the directories in that.
const DEPTH: usize = 2;

/// The new directories that are held back.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    list: Vec<Arrival>,
}

impl Arrivals {
    fn find(&self, identity: Identity) -> Option<usize> {
        self.list
            .iter()
            .position(|arrival| arrival.identity == identity)
    }

    /// Whether a new directory is held back, since it may still be being filled. One that
    /// is held back already is known by this name from now on.
    pub(crate) fn hold(
        &mut self,
        name: &CStr,
        identity: Identity,
        origin: Origin,
        watcher: Option<&Watcher>,
    ) -> bool {
        let at_once = match origin {
            Origin::FirstScan => true,
            Origin::Moved => !is_temporary(name.to_bytes()) && is_complete(name),
            Origin::Linked | Origin::Made => false,
        };
        match self.find(identity) {
            Some(place) if at_once => {
                self.remove(place, watcher);
                false
            }
            Some(place) => {
                let known = &mut self.list[place];
                if known.name.as_c_str() != name {
                    debug!("{name:?}: was {:?}, waits", known.name.as_c_str());
                    known.renamed(path::of_name(name), Monotonic::now());
                }
                true
            }
            None => !at_once && self.add(name, identity, What::Service, origin, watcher),
        }
    }

    /// Whether the new logger of a running service is held back, or cannot be added now.
    pub(crate) fn hold_log(
        &mut self,
        name: &CStr,
        identity: Identity,
        watcher: Option<&Watcher>,
    ) -> bool {
        // It may be older: it was found by a scan.
        self.find(identity).is_some()
            || !record::is_plainly_up(name)
            || self.add(name, identity, What::Log, Origin::Linked, watcher)
    }

    /// Watches a new directory until it may be started. False where it can't be watched.
    fn add(
        &mut self,
        name: &CStr,
        identity: Identity,
        what: What,
        origin: Origin,
        watcher: Option<&Watcher>,
    ) -> bool {
        let Some(watcher) = watcher else {
            return false;
        };
        let now = Monotonic::now();
        let mut arrival = Arrival::new(path::of_name(name), identity, what, origin, now);
        watch(watcher, name, DEPTH, &mut arrival.watches);
        if arrival.watches.is_empty() || self.list.try_reserve(1).is_err() {
            return false;
        }
        debug!("{name:?}: waits until the new {what:?} is complete");
        self.list.push(arrival);
        true
    }

    /// Something has changed within a new directory.
    pub(crate) fn changed(&mut self, watcher: &Watcher, from: Watch, change: Change) {
        for arrival in &mut self.list {
            if arrival.watches.contains(&from) {
                arrival.changed(Monotonic::now());
                if change != Change::Other {
                    let name = arrival.name;
                    watch(watcher, name.as_c_str(), DEPTH, &mut arrival.watches);
                }
            }
        }
    }

    /// inotify was opened again: the watches are those of this one.
    pub(crate) fn watch_again(&mut self, watcher: &Watcher) {
        for arrival in &mut self.list {
            arrival.watches.clear();
            let name = arrival.name;
            watch(watcher, name.as_c_str(), DEPTH, &mut arrival.watches);
        }
    }

    /// Checks those that stayed unchanged, and hands over to `services` those that are
    /// complete or have waited long enough. Gives the time of the next check.
    pub(crate) fn tend(
        &mut self,
        services: &mut Services,
        watcher: Option<&Watcher>,
    ) -> Option<Monotonic> {
        let mut next: Option<Monotonic> = None;
        for place in (0..self.list.len()).rev() {
            let now = Monotonic::now();
            let arrival = &mut self.list[place];
            let name = arrival.name.as_c_str();
            let mut ready = false;
            if arrival.step(now) == Step::Check {
                ready = match arrival.what {
                    What::Service => is_complete(name),
                    What::Log => is_log_complete(name),
                };
                debug!("{name:?}: checked, ready: {ready}");
                if !ready {
                    arrival.incomplete();
                }
            }
            match arrival.step(now) {
                _ if ready => {
                    let arrival = self.remove(place, watcher);
                    hand_over(&arrival, services);
                }
                Step::Expired => {
                    let arrival = self.remove(place, watcher);
                    debug!("{:?}: has waited long enough", arrival.name.as_c_str());
                    if arrival.what == What::Service {
                        hand_over(&arrival, services);
                    }
                }
                Step::WaitUntil(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Step::Check => {}
            }
        }
        next
    }

    /// Ends the watching of one.
    fn remove(&mut self, place: usize, watcher: Option<&Watcher>) -> Arrival {
        let arrival = self.list.swap_remove(place);
        if let Some(watcher) = watcher {
            for &watch in &arrival.watches {
                watcher.inotify.remove(watch);
            }
        }
        arrival
    }

    /// Forgets all: svscan stops.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }
}

/// Takes in a directory that has waited.
fn hand_over(arrival: &Arrival, services: &mut Services) {
    let name = arrival.name.as_c_str();
    let same = |facts: file::Facts| facts.identity == arrival.identity;
    if !file::stat(name).is_ok_and(same) {
        debug!("{name:?}: was removed or replaced while it waited");
        return;
    }
    match (arrival.what, services.table.find(arrival.identity)) {
        (What::Service, None) => {
            let before = services.table.len();
            services.admit(name, arrival.identity, before);
        }
        (What::Log, Some(number)) => services.add_log(number, name),
        (What::Service, Some(_)) | (What::Log, None) => {}
    }
}

/// Watches a directory and those within it, down to `depth`. A directory that is watched
/// already stays watched.
fn watch(watcher: &Watcher, path: &CStr, depth: usize, watches: &mut Vec<Watch>) {
    if watches.len() >= WATCHES || watches.try_reserve(1).is_err() {
        return;
    }
    let Ok(watch_here) = watcher.watch(path) else {
        return;
    };
    if !watches.contains(&watch_here) {
        watches.push(watch_here);
    }
    if depth == 0 {
        return;
    }
    let Ok(dir) = Dir::open(path) else {
        return;
    };
    // Directories after a failure are not watched.
    let _ = dir.each(|name, hint| {
        if hint == Hint::Directory
            && name.to_bytes().first() != Some(&b'.')
            && let Ok(path) = Path::new(&[path.to_bytes(), b"/", name.to_bytes()])
        {
            watch(watcher, path.as_c_str(), depth - 1, watches);
        }
    });
}

/// Whether a new service is complete: it has `run`, and `log/run` if it has `log/`.
fn is_complete(name: &CStr) -> bool {
    let log = Path::new(&[name.to_bytes(), b"/log"]);
    let is_directory = |facts: file::Facts| facts.kind == Kind::Directory;
    let logged = log.is_ok_and(|log| file::stat(log.as_c_str()).is_ok_and(is_directory));
    is_program(name, b"/run") && (!logged || is_log_complete(name))
}

/// Whether a service has `log/run`.
pub(crate) fn is_log_complete(name: &CStr) -> bool {
    is_program(name, b"/log/run")
}

/// Whether a file of a service can be executed.
fn is_program(name: &CStr, file: &[u8]) -> bool {
    Path::new(&[name.to_bytes(), file]).is_ok_and(|path| {
        let path = path.as_c_str();
        file::may_execute(path).is_ok()
            && file::stat(path).is_ok_and(|facts| facts.kind == Kind::Regular)
    })
}
