//! Taking over what a svscan that is no more has left: supervises that run, and the
//! pipes between them.
//!
//! A supervise that runs is met by its `ok`, before a second one is started for the
//! same service; who it is says its lock; and a pidfd tells when it ends. Its pipe
//! is opened anew through `/proc`, so that what is in it stays and both sides go on
//! as if nothing had happened. This works after the C original's svscan too.

use core::ffi::CStr;

use daemontools::command::TAKEN_OVER;
use daemontools::errno::passes;
use daemontools::servicedir::{LOCK, OK, Told};
use daemontools::status::Status;
use daemontools::unix::file::{self, Identity};
use daemontools::unix::{clock, fd, fifo};
use daemontools::{Errno, Result, procfs};

use crate::ME;
use crate::farewell;
use crate::find::is_link;
use crate::others::Others;
use crate::pair::{self, Pipe};
use crate::path::Path;
use crate::reunion::{End, Source, reunion};
use crate::slot::{Mark, Role};
use crate::work::{Svscan, now};

/// Who holds which lock: inode and pid, sorted.
type Holders = Vec<(u64, u32)>;

impl Svscan {
    /// Takes over what already runs of the services that are new to us. The locks
    /// are read at most once, and not at all where nothing runs.
    pub(crate) fn take_over(&mut self) {
        self.unseen = false;
        let mut holders = None;
        // Services first: a supervise that is one of theirs is nobody's logger.
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Unseen) {
                // What keeps us from looking is met again below.
                let _ = self.take_over_one(slot, Role::Service, &mut holders);
            }
        }
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Unseen) {
                self.table[slot].set(Mark::Unseen, false);
                let looked = self.with_room(|svscan| svscan.take_over_slot(slot, &mut holders));
                if let Err(error) = looked {
                    // Not to be told now: it must not be guessed.
                    self.say_of(slot, b"unable to see what runs of ", error);
                    self.table[slot].set(Mark::Unseen, true);
                    self.unseen = true;
                }
            }
        }
    }

    /// Takes over what runs of one service, with its pipe.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn take_over_slot(&mut self, slot: usize, holders: &mut Option<Holders>) -> Result<()> {
        self.take_over_one(slot, Role::Service, holders)?;
        if !self.table[slot].has(Mark::Logged) {
            return Ok(());
        }
        self.take_over_one(slot, Role::Log, holders)?;
        let (slot_now, others) = (&self.table[slot], &self.others);
        let is_other = |pid| others.as_ref().is_some_and(|others| others.has(pid));
        let found = [Role::Service, Role::Log]
            .into_iter()
            .any(|role| slot_now.pid(role).is_some_and(is_other));
        // A pipe of our own that nobody we found has is kept.
        if !slot_now.is_steady() || !found && slot_now.pipe().is_some() {
            return Ok(());
        }
        let now = now();
        if [Role::Service, Role::Log]
            .into_iter()
            .any(|role| slot_now.is_young(role, now))
        {
            // It has its end of our pipe, unless it is about to fail: soon we know.
            self.table[slot].set(Mark::Unseen, true);
            self.unseen = true;
            return Ok(());
        }
        self.rejoin(slot)
    }

    /// Takes over a supervise, if one runs.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn take_over_one(
        &mut self,
        slot: usize,
        role: Role,
        holders: &mut Option<Holders>,
    ) -> Result<()> {
        if self.table[slot].pid(role).is_some() {
            return Ok(());
        }
        let name = Path::new(&[self.table.name(slot).to_bytes(), pair::suffix(role)]);
        let Ok(name) = name.as_ref().map(Path::as_c_str) else {
            return Ok(());
        };
        if !is_supervised(name)? {
            return Ok(());
        }
        let found = match role {
            Role::Service => Ok(self.table[slot].identity),
            Role::Log => file::stat(name).map(|facts| facts.identity),
        }
        .and_then(|identity| self.watch(name, identity, holders));
        match found {
            Ok(None) => {}
            Ok(Some(pid)) => {
                self.table[slot].taken_over(role, pid, now());
                // Whoever can't take it was not asked for more.
                let _ = farewell::by_name(name, &[TAKEN_OVER]);
            }
            Err(error) if passes(error) => return Err(error),
            // It may have ended in the meantime.
            Err(error) if is_supervised(name)? && !self.takeover_said => {
                self.takeover_said = true;
                let what: [&[u8]; 2] =
                    [b"unable to take over running supervises: ", name.to_bytes()];
                ME.warning(&what, error);
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Finds the supervise of a directory and watches it from now on; gives its pid. None
    /// if it has its place already: it has one, whatever other names lead to its
    /// directory.
    fn watch(
        &mut self,
        name: &CStr,
        identity: Identity,
        holders: &mut Option<Holders>,
    ) -> Result<Option<u32>> {
        let lock = Path::new(&[name.to_bytes(), b"/", LOCK.to_bytes()])?;
        let lock = file::stat(lock.as_c_str())?.identity;
        if holders.is_none() {
            *holders = Some(all_holders()?);
        }
        let Some(holders) = holders else {
            return Err(Errno::ESRCH);
        };
        let others = self.others.get_or_insert_with(Others::new);
        let first = holders.partition_point(|&(of, _)| of < lock.inode);
        let candidates = holders[first..]
            .iter()
            .take_while(|&&(of, _)| of == lock.inode);
        let mut result = Err(Errno::ESRCH);
        for &(_, pid) in candidates {
            if self.table.holder(pid).is_some() && procfs::holds_flock(pid, lock)? {
                return Ok(None);
            }
            // The same inode may be locked on another file system, and by anybody.
            let is_it = || {
                Ok(procfs::works_as(pid, b"supervise", identity)?
                    && procfs::holds_flock(pid, lock)?)
            };
            match others.add(pid, is_it) {
                Ok(()) => return Ok(Some(pid)),
                Err(error) if passes(error) => return Err(error),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Says of a service, once, what could not be done.
    fn say_of(&mut self, slot: usize, what: &[u8], error: Errno) {
        if self.table[slot].say() {
            let name = self.table.name(slot).to_bytes();
            ME.warning(&[what, name], error);
        }
    }

    /// The processes of a service and its logger, as far as their records say so, are to
    /// be believed, and the kernel agrees.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn survivors(&mut self, slot: usize) -> Result<[Option<u32>; 2]> {
        let mut found = [None; 2];
        for (found, role) in found.iter_mut().zip([Role::Service, Role::Log]) {
            let name = Path::new(&[self.table.name(slot).to_bytes(), pair::suffix(role)])?;
            let name = name.as_c_str();
            *found = match farewell::record(name) {
                Ok(Told::By(status)) => survivor(status)?,
                Ok(Told::Stranger) => {
                    if self.table[slot].say() {
                        let what: [&[u8]; 3] = [
                            b"supervise/ of ",
                            name.to_bytes(),
                            b" is writable by others: its record is not believed",
                        ];
                        ME.warning(&what, None);
                    }
                    None
                }
                Err(error) if passes(error) => return Err(error),
                Ok(Told::Nothing) | Err(_) => None,
            };
        }
        Ok(found)
    }

    /// Finds the pipe of a service that has a logger.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn rejoin(&mut self, slot: usize) -> Result<()> {
        let name = Path::of_name(self.table.name(slot));
        let name = name.as_c_str();
        let sides = [Role::Service, Role::Log].map(|role| self.table[slot].pid(role));
        let [service, log] = if sides == [None, None] {
            // Their processes may be joined still.
            self.survivors(slot)?
        } else {
            sides
        };
        let output = service.map_or(Ok(End::Gone), output_of)?;
        let input = log.map_or(Ok(End::Gone), input_of)?;
        if sides == [None, None] && !is_theirs(output, input, service)? {
            return Ok(());
        }
        // What was seen is theirs only if it was they all the time.
        if sides == [None, None] && self.survivors(slot)? != [service, log] {
            return Err(Errno::EAGAIN);
        }
        let input = match self.reads_of_another(slot, output, input)? {
            true => End::Gone,
            false => input,
        };
        let plan = reunion(output, input);
        let found = match (plan.source, service, log) {
            (Source::From(Role::Service), Some(pid), _) => reopen(pid, b"fd/1", output),
            (Source::From(Role::Log), _, Some(pid)) => reopen(pid, b"fd/0", input),
            (Source::Later, ..) => {
                self.table[slot].set(Mark::Logged, false);
                return Ok(());
            }
            _ if output == End::Gone && input == End::Gone => return Ok(()),
            _ => Pipe::new(),
        };
        match found {
            Ok(pipe) => self.table[slot].piped(pipe),
            Err(error) if passes(error) => return Err(error),
            // The logger can't be started without: a new one will be made.
            Err(error) => self.say_of(slot, b"unable to find the pipe of ", error),
        }
        if let Some(trouble) = plan.trouble {
            ME.warning(&[name.to_bytes(), b": ", trouble], None);
        }
        let log = Path::new(&[name.to_bytes(), pair::suffix(Role::Log)]);
        if let (Some(letters), Ok(log)) = (plan.log_leaves, log) {
            match farewell::by_name(log.as_c_str(), letters) {
                Ok(()) => self.table[slot].set(Mark::Returning, true),
                Err(error) => {
                    ME.warning(&[b"unable to control ", log.as_c_str().to_bytes()], error);
                }
            }
        }
        Ok(())
    }

    /// Whether the logger that was found is that of another service, whose directory a
    /// link leads to: it is let go.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn reads_of_another(&mut self, slot: usize, output: End, input: End) -> Result<bool> {
        let log = Path::new(&[self.table.name(slot).to_bytes(), pair::suffix(Role::Log)])?;
        if output == input || !matches!(input, End::Pipe(_)) || !is_link(log.as_c_str()) {
            return Ok(false);
        }
        for other in (0..self.table.len()).filter(|&other| other != slot) {
            if self.table[other].has(Mark::Logged)
                && let Some(pid) = self.table[other].pid(Role::Service)
                && output_of(pid)? == input
            {
                self.table[slot].let_go(Role::Log, now());
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a supervise runs in a directory.
///
/// # Errors
/// What keeps us from looking, for now.
fn is_supervised(name: &CStr) -> Result<bool> {
    let ok = Path::new(&[name.to_bytes(), b"/", OK.to_bytes()]);
    match ok.and_then(|ok| fifo::open_write_nofollow(ok.as_c_str())) {
        Err(error) if passes(error) => Err(error),
        opened => Ok(opened.is_ok()),
    }
}

/// Who holds which lock now.
fn all_holders() -> Result<Holders> {
    let mut holders = Vec::new();
    let mut room = true;
    procfs::each_flock(|inode, pid| {
        room = room && holders.try_reserve(1).is_ok();
        if room {
            holders.push((inode, pid));
        }
    })?;
    holders.sort_unstable();
    if room {
        Ok(holders)
    } else {
        Err(Errno::ENOMEM)
    }
}

/// The process that a record names, if it lives and was started when the record says.
///
/// # Errors
/// What keeps us from looking, for now.
fn survivor(status: Status) -> Result<Option<u32>> {
    match procfs::process(status.pid) {
        Ok(process) if process.has_ended() => Ok(None),
        Ok(process) => {
            let agrees = procfs::agrees(status.since, clock::wall(), procfs::age(process.born));
            Ok(agrees.then_some(status.pid))
        }
        Err(error) if passes(error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Whether the pipe of two processes without supervises is the one that they were
/// started on: a service may also have a pipe of its own making.
///
/// # Errors
/// What keeps us from looking, for now.
fn is_theirs(output: End, input: End, service: Option<u32>) -> Result<bool> {
    match (output, input, service) {
        (End::Pipe(written), End::Pipe(read), _) => Ok(written == read),
        (End::Gone, End::Pipe(_), _) => Ok(true),
        // Its logger died: nobody reads.
        (End::Pipe(_), End::Gone, Some(pid)) => {
            let link = Path::of_process(pid, b"fd/1")?;
            match file::open_write(link.as_c_str()) {
                Err(error) if passes(error) => Err(error),
                opened => Ok(opened.is_err_and(|error| error == Errno::ENXIO)),
            }
        }
        _ => Ok(false),
    }
}

/// What a service's process or supervise writes into. A pipe that is its standard
/// error too, or our own standard output, is one that all have inherited.
fn output_of(pid: u32) -> Result<End> {
    match pipe_at(pid, b"fd/1")? {
        Some(output)
            if pipe_at(pid, b"fd/2")? != Some(output)
                && !file::fstat(fd::STDOUT).is_ok_and(|own| own.identity == output) =>
        {
            Ok(End::Pipe(output))
        }
        _ => Ok(End::Other),
    }
}

/// What a logger's process or supervise reads.
fn input_of(pid: u32) -> Result<End> {
    Ok(pipe_at(pid, b"fd/0")?.map_or(End::Other, End::Pipe))
}

/// The pipe that a process has as this descriptor: one without a name, as svscan makes
/// them. A FIFO with a name is anybody's who may open it.
fn pipe_at(pid: u32, entry: &[u8]) -> Result<Option<Identity>> {
    let link = Path::of_process(pid, entry)?;
    let link = link.as_c_str();
    let pipe = pair::is_anonymous(link).and_then(|anonymous| match anonymous {
        true => file::stat(link).map(|facts| Some(facts.identity)),
        false => Ok(None),
    });
    match pipe {
        Err(error) if passes(error) => Err(error),
        other => Ok(other.unwrap_or(None)),
    }
}

/// Opens anew the pipe that a process was seen to have.
fn reopen(pid: u32, entry: &[u8], seen: End) -> Result<Pipe> {
    let pipe = Pipe::reopen(Path::of_process(pid, entry)?.as_c_str())?;
    match seen == End::Pipe(file::fstat(&pipe.read)?.identity) {
        true => Ok(pipe),
        false => Err(Errno::EAGAIN),
    }
}
