//! Taking over what a svscan that is no more has left: supervises that run, and the
//! pipes between them.
//!
//! A supervise that runs is met by its `ok`, before a second one is started for the
//! same service; who it is says its lock; and a pidfd tells when it ends. Its pipe
//! is opened anew through `/proc`, so that what is in it stays and both sides go on
//! as if nothing had happened. This works after the C original's svscan too.

use core::ffi::CStr;

use daemontools::servicedir::{LOCK, OK};
use daemontools::unix::ends::Ends;
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::unix::{fd, fifo};
use daemontools::{Errno, Result, procfs};

use crate::ME;
use crate::farewell;
use crate::pair::{self, Pipe};
use crate::path::Path;
use crate::reunion::{End, Source, reunion};
use crate::slot::{Mark, Role};
use crate::who;
use crate::work::{Svscan, now};

/// Who holds which lock: inode and pid, sorted.
type Holders = Vec<(u64, u32)>;

impl Svscan {
    /// Takes over what already runs of the services that are new to us. The locks
    /// are read at most once, and not at all where nothing runs.
    pub(crate) fn take_over(&mut self) {
        self.unseen = false;
        let mut holders = None;
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Unseen) {
                self.table[slot].set(Mark::Unseen, false);
                let logged = self.table[slot].has(Mark::Logged);
                let mut found = self.take_over_one(slot, Role::Service, &mut holders);
                if logged {
                    found |= self.take_over_one(slot, Role::Log, &mut holders);
                }
                // A pipe of our own that nobody we found has is kept.
                let piped = self.table[slot].pipe().is_some();
                if logged
                    && self.table[slot].is_steady()
                    && (found || !piped)
                    && let Err(error) = self.rejoin(slot)
                {
                    // Not to be told now: it must not be guessed.
                    self.cannot_find_pipe(slot, error);
                    self.table[slot].set(Mark::Unseen, true);
                    self.unseen = true;
                }
            }
        }
    }

    /// Takes over a supervise, if one runs; says whether.
    fn take_over_one(&mut self, slot: usize, role: Role, holders: &mut Option<Holders>) -> bool {
        if self.table[slot].pid(role).is_some() {
            return false;
        }
        let name = Path::new(&[self.table.name(slot).to_bytes(), pair::suffix(role)]);
        let Ok(name) = name.as_ref().map(Path::as_c_str) else {
            return false;
        };
        if !is_supervised(name) {
            return false;
        }
        let found = match role {
            Role::Service => Ok(self.table[slot].identity),
            Role::Log => file::stat(name).map(|facts| facts.identity),
        }
        .and_then(|identity| self.watch(name, identity, holders));
        match found {
            Ok(pid) => {
                self.table[slot].taken_over(role, pid, now());
                true
            }
            // It may have ended in the meantime.
            Err(_) if !is_supervised(name) => false,
            Err(error) => {
                if !self.takeover_said {
                    self.takeover_said = true;
                    let what: [&[u8]; 2] =
                        [b"unable to take over running supervises: ", name.to_bytes()];
                    ME.warning(&what, error);
                }
                false
            }
        }
    }

    /// Finds the supervise of a directory and watches it from now on; gives its pid.
    fn watch(
        &mut self,
        name: &CStr,
        identity: Identity,
        holders: &mut Option<Holders>,
    ) -> Result<u32> {
        let lock = Path::new(&[name.to_bytes(), b"/", LOCK.to_bytes()])?;
        let inode = file::stat(lock.as_c_str())?.identity.inode;
        if holders.is_none() {
            *holders = Some(all_holders()?);
        }
        if self.others.is_none() {
            self.others = Some(Ends::new()?);
        }
        let (Some(holders), Some(others)) = (holders, &mut self.others) else {
            return Err(Errno::ESRCH);
        };
        let first = holders.partition_point(|&(of, _)| of < inode);
        let candidates = holders[first..].iter().take_while(|&&(of, _)| of == inode);
        let mut result = Err(Errno::ESRCH);
        for &(_, pid) in candidates {
            // The same inode may be locked on another file system.
            match others.watch(pid, || who::is(pid, b"supervise", identity)) {
                Ok(()) => return Ok(pid),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    fn cannot_find_pipe(&mut self, slot: usize, error: Errno) {
        if self.table[slot].say() {
            let name = self.table.name(slot).to_bytes();
            ME.warning(&[b"unable to find the pipe of ", name], error);
        }
    }

    /// Finds the pipe of a service that has a logger.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn rejoin(&mut self, slot: usize) -> Result<()> {
        let name = Path::of_name(self.table.name(slot));
        let name = name.as_c_str();
        // One that may be about to fail proves nothing.
        let now = now();
        let sides = [Role::Service, Role::Log].map(|role| {
            let slot = &self.table[slot];
            slot.pid(role).filter(|_| !slot.is_young(role, now))
        });
        let [service, log] = if sides == [None, None] {
            // Their processes may be joined still.
            survivors(name)
        } else {
            sides
        };
        let output = service.map_or(Ok(End::Gone), output_of)?;
        let input = log.map_or(Ok(End::Gone), input_of)?;
        if sides == [None, None] && !is_theirs(output, input, service) {
            return Ok(());
        }
        let plan = reunion(output, input);
        let found = match (plan.source, service, log) {
            (Source::From(Role::Service), Some(pid), _) => reopen(pid, b"fd/1"),
            (Source::From(Role::Log), _, Some(pid)) => reopen(pid, b"fd/0"),
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
            Err(error) => self.cannot_find_pipe(slot, error),
        }
        if let Some(trouble) = plan.trouble {
            ME.warning(&[name.to_bytes(), b": ", trouble], None);
        }
        let log = Path::new(&[name.to_bytes(), pair::suffix(Role::Log)]);
        if let (Some(letters), Ok(log)) = (plan.log_leaves, log)
            && let Err(error) = farewell::by_name(log.as_c_str(), letters)
        {
            ME.warning(&[b"unable to control ", log.as_c_str().to_bytes()], error);
        }
        Ok(())
    }
}

/// Whether trouble says nothing about what was asked for, and ends.
const fn passes(error: Errno) -> bool {
    matches!(
        error,
        Errno::EINTR
            | Errno::EAGAIN
            | Errno::ENOMEM
            | Errno::EMFILE
            | Errno::ENFILE
            | Errno::ENOSPC
            | Errno::EIO
    )
}

/// Whether a supervise runs in a directory.
fn is_supervised(name: &CStr) -> bool {
    Path::new(&[name.to_bytes(), b"/", OK.to_bytes()])
        .is_ok_and(|ok| fifo::open_write_nofollow(ok.as_c_str()).is_ok())
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

/// The processes of a service and its logger, as far as their records say so and
/// the kernel agrees.
fn survivors(name: &CStr) -> [Option<u32>; 2] {
    [Role::Service, Role::Log].map(|role| {
        let name = Path::new(&[name.to_bytes(), pair::suffix(role)]).ok()?;
        let status = farewell::record(name.as_c_str()).ok()?;
        procfs::is_since(status.pid, status.since).then_some(status.pid)
    })
}

/// Whether the pipe of two processes without supervises is the one that they were
/// started on: a service may also have a pipe of its own making.
fn is_theirs(output: End, input: End, service: Option<u32>) -> bool {
    match (output, input, service) {
        (End::Pipe(written), End::Pipe(read), _) => written == read,
        (End::Gone, End::Pipe(_), _) => true,
        // Its logger died: nobody reads.
        (End::Pipe(_), End::Gone, Some(pid)) => Path::of_process(pid, b"fd/1")
            .and_then(|link| file::open_write(link.as_c_str()))
            .is_err_and(|error| error == Errno::ENXIO),
        _ => false,
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

/// The pipe that a process has as this descriptor.
fn pipe_at(pid: u32, entry: &[u8]) -> Result<Option<Identity>> {
    match Path::of_process(pid, entry).and_then(|link| file::stat(link.as_c_str())) {
        Ok(facts) => Ok((facts.kind == Kind::Fifo).then_some(facts.identity)),
        Err(error) if passes(error) => Err(error),
        Err(_) => Ok(None),
    }
}

fn reopen(pid: u32, entry: &[u8]) -> Result<Pipe> {
    Pipe::reopen(Path::of_process(pid, entry)?.as_c_str())
}
