//! Finds the pipe between a service and its logger, among the descriptors of their
//! supervises or, where neither runs, of the processes that their records name.

use daemontools::errno::is_temporary;
use daemontools::procfs::ProcPath;
use daemontools::servicedir::Checked;
use daemontools::servicedir::status::Status;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::fd;
use daemontools::unix::file::{self, Identity};
use daemontools::{Errno, Result, procfs};
use log::debug;

use crate::path::{self, Path};
use crate::pipe_plan::{End, Source, plan};
use crate::pipes::{self, Pipe};
use crate::reporter::REPORTER;
use crate::services::{Services, is_link};
use crate::slot::{Logger, Role, Slot};
use crate::{control, record};

/// Finds the pipe of a service that has a logger, and has both share it.
///
/// # Errors
/// A temporary failure to find out.
pub(super) fn find(services: &mut Services, number: usize) -> Result<()> {
    let supervises = Role::BOTH.map(|role| services.table[number].pid(role));
    let orphaned = supervises == [None, None];
    let [service, log] = match orphaned {
        // Their processes may still share it.
        true => recorded_processes(&mut services.table[number])?,
        false => supervises,
    };
    let prefixed = services.table[number].is_prefixed();
    let output = service.map_or(Ok(End::NoProcess), |pid| output_of(pid, prefixed))?;
    let input = log.map_or(Ok(End::NoProcess), input_of)?;
    if orphaned && !is_from_svscan(output, input, service)? {
        return Ok(());
    }
    // The descriptors are theirs only if the records named them all the time.
    if orphaned && recorded_processes(&mut services.table[number])? != [service, log] {
        return Err(Errno::EAGAIN);
    }
    let input = match gives_back_log(services, number, output, input)? {
        true => End::NoProcess,
        false => input,
    };
    let name = path::of_name(&services.table[number].name);
    let name = name.as_c_str();
    let plan = plan(output, input);
    debug!("{name:?}: writes into {output:?}, its logger reads {input:?}: {plan:?}");
    let found = match (plan.source, service, log) {
        (Source::Existing(Role::Service), Some(pid), _) => reopen(pid, b"fd/1", output),
        (Source::Existing(Role::Log), _, Some(pid)) => reopen(pid, b"fd/0", input),
        (Source::NotNeeded, ..) => {
            services.table[number].logger = Logger::None;
            return Ok(());
        }
        _ if output == End::NoProcess && input == End::NoProcess => return Ok(()),
        _ => Pipe::new(),
    };
    match found.and_then(|pipe| services.set_pipe(number, pipe)) {
        Ok(()) => {}
        Err(error) if is_temporary(error) => return Err(error),
        // The logger cannot be started without a pipe: a new one will be made.
        Err(error) => {
            services.report(number, b"unable to find the pipe of ", Role::Service, error);
        }
    }
    if let Some(warning) = plan.warning {
        REPORTER.warning(&[name.to_bytes(), b": ", warning], None);
    }
    let log = Path::new(&[name.to_bytes(), Role::Log.suffix()]);
    if let (Some(commands), Ok(log)) = (plan.restart_log, log) {
        match control::send(log.as_c_str(), commands) {
            Ok(()) => services.table[number].stop_sent(Role::Log),
            Err(error) => {
                REPORTER.warning(&[b"unable to control ", log.as_c_str().to_bytes()], error);
            }
        }
    }
    Ok(())
}

/// The processes of a service and its logger that their records name, if the records are
/// believed and the kernel agrees.
///
/// # Errors
/// A temporary failure to find out.
fn recorded_processes(slot: &mut Slot) -> Result<[Option<u32>; 2]> {
    let mut found = [None; 2];
    for (found, role) in found.iter_mut().zip(Role::BOTH) {
        let name = Path::new(&[slot.name.to_bytes(), role.suffix()])?;
        let name = name.as_c_str();
        *found = match record::read(name) {
            Ok(Checked::Trusted(status)) => recorded_process(status)?,
            Ok(Checked::Untrusted) => {
                if slot.must_report() {
                    let what: [&[u8]; 3] = [
                        b"supervise/ of ",
                        name.to_bytes(),
                        b" is writable by others: its record is not believed",
                    ];
                    REPORTER.warning(&what, None);
                }
                None
            }
            Err(error) if is_temporary(error) => return Err(error),
            Ok(Checked::Missing) | Err(_) => None,
        };
    }
    Ok(found)
}

/// The process that a record names, if it runs and was started when the record says.
///
/// # Errors
/// A temporary failure to find out.
fn recorded_process(status: Status) -> Result<Option<u32>> {
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

/// Whether the pipe of two processes without supervises is the one that svscan gave them: a
/// service may also have a pipe that it made itself.
///
/// # Errors
/// A temporary failure to find out.
fn is_from_svscan(output: End, input: End, service: Option<u32>) -> Result<bool> {
    match (output, input, service) {
        (End::Pipe(written), End::Pipe(read), _) => Ok(written == read),
        (End::NoProcess, End::Pipe(_), _) => Ok(true),
        // The logger has ended, so no process reads svscan's pipe.
        (End::Pipe(_), End::NoProcess, Some(pid)) => {
            let link = ProcPath::new(pid, b"fd/1")?;
            match file::open_write(link.as_c_str()) {
                Err(error) if is_temporary(error) => Err(error),
                opened => Ok(opened.is_err_and(|error| error == Errno::ENXIO)),
            }
        }
        _ => Ok(false),
    }
}

/// If the logger that was found belongs to another service, whose `log` a link leads to,
/// gives it back to that service; says whether it did.
///
/// # Errors
/// A temporary failure to find out.
fn gives_back_log(services: &mut Services, number: usize, output: End, input: End) -> Result<bool> {
    let log = Path::new(&[services.table[number].name.to_bytes(), Role::Log.suffix()])?;
    if output == input || !matches!(input, End::Pipe(_)) || !is_link(log.as_c_str()) {
        return Ok(false);
    }
    for other in 0..services.table.len() {
        let slot = &services.table[other];
        if other != number
            && slot.is_logged()
            && let Some(pid) = slot.pid(Role::Service)
            && output_of(pid, slot.is_prefixed())? == input
        {
            services.table[number].give_back(Role::Log, Monotonic::now());
            return Ok(true);
        }
    }
    Ok(false)
}

/// The pipe that a service's process or supervise writes into. A pipe that is its standard
/// error too, or svscan's own standard output, was inherited and is not the logger's. Only
/// that to a `svprefix` is both.
fn output_of(pid: u32, prefixed: bool) -> Result<End> {
    match pipe_at(pid, b"fd/1")? {
        Some(output)
            if (prefixed || pipe_at(pid, b"fd/2")? != Some(output))
                && !file::fstat(fd::STDOUT).is_ok_and(|own| own.identity == output) =>
        {
            Ok(End::Pipe(output))
        }
        _ => Ok(End::NoPipe),
    }
}

/// The pipe that a logger's process or supervise reads.
fn input_of(pid: u32) -> Result<End> {
    Ok(pipe_at(pid, b"fd/0")?.map_or(End::NoPipe, End::Pipe))
}

/// The pipe behind a descriptor of a process, if it has no name, as those that svscan makes.
/// A FIFO with a name belongs to every process that may open it.
fn pipe_at(pid: u32, entry: &[u8]) -> Result<Option<Identity>> {
    let link = ProcPath::new(pid, entry)?;
    let link = link.as_c_str();
    let pipe = pipes::is_anonymous(link).and_then(|anonymous| match anonymous {
        true => file::stat(link).map(|facts| Some(facts.identity)),
        false => Ok(None),
    });
    match pipe {
        Err(error) if is_temporary(error) => Err(error),
        other => Ok(other.unwrap_or(None)),
    }
}

/// Opens the pipe that a process was seen to have.
fn reopen(pid: u32, entry: &[u8], seen: End) -> Result<Pipe> {
    let pipe = Pipe::reopen(ProcPath::new(pid, entry)?.as_c_str())?;
    match seen == End::Pipe(file::fstat(&pipe.read)?.identity) {
        true => Ok(pipe),
        false => Err(Errno::EAGAIN),
    }
}
