//! Steering services: sends the same commands to one after the other, and waits.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use crate::client::commands::Commands;
use crate::client::error::Error;
use crate::client::tree::Tree;
use crate::client::wait::{self, Pending, Until};
use crate::servicedir::control;
use crate::strerr::{Fatal, Reporter};
use crate::unix::clock::Monotonic;
use crate::unix::signal::Mask;
use crate::unix::{file, pipe, poll, rlimit};
use crate::{Errno, servicedir};

/// How long to wait for room in a full control FIFO.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait until supervise has read the commands: the C original reads none for
/// a second after a start.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(1);

/// What is asked for.
#[derive(Debug, Default)]
pub struct Request {
    /// What to send.
    pub commands: Commands,
    /// Send signals to all processes of a service, not to its first alone.
    pub tree: bool,
    /// Wait, and for what.
    pub wait: Option<Until>,
    /// Wait no longer than that.
    pub timeout: Option<Duration>,
}

impl Request {
    /// Controls every service, then waits for all if that is asked for. `me` writes a
    /// warning about each that could not be controlled, and the highest exit code is
    /// given: 0, 100 or 111. The working directory is the same then.
    ///
    /// SIGPIPE must be ignored, and descriptors 0 to 2 be open, so that no message goes
    /// into a control FIFO.
    ///
    /// # Errors
    /// There is no way back to the working directory; that has been said.
    pub fn control_all<'a>(
        &self,
        me: &Reporter,
        names: impl Iterator<Item = &'a CStr>,
    ) -> Result<i32, Fatal> {
        let start = file::open_directory(c".")
            .map_err(|error| me.fatal(&[b"unable to open current directory"], error))?;
        if self.tree {
            // Each process takes a descriptor.
            let _ = rlimit::raise_descriptors();
        }
        let no_way_back = |error| me.fatal(&[b"unable to set directory"], error);
        let mut worst = 0;
        let mut pending = Vec::new();
        for name in names {
            match self.control(name) {
                Ok(service) => pending.extend(service),
                Err(error) => worst = worst.max(error.warn(me, name.to_bytes())),
            }
            file::fchdir(&start).map_err(no_way_back)?;
        }
        if self.wait.is_some() {
            let deadline = self.timeout.map(|timeout| Monotonic::now() + timeout);
            let code = wait::all(me, pending, &start, deadline).map_err(no_way_back)?;
            worst = worst.max(code);
        }
        Ok(worst)
    }

    /// Sends the commands to one service, whose directory becomes the working directory.
    /// Gives what to wait for, if that is asked for.
    fn control<'a>(&self, name: &'a CStr) -> Result<Option<Pending<'a>>, Error> {
        servicedir::enter(name).map_err(Error::Chdir)?;
        let control = match control::open(servicedir::CONTROL) {
            Ok(control) => control,
            Err(Errno::ENXIO) => return Err(Error::NotRunning),
            Err(Errno::EINVAL) => return Err(Error::NotFifo),
            Err(error) => return Err(Error::Open(error)),
        };
        let mut pending = self
            .wait
            .map(|until| Pending::new(name, &self.commands, until));
        if self.tree && self.commands.signals().next().is_some() {
            let processes = self.control_tree(&control)?;
            if let Some(pending) = &mut pending {
                pending.wait_for_ends(processes);
            }
        } else {
            control::write_within(&control, self.commands.as_bytes(), WRITE_TIMEOUT)
                .map_err(Error::Write)?;
        }
        Ok(pending)
    }

    /// Sends the commands to supervise, and the signals that it sends for them to all
    /// other processes of the service. Gives the pidfds of the processes. Signals to svc
    /// are blocked until none of them is kept stopped.
    fn control_tree(&self, control: &OwnedFd) -> Result<Vec<OwnedFd>, Error> {
        // A full FIFO is waited for before any process is stopped.
        let by = Monotonic::now() + WRITE_TIMEOUT;
        if !poll::writable_by(control.as_fd(), by).map_err(Error::Write)? {
            return Err(Error::Write(Errno::ETIMEDOUT));
        }
        let before = Mask::block_all();
        let stop = self.commands.allow_stopping();
        let sent = Tree::find(stop).and_then(|mut tree| {
            control::write_within(control, self.commands.as_bytes(), WRITE_TIMEOUT)
                .map_err(Error::Write)?;
            if !stop {
                wait_until_read(control);
            }
            let sent = tree.send(self.commands.signals());
            if stop {
                tree.release_main(self.commands.leave_stopped());
            }
            sent.map(|()| tree.into_pidfds())
        });
        before.install();
        sent
    }
}

/// Waits until supervise has read its commands, but not longer than [`READ_TIMEOUT`].
/// supervise has to signal first: if the service ended because its children do, supervise
/// would restart it and then signal the new process.
fn wait_until_read(control: &OwnedFd) {
    let deadline = Monotonic::now() + READ_TIMEOUT;
    while pipe::available(control).is_ok_and(|count| count > 0) && Monotonic::now() < deadline {
        poll::pause_until(Monotonic::now() + PAUSE);
    }
}
