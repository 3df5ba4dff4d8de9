//! How svscan stops: what its supervises are told, and how often svscan itself was told.

use core::ffi::CStr;

use daemontools::servicedir::status::Want;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file;
use daemontools::{Errno, Result};

use crate::control::{self, DOWN_AND_EXIT, EXIT, KILL_AND_EXIT};
use crate::path::Path;
use crate::record;
use crate::slot::{Role, Slot};

/// The requests to stop. The first stops services by TERM and lets loggers read to the end
/// of the pipe; at the second svscan waits for neither.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shutdown {
    requests: u8,
    /// It stops, asked or not.
    begun: bool,
    /// Services are killed.
    kills_services: bool,
    /// Loggers are not waited for.
    hurries_loggers: bool,
}

impl Shutdown {
    /// svscan was told to stop.
    pub(crate) const fn request(&mut self) {
        self.requests = self.requests.saturating_add(1);
        self.begun = true;
        self.kills_services |= self.is_repeated();
        self.hurries_loggers |= self.is_repeated();
    }

    /// It stops without having been told.
    pub(crate) const fn begin(&mut self) {
        self.begun = true;
    }

    /// Services have had their time.
    pub(crate) const fn kill_services(&mut self) {
        self.kills_services = true;
    }

    /// Loggers have had their time.
    pub(crate) const fn hurry_loggers(&mut self) {
        self.hurries_loggers = true;
    }

    /// Whether loggers are not waited for.
    pub(crate) const fn hurries_loggers(self) -> bool {
        self.hurries_loggers
    }

    /// Whether svscan stops.
    pub(crate) const fn is_begun(self) -> bool {
        self.begun
    }

    /// Whether it was told more than once.
    pub(crate) const fn is_repeated(self) -> bool {
        self.requests > 1
    }

    /// Tells a supervise to exit, wherever its directory is now.
    ///
    /// # Errors
    /// EAGAIN if its logger has to be waited for; else those of opening and writing its
    /// control FIFO.
    pub(crate) fn tell(self, slot: &Slot, role: Role, pid: u32) -> Result<()> {
        let commands = match (role, self.hurries_loggers) {
            (Role::Service, _) if self.kills_services => KILL_AND_EXIT,
            (Role::Service, _) | (Role::Log, true) => DOWN_AND_EXIT,
            (Role::Log, false) => EXIT,
        };
        let name = slot.name.as_c_str();
        let path = Path::new(&[name.to_bytes(), role.suffix()])?;
        if role == Role::Log && !self.hurries_loggers && !may_exit(slot, path.as_c_str()) {
            return Err(Errno::EAGAIN);
        }
        let in_place = file::stat(name).is_ok_and(|facts| facts.identity == slot.identity);
        let told = match in_place {
            true => control::send(path.as_c_str(), commands),
            false => Err(Errno::ENOENT),
        };
        told.or_else(|error| {
            control::send_to_process(pid, commands)
                .or_else(|_| control::kill_before_exec(pid))
                .map_err(|_| error)
        })
    }
}

/// Whether the logger's supervise may exit: the logger reads, or had its time to start.
/// Told to exit while it waits to start the logger again, the supervise would leave the rest
/// of the pipe unread.
fn may_exit(slot: &Slot, log: &CStr) -> bool {
    slot.logger_had_its_time(Monotonic::now())
        || !record::says(log, |status| status.pid == 0 && status.want == Want::Up)
}
