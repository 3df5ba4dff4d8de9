//! Which pipe a service and its logger have, seen in the hands of their supervises or,
//! where both are gone, of the processes that their records name.

use daemontools::errno::is_temporary;
use daemontools::procfs::ProcPath;
use daemontools::servicedir::Checked;
use daemontools::servicedir::status::Status;
use daemontools::unix::file::{self, Identity};
use daemontools::unix::{clock, fd};
use daemontools::{Errno, Result, procfs};

use crate::ME;
use crate::farewell;
use crate::find::is_link;
use crate::pair::{self, Pipe};
use crate::path::{self, Path};
use crate::reunion::{End, Source, reunion};
use crate::slot::{Mark, Role};
use crate::work::{Svscan, now};

impl Svscan {
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
                Ok(Checked::Trusted(status)) => survivor(status)?,
                Ok(Checked::Untrusted) => {
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
                Err(error) if is_temporary(error) => return Err(error),
                Ok(Checked::Missing) | Err(_) => None,
            };
        }
        Ok(found)
    }

    /// Finds the pipe of a service that has a logger.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    pub(super) fn rejoin(&mut self, slot: usize) -> Result<()> {
        let name = path::of_name(self.table.name(slot));
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
            Err(error) if is_temporary(error) => return Err(error),
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

/// The process that a record names, if it lives and was started when the record says.
///
/// # Errors
/// What keeps us from looking, for now.
fn survivor(status: Status) -> Result<Option<u32>> {
    match procfs::process(status.pid) {
        Ok(process) if process.has_ended() => Ok(None),
        Ok(process) => {
            let agrees =
                procfs::is_start_time(status.since, clock::wall(), procfs::age(process.start_time));
            Ok(agrees.then_some(status.pid))
        }
        Err(error) if is_temporary(error) => Err(error),
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
            let link = ProcPath::new(pid, b"fd/1")?;
            match file::open_write(link.as_c_str()) {
                Err(error) if is_temporary(error) => Err(error),
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
    let link = ProcPath::new(pid, entry)?;
    let link = link.as_c_str();
    let pipe = pair::is_anonymous(link).and_then(|anonymous| match anonymous {
        true => file::stat(link).map(|facts| Some(facts.identity)),
        false => Ok(None),
    });
    match pipe {
        Err(error) if is_temporary(error) => Err(error),
        other => Ok(other.unwrap_or(None)),
    }
}

/// Opens anew the pipe that a process was seen to have.
fn reopen(pid: u32, entry: &[u8], seen: End) -> Result<Pipe> {
    let pipe = Pipe::reopen(ProcPath::new(pid, entry)?.as_c_str())?;
    match seen == End::Pipe(file::fstat(&pipe.read)?.identity) {
        true => Ok(pipe),
        false => Err(Errno::EAGAIN),
    }
}
