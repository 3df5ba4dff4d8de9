//! Watching new directories while they are being filled.

use core::ffi::CStr;
use std::rc::Rc;

use daemontools::unix::dir::{Dir, Hint};
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::unix::inotify::{Change, Event, Inotify, Watch};

use crate::arrival::{Arrival, Manner, Verdict, WATCHES, What, is_provisional};
use crate::farewell;
use crate::pair::Pipe;
use crate::path::{self, Path};
use crate::work::{Svscan, now};

/// How deep a new directory is watched: itself, `log/`, and what is in that.
const DEPTH: usize = 2;

impl Svscan {
    /// Which of the new directories this one is.
    fn arriving(&self, identity: Identity) -> Option<usize> {
        self.arrivals
            .iter()
            .position(|arrival| arrival.identity == identity)
    }

    /// Whether a new directory is to be waited for: it may still be being filled. One
    /// that is known to be is known by this name from now on.
    pub(crate) fn waits(&mut self, name: &CStr, identity: Identity, manner: Manner) -> bool {
        let known = self.arriving(identity);
        let is_whole = manner == Manner::Found
            || manner == Manner::Moved && !is_provisional(name.to_bytes()) && is_complete(name);
        match known {
            Some(known) if is_whole => {
                self.leave(known);
                false
            }
            Some(known) => {
                let known = &mut self.arrivals[known];
                if known.name.as_c_str() != name {
                    known.renamed(path::of_name(name), now());
                }
                true
            }
            None => !is_whole && self.arrive(name, identity, What::Service, manner),
        }
    }

    /// Watches a new directory until it is settled. False where that can't be done.
    fn arrive(&mut self, name: &CStr, identity: Identity, what: What, manner: Manner) -> bool {
        let Some((notify, _)) = &self.notify else {
            return false;
        };
        if self.arrivals.try_reserve(1).is_err() {
            return false;
        }
        let mut arrival = Arrival::new(path::of_name(name), identity, what, manner, now());
        watch(notify, name, DEPTH, &mut arrival.watches);
        if arrival.watches.is_empty() {
            return false;
        }
        self.arrivals.push(arrival);
        true
    }

    /// Takes in what inotify has to tell.
    pub(crate) fn notice(&mut self) {
        let Some((notify, root)) = &self.notify else {
            return;
        };
        let (notify, root) = (Rc::clone(notify), *root);
        let read = notify.each(|event| match event {
            Event::Lost => self.rescan = true,
            Event::In(watch, change, name) if watch == root => self.appeared(change, name),
            Event::In(watch, change, _) => self.stirred(&notify, watch, change),
        });
        if read.is_err() {
            // As where there is none.
            self.notify = None;
            self.rescan = true;
        }
    }

    /// A name has appeared in the scan directory.
    fn appeared(&mut self, change: Change, name: &CStr) {
        let manner = match (change, file::lstat(name)) {
            // It has gone already. Whatever leads nowhere is for the next scan to say.
            (_, Err(_)) => return,
            _ if file::stat(name).is_err() => return,
            (Change::MovedHere, _) => Manner::Moved,
            (_, Ok(facts)) if facts.kind == Kind::Link => Manner::Linked,
            _ => Manner::Made,
        };
        self.changed = true;
        self.consider(name, manner, self.table.len());
    }

    /// Something has happened within a new directory.
    fn stirred(&mut self, notify: &Inotify, from: Watch, change: Change) {
        for arrival in &mut self.arrivals {
            if arrival.watches.contains(&from) {
                arrival.stirred(now());
                if change != Change::Other {
                    let name = arrival.name;
                    watch(notify, name.as_c_str(), DEPTH, &mut arrival.watches);
                }
            }
        }
    }

    /// Looks after the new directories. Gives the number of milliseconds until
    /// there is more to do.
    pub(crate) fn tend_arrivals(&mut self) -> Option<u32> {
        let mut least: Option<u32> = None;
        for index in (0..self.arrivals.len()).rev() {
            let now = now();
            if self.arrivals[index].verdict(now) == Verdict::Look {
                self.look_at_arrival(index);
            }
            match self.arrivals.get(index).map(|arrival| arrival.verdict(now)) {
                Some(Verdict::Wait(wait)) => {
                    least = Some(least.map_or(wait, |least| least.min(wait)));
                }
                Some(Verdict::Over) => {
                    let arrival = self.leave(index);
                    if arrival.what == What::Service {
                        self.settled(&arrival);
                    }
                }
                Some(Verdict::Look) | None => {}
            }
        }
        least
    }

    /// It is quiet: takes it on if it is complete.
    fn look_at_arrival(&mut self, index: usize) {
        let name = self.arrivals[index].name;
        let complete = match self.arrivals[index].what {
            What::Service => is_complete(name.as_c_str()),
            What::Log => Self::is_log_complete(name.as_c_str()),
        };
        if complete {
            let arrival = self.leave(index);
            self.settled(&arrival);
        } else {
            self.arrivals[index].incomplete();
        }
    }

    /// Ends the watching.
    fn leave(&mut self, index: usize) -> Arrival {
        let arrival = self.arrivals.swap_remove(index);
        if let Some((notify, _)) = &self.notify {
            for &watch in &arrival.watches {
                notify.remove(watch);
            }
        }
        arrival
    }

    fn settled(&mut self, arrival: &Arrival) {
        let name = arrival.name.as_c_str();
        let same = |facts: file::Facts| facts.identity == arrival.identity;
        if !file::stat(name).is_ok_and(same) {
            // It has gone, or another has its name, of which we were told too.
            return;
        }
        match (arrival.what, self.table.find(arrival.identity)) {
            (What::Service, None) => self.begin(name, arrival.identity, self.table.len()),
            (What::Log, Some(slot)) => self.add_log(slot, name),
            (What::Service, Some(_)) | (What::Log, None) => {}
        }
    }

    /// Whether `log/run` can be executed.
    pub(crate) fn is_log_complete(name: &CStr) -> bool {
        is_program(name, b"/log/run")
    }

    /// A service that runs without a logger has got one, perhaps still half-made.
    pub(crate) fn log_came(&mut self, slot: usize, name: &CStr) {
        let identity = self.table[slot].identity;
        // It has been there for a while, as far as is known.
        if self.arriving(identity).is_none()
            && farewell::is_plainly_up(name)
            && !self.arrive(name, identity, What::Log, Manner::Linked)
        {
            self.add_log(slot, name);
        }
    }

    /// Gives a logger to a service that runs without one. Its own supervise has to
    /// come back on the pipe, and comes back up: so only where it is up and shall
    /// be, and otherwise another time.
    fn add_log(&mut self, slot: usize, name: &CStr) {
        if self.table[slot].could_join()
            && farewell::is_plainly_up(name)
            && let Ok(pipe) = Pipe::new()
        {
            self.table[slot].join(pipe, now());
            self.changed = true;
        }
    }
}

/// Watches a directory and those within it, down to `depth`, as far as it goes.
/// What it already watches it goes on watching.
fn watch(notify: &Inotify, path: &CStr, depth: usize, watches: &mut Vec<Watch>) {
    if watches.len() >= WATCHES || watches.try_reserve(1).is_err() {
        return;
    }
    let Ok(watch_here) = notify.anything(path) else {
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
    // What can't be read is not watched.
    let _ = dir.each(|name, hint| {
        if hint == Hint::Directory
            && name.to_bytes().first() != Some(&b'.')
            && let Ok(path) = Path::new(&[path.to_bytes(), b"/", name.to_bytes()])
        {
            watch(notify, path.as_c_str(), depth - 1, watches);
        }
    });
}

/// Whether a new service has what it needs: `run`, and `log/run` where there is a
/// `log/`.
fn is_complete(name: &CStr) -> bool {
    let log = Path::new(&[name.to_bytes(), b"/log"]);
    let is_directory = |facts: file::Facts| facts.kind == Kind::Directory;
    let logged = log.is_ok_and(|log| file::stat(log.as_c_str()).is_ok_and(is_directory));
    is_program(name, b"/run") && (!logged || is_program(name, b"/log/run"))
}

fn is_program(name: &CStr, file: &[u8]) -> bool {
    Path::new(&[name.to_bytes(), file]).is_ok_and(|path| {
        let path = path.as_c_str();
        file::may_execute(path).is_ok()
            && file::stat(path).is_ok_and(|facts| facts.kind == Kind::Regular)
    })
}
