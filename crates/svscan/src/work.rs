//! Doing what the table says.

use core::ffi::CStr;
use std::rc::Rc;

use daemontools::servicedir::status::Want;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::file;
use daemontools::unix::inotify::{Inotify, Watch};
use daemontools::{Errno, Result};

use crate::ME;
use crate::arrival::Arrival;
use crate::farewell::{self, DOWN_AND_EXIT, EXIT, KILL_AND_EXIT};
use crate::find::Trouble;
use crate::others::Others;
use crate::pair::{self, Inheritance, Pipe};
use crate::path::Path;
use crate::slot::{Action, Farewell, Mark, PACE, Role};
use crate::sole::Sole;
use crate::table::Table;
use crate::tick::Tick;

/// Everything that svscan knows.
#[derive(Debug)]
pub(crate) struct Svscan {
    pub(crate) inheritance: Inheritance,
    /// The claim to the scan directory.
    pub(crate) sole: Sole,
    pub(crate) table: Table,
    /// New directories that may still be being filled.
    pub(crate) arrivals: Vec<Arrival>,
    /// Names that lead to no directory.
    pub(crate) troubles: Vec<Trouble>,
    /// The scan directory.
    pub(crate) dir: Option<Dir>,
    /// Whether it has been said that it can't be read.
    pub(crate) dir_said: bool,
    /// inotify with its watch on the scan directory, where the kernel has it.
    pub(crate) notify: Option<(Rc<Inotify>, Watch)>,
    /// When the scan directory had changed when it was last read; `None` to read it
    /// again in any case.
    pub(crate) stamp: Option<(i64, i64)>,
    /// When it had changed when it was looked at before.
    pub(crate) last_stamp: Option<(i64, i64)>,
    /// The whole directory has to be read now.
    pub(crate) rescan: bool,
    /// Whether there has been a scan at all.
    pub(crate) begun: bool,
    /// Where the next look at some of the services begins.
    pub(crate) cursor: usize,
    /// Something was found or has ended: there may be something to do.
    pub(crate) changed: bool,
    /// Children could not be waited for: once more at the next scan.
    pub(crate) reap_again: bool,
    /// Whether it has been said that there is no /proc.
    pub(crate) proc_said: bool,
    /// Supervises that were taken over: no children of ours.
    pub(crate) others: Option<Others>,
    /// There are services whose supervises may run already.
    pub(crate) unseen: bool,
    /// Whether it has been said that supervises can't be taken over.
    pub(crate) takeover_said: bool,
    /// Whether we end, and how often we were told.
    pub(crate) stop: u8,
}

/// Now.
pub(crate) fn now() -> Tick {
    Tick::of(Monotonic::now())
}

impl Svscan {
    /// Does for every service what is to be done now. Gives the number of
    /// milliseconds until there is more, if that is known.
    pub(crate) fn pass(&mut self) -> Option<u32> {
        self.changed = false;
        if self.unseen {
            self.take_over();
        }
        let mut least: Option<u32> = None;
        let now = now();
        for slot in 0..self.table.len() {
            // Until it is known what runs of it, nothing is started.
            let wait = if self.table[slot].has(Mark::Unseen) && self.stop == 0 {
                Some(PACE)
            } else {
                self.act(slot, now);
                self.table[slot].wait(now)
            };
            if let Some(wait) = wait {
                least = Some(least.map_or(wait, |least| least.min(wait)));
            }
        }
        least
    }

    /// Does for one service what is to be done at `now`.
    fn act(&mut self, slot: usize, now: Tick) {
        let mut sure = false;
        while let Some(action) = self.table[slot].next(now) {
            let anyhow = matches!(action, Action::Tell(_, Farewell::Stop));
            if !anyhow && !sure && !self.still_there(slot) {
                return;
            }
            sure |= !anyhow;
            let done = match action {
                Action::Pipe => self.pipe(slot),
                Action::Start(role) => self.start(slot, role),
                Action::Tell(role, farewell) => self.tell(slot, role, farewell),
                Action::Renew => self.renew(slot),
            };
            if !done {
                return;
            }
        }
    }

    /// Whether a service's name still leads to it. If not, the whole directory has
    /// to be read: it may have another name now.
    fn still_there(&mut self, slot: usize) -> bool {
        let there = file::stat(self.table.name(slot))
            .is_ok_and(|facts| facts.identity == self.table[slot].identity);
        if !there {
            self.table[slot].set(Mark::Listed, false);
            self.rescan = true;
        }
        there
    }

    fn pipe(&mut self, slot: usize) -> bool {
        match self.with_room(|_| Pipe::new()) {
            Ok(pipe) => {
                self.table[slot].piped(pipe);
                true
            }
            Err(error) => self.failed(slot, Role::Service, b"unable to create pipe for ", error),
        }
    }

    /// Attempts something that takes descriptors. If none is left, one after the other of
    /// those that only make svscan quicker is given up for it.
    pub(crate) fn with_room<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        loop {
            match attempt(self) {
                Err(Errno::EMFILE | Errno::ENFILE) if self.free_descriptors() => {}
                result => return result,
            }
        }
    }

    /// Gives up descriptors without which svscan is as quick as the reference; says
    /// whether there were any left.
    fn free_descriptors(&mut self) -> bool {
        self.others.as_mut().is_some_and(Others::release)
            || self.dir.take().is_some()
            || self.notify.take().is_some()
    }

    fn start(&mut self, slot: usize, role: Role) -> bool {
        let table = &self.table;
        let (name, pipe) = (table.name(slot), table[slot].pipe());
        let silent = table[slot].has(Mark::Mute);
        match pair::start(&self.inheritance, &mut self.sole, role, name, pipe, silent) {
            Ok(pid) => {
                self.table[slot].started(role, pid, now());
                true
            }
            // The other half may do better: it has its own time.
            Err(error) => {
                self.failed(slot, role, b"unable to fork for ", error);
                true
            }
        }
    }

    /// Says once that something failed, and puts it off.
    fn failed(&mut self, slot: usize, role: Role, what: &[u8], error: Errno) -> bool {
        if self.table[slot].say() {
            let name = self.table.name(slot).to_bytes();
            ME.warning(&[what, name, pair::suffix(role)], error);
        }
        self.table[slot].failed(role, now());
        false
    }

    fn tell(&mut self, slot: usize, role: Role, farewell: Farewell) -> bool {
        let name = self.table.name(slot);
        let told = match (farewell, self.table[slot].pid(role)) {
            (_, None) => return false,
            (Farewell::Join, Some(_)) => farewell::by_name(name, DOWN_AND_EXIT),
            (Farewell::Replaced, Some(pid)) if role == Role::Service || self.has_log(slot) => {
                farewell::by_descriptor(pid, DOWN_AND_EXIT)
            }
            // No logger comes after it: it may read the pipe to its end.
            (Farewell::Replaced, Some(pid)) => {
                let told = farewell::by_descriptor(pid, EXIT);
                if told.is_ok() {
                    self.table[slot].renew(false, now());
                    return true;
                }
                told
            }
            (Farewell::Stop, Some(pid)) => self.tell_to_stop(slot, role, pid),
        };
        match told {
            Ok(()) => self.table[slot].told(),
            // It may just have been started: said only to who insists.
            Err(_) if farewell == Farewell::Stop && self.stop == 1 => {}
            Err(error) => {
                self.failed(slot, role, b"unable to control ", error);
            }
        }
        told.is_ok()
    }

    /// Tells a supervise to end, wherever its directory may be now. At first
    /// services get TERM and loggers read to the end of the pipe; told to stop
    /// again, we don't wait for either.
    fn tell_to_stop(&self, slot: usize, role: Role, pid: u32) -> Result<()> {
        let letters = match (role, self.stop) {
            (Role::Service, 0 | 1) | (Role::Log, 2..) => DOWN_AND_EXIT,
            (Role::Service, 2..) => KILL_AND_EXIT,
            (Role::Log, 0 | 1) => EXIT,
        };
        let name = self.table.name(slot);
        let log = Path::new(&[name.to_bytes(), pair::suffix(role)])?;
        if role == Role::Log && self.stop == 1 && !self.may_leave(slot, log.as_c_str()) {
            return Err(Errno::EAGAIN);
        }
        let here = file::stat(name).is_ok_and(|facts| facts.identity == self.table[slot].identity);
        let told = if here {
            farewell::by_name(log.as_c_str(), letters)
        } else {
            Err(Errno::ENOENT)
        };
        told.or_else(|error| {
            farewell::by_descriptor(pid, letters)
                .or_else(|_| farewell::end_unborn(pid))
                .map_err(|_| error)
        })
    }

    /// Whether a logger reads, or won't: told to leave while it waits to start the
    /// logger again, its supervise would leave the rest of the pipe unread.
    fn may_leave(&self, slot: usize, log: &CStr) -> bool {
        self.table[slot].has_waited(now())
            || !farewell::is_told(log, |status| status.pid == 0 && status.want == Want::Up)
    }

    /// The old supervises of a replaced directory have gone.
    fn renew(&mut self, slot: usize) -> bool {
        let logged = self.has_log(slot);
        self.table[slot].renew(logged, now());
        // What is due now may lie after the moment that this pass began with.
        self.changed = true;
        true
    }

    /// Whether a service's directory has a logger, of whatever type.
    fn has_log(&self, slot: usize) -> bool {
        Path::new(&[self.table.name(slot).to_bytes(), b"/log"])
            .is_ok_and(|path| file::stat(path.as_c_str()).is_ok())
    }
}
