//! What supervise acts on. The running program acts on the kernel
//! ([`Kernel`](crate::kernel::Kernel)); the model acts on a simulation, which kills
//! supervise between any two of these calls. The code that calls them is the same.
//!
//! A call is one fact or one effect that others can see. What follows from it is decided
//! by the caller.

use core::ffi::CStr;
use core::time::Duration;

use daemontools::servicedir::Checked;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::strerr::Fatal;
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;
use daemontools::{Errno, Result};

use crate::machine::{Actions, Event, Machine};
use crate::previous::{Clocks, Context, Decided, PidOwner};

/// A new child. It does not exec before its gate is opened, and exits if the gate is
/// dropped.
#[derive(Debug)]
pub(crate) struct Child<Gate> {
    pub(crate) pid: u32,
    /// In clock ticks since boot, where the kernel tells.
    pub(crate) start_time: Option<u64>,
    pub(crate) gate: Gate,
}

/// The files of an earlier supervise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreviousFiles {
    pub(crate) status: Checked<Status>,
    /// Empty where it is missing or not believed.
    pub(crate) detail: Detail,
}

/// What could not be found out about an earlier supervise.
#[derive(Debug)]
pub(crate) enum AdoptError {
    /// One of supervise's own files could not be read.
    File(&'static CStr, Errno),
    /// `/proc` could not be read.
    Proc(Errno),
    /// The process of the record could not be looked at.
    Process(u32, Errno),
}

/// The result of a question about an earlier supervise.
pub(crate) type AdoptResult<T> = core::result::Result<T, AdoptError>;

/// Facts and effects.
pub(crate) trait Host {
    /// The gate of a child.
    type Gate;
    /// A handle on a process that is not a child, which no reuse of its pid misleads.
    type Process;

    // Time.

    /// The clock of all waits.
    fn now(&self) -> Monotonic;
    /// Clock ticks since boot: the clock of process start times.
    fn ticks(&self) -> u64;
    /// The wall clock, for the record.
    fn stamp(&mut self) -> Tai64n;

    // The service.

    /// Makes a child that waits at its gate.
    fn fork(&mut self) -> Result<Child<Self::Gate>>;
    /// Reports a failed fork, and after how long the next is tried.
    fn report_fork(&self, error: Errno, retry: Duration);
    /// Has the child exec `./run`.
    fn open_gate(&mut self, gate: Self::Gate);
    /// Sends a signal to the service. A process that has just ended needs none.
    fn signal(&mut self, pid: u32, signal: Signal);
    /// The next process that has ended: a child, or the adopted process. How an adopted
    /// one ended is unknown.
    fn reap(&mut self) -> Result<Option<(u32, Option<End>)>>;

    // Files.

    /// Replaces the status record.
    fn write_status(&mut self, record: &[u8; STATUS_LEN]) -> Result<()>;
    /// Writes the detail file.
    fn write_detail(&mut self, detail: &Detail) -> Result<()>;
    /// Opens `ok`: from now on clients see that a supervise runs.
    fn open_ok(&mut self) -> core::result::Result<(), Fatal>;
    /// Makes files again that somebody removed. True if it did: then the record is gone
    /// as well.
    fn maintain_files(&mut self, now: Monotonic) -> bool;
    /// When [`maintain_files`](Self::maintain_files) is due without an event.
    fn files_deadline(&self) -> Option<Monotonic>;

    // Events.

    /// Waits for an event or the deadline. True if there are commands to read.
    fn wait(&mut self, deadline: Option<Monotonic>) -> bool;
    /// Reads commands. Returns how many bytes.
    fn read_control(&mut self, block: &mut [u8]) -> usize;
    /// Whether TERM has come.
    fn take_sigterm(&mut self) -> bool;
    /// Ends this process by TERM. Returns only if the signal does not end it.
    fn end_by_sigterm(&mut self);

    // An earlier supervise.

    /// What is true where this supervise begins.
    fn context(&self) -> AdoptResult<Context>;
    /// Reads what an earlier supervise wrote.
    fn read_previous(&self) -> AdoptResult<PreviousFiles>;
    /// Which process has a pid now.
    fn pid_owner(&self, pid: u32) -> Result<(PidOwner, Option<Self::Process>)>;
    /// Whether anything but the detail file shows that the record was written in this
    /// service directory.
    fn is_written_here(&self, status: &Status, context: &Context) -> Result<bool>;
    /// The clocks that a record is compared with.
    fn clocks(&self) -> Clocks;
    /// Takes a process over: from now on signals go to it, and its end is an event.
    fn adopt(&mut self, pid: u32, process: Self::Process);

    // Diagnostics, and the checks of the model.

    /// What was decided about an earlier supervise, and the state that follows.
    fn on_adoption(&mut self, pid: u32, decided: Decided, machine: &Machine);
    /// Another svscan has taken supervise over.
    fn on_taken_over(&mut self);
    /// What was decided about an event, and the state that follows. The actions are done
    /// afterwards.
    fn on_event(&mut self, event: Event, actions: Actions, machine: &Machine);
}
