//! The host of the running program: every call of [`Host`] as system calls, with the
//! messages about those that fail.

mod adopted;
mod child;
mod children;
mod diagnostics;
mod evidence;
mod policy_file;
mod ready;
mod record_files;
mod report;

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::FINISH;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::stamp;
use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::strerr::Fatal;
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::{self, End, Pid};
use daemontools::unix::signal::{self, Caught, Signal};
use daemontools::unix::{fd, file, pidfd, poll};
use daemontools::{Errno, Result, procfs};

use crate::files::Files;
use crate::host::{AdoptResult, Child, Host, PreviousFiles};
use crate::machine::{Actions, Event, FinishArguments, Launch, Machine, Report};
use crate::previous::{Clocks, Context, Decided, Decision, PidOwner};
use crate::reporter::REPORTER;

use adopted::Adopted;
pub(crate) use child::Inheritance;
use child::Program;
use children::{Children, Leader};
use policy_file::PolicyFile;
use record_files::RecordFiles;

/// How long to pause when waiting itself fails.
const PAUSE: Duration = Duration::from_secs(1);

/// The signals that supervise catches.
#[derive(Debug)]
pub(crate) struct Signals {
    /// A child has ended, or one of supervise's files has changed.
    pub(crate) child: Caught,
    /// `None` where TERM was inherited as ignored.
    pub(crate) term: Option<Caught>,
}

/// What this process holds.
#[derive(Debug)]
pub(crate) struct Kernel {
    dir: &'static CStr,
    files: Files,
    record: RecordFiles,
    inheritance: Inheritance,
    signals: Signals,
    adopted: Option<Adopted>,
    policy: PolicyFile,
    children: Children,
    /// The adopted process that ended last.
    ended: Option<u32>,
    /// `supervise/ready` of an earlier process could not be removed: it does not count.
    ready_is_old: bool,
    /// It was reported that `./finish` can't be executed.
    finish_reported: bool,
}

impl Kernel {
    pub(crate) fn new(
        dir: &'static CStr,
        files: Files,
        inheritance: Inheritance,
        signals: Signals,
    ) -> Self {
        Self {
            dir,
            files,
            record: RecordFiles::new(dir),
            inheritance,
            signals,
            adopted: None,
            policy: PolicyFile::new(dir),
            children: Children::default(),
            ended: None,
            ready_is_old: false,
            finish_reported: false,
        }
    }
}

/// Fails if `./finish` surely can't be executed. A link is not followed: its file system may
/// not answer.
fn look_at_finish() -> Result<()> {
    let facts = file::lstat(FINISH)?;
    match facts.kind {
        file::Kind::Link => Ok(()),
        file::Kind::Regular if facts.mode & 0o111 != 0 => Ok(()),
        _ => Err(Errno::EACCES),
    }
}

impl Host for Kernel {
    type Gate = OwnedFd;
    type Process = OwnedFd;

    fn now(&self) -> Monotonic {
        Monotonic::now()
    }

    fn ticks(&self) -> u64 {
        procfs::ticks_now()
    }

    fn stamp(&mut self) -> Tai64n {
        stamp::now()
    }

    fn read_policy(&mut self) -> Option<Policy> {
        self.policy.read()
    }

    fn fork(&mut self, launch: Launch) -> Result<Child<OwnedFd>> {
        if launch.ready_fd.is_some() {
            self.files.disarm();
            self.ready_is_old = ready::forget().is_err();
        }
        let child = child::fork(self.dir, &self.inheritance, Program::Run(launch))?;
        self.children
            .note_start(launch.own_session.then_some(Leader {
                pid: child.pid,
                kills_rest: true,
            }));
        Ok(child)
    }

    fn fork_finish(&mut self, arguments: FinishArguments) -> Result<Option<Child<OwnedFd>>> {
        if let Err(error) = look_at_finish() {
            if !self.finish_reported {
                report::report_finish(self.dir, error);
            }
            self.finish_reported = true;
            return Ok(None);
        }
        self.finish_reported = false;
        let child = child::fork(self.dir, &self.inheritance, Program::Finish(arguments))?;
        self.children.note_start(Some(Leader {
            pid: child.pid,
            kills_rest: false,
        }));
        Ok(Some(child))
    }

    fn report_fork(&self, error: Errno, retry: Duration) {
        child::report_fork(self.dir, error, retry);
    }

    fn open_gate(&mut self, gate: OwnedFd) {
        child::open_gate(&gate);
    }

    fn signal(&mut self, pid: u32, signal: Signal) {
        let adopted = self.adopted.as_ref().filter(|adopted| adopted.pid == pid);
        let _ = match (adopted, i32::try_from(pid)) {
            (Some(adopted), _) => pidfd::send(&adopted.process, signal),
            (None, Ok(pid)) => process::kill(Pid::from_raw(pid), signal),
            (None, Err(_)) => Ok(()),
        };
    }

    fn kill(&mut self, pid: u32) {
        self.children.kill_group(pid);
        self.signal(pid, Signal::SIGKILL);
    }

    fn reap(&mut self) -> Result<Option<(u32, Option<End>)>> {
        let child = self.children.reap();
        if let Ok(Some((pid, end))) = child {
            let pid = pid.as_raw().unsigned_abs();
            // Where supervise adopts orphans, the adopted process may be a child too.
            self.adopted.take_if(|adopted| adopted.pid == pid);
            return Ok(Some((pid, Some(end))));
        }
        let now = Monotonic::now();
        let ended = self.adopted.as_ref().and_then(|adopted| adopted.end(now));
        match ended.and_then(|end| Some((self.adopted.take()?.pid, end))) {
            Some((pid, end)) => {
                self.ended = Some(pid);
                Ok(Some((pid, end)))
            }
            None => child.map(|_| None),
        }
    }

    fn reap_deadline(&self) -> Option<Monotonic> {
        let adopted = self.adopted.as_ref()?;
        adopted.deadline(Monotonic::now())
    }

    fn is_ready(&self) -> bool {
        !self.ready_is_old && ready::has_newline()
    }

    fn gives_notice(&self) -> bool {
        self.files.gives_notice()
    }

    fn report(&mut self, pid: Option<u32>, report: Report) {
        let is_empty = |group: u32| {
            let group = i32::try_from(group).map(Pid::from_raw);
            group.is_ok_and(|group| !process::group_exists(group))
        };
        if report == Report::LeftAlone && self.ended.is_none_or(is_empty) {
            return;
        }
        report::report(self.dir, pid, report);
    }

    fn write_status(&mut self, record: &[u8; STATUS_LEN]) -> Result<()> {
        self.files.disarm();
        let result = self.record.replace_status(record);
        diagnostics::written(self.dir, "status", result);
        result
    }

    fn write_detail(&mut self, detail: &Detail) -> Result<()> {
        let text = detail.render();
        self.files.disarm_writes();
        let result = if self.record.overwrite_detail(&text) {
            Ok(())
        } else {
            self.files.disarm();
            self.record.replace_detail(&text)
        };
        diagnostics::written(self.dir, "detail", result);
        result
    }

    fn open_ok(&mut self) -> core::result::Result<(), Fatal> {
        self.files.open_ok(self.dir)
    }

    fn maintain_files(&mut self, now: Monotonic, awaits_ready: bool) -> bool {
        let remade = self.files.maintain(self.dir, now, awaits_ready);
        if remade {
            self.record.close_detail();
            diagnostics::files_made(self.dir);
        }
        remade
    }

    fn files_deadline(&self) -> Option<Monotonic> {
        self.files.deadline()
    }

    fn wait(&mut self, deadline: Option<Monotonic>) -> bool {
        let adopted = self.adopted.as_ref().and_then(Adopted::event);
        let fds = [Some(self.files.control()), adopted];
        let commands = match poll::readable(fds, deadline, &self.inheritance.mask) {
            Ok([commands, ended]) => {
                if let Some(adopted) = self.adopted.as_mut().filter(|_| ended) {
                    adopted.note_end(Monotonic::now());
                }
                commands
            }
            Err(error) => {
                REPORTER.warning(&[b"unable to wait for ", self.dir.to_bytes()], error);
                poll::pause_until(Monotonic::now() + PAUSE);
                true
            }
        };
        if self.signals.child.take() {
            self.files.note_change(Monotonic::now());
        }
        commands
    }

    fn read_control(&mut self, block: &mut [u8]) -> usize {
        fd::read(self.files.control(), block).unwrap_or(0)
    }

    fn take_sigterm(&mut self) -> bool {
        self.signals.term.as_ref().is_some_and(Caught::take)
    }

    fn end_by_sigterm(&mut self) {
        diagnostics::ends_by_sigterm(self.dir);
        signal::end_by(Signal::SIGTERM);
    }

    fn context(&self) -> AdoptResult<Context> {
        evidence::context()
    }

    fn read_previous(&self) -> AdoptResult<PreviousFiles> {
        evidence::read_previous()
    }

    fn pid_owner(&self, pid: u32) -> Result<(PidOwner, Option<OwnedFd>)> {
        evidence::pid_owner(pid)
    }

    fn is_written_here(&self, status: &Status, context: &Context) -> Result<bool> {
        evidence::is_written_here(status, context)
    }

    fn clocks(&self) -> Clocks {
        evidence::clocks()
    }

    fn adopt(&mut self, pid: u32, process: OwnedFd) {
        self.adopted = Some(Adopted::new(pid, process));
    }

    fn on_adoption(&mut self, pid: u32, decided: Decided, machine: &Machine) {
        match decided.decision {
            Decision::Untrusted => evidence::report_untrusted(self.dir),
            Decision::Unproven => evidence::report_unproven(self.dir, pid),
            Decision::StartAnew | Decision::Adopt(_) | Decision::Resume(_) => {}
        }
        diagnostics::adoption(self.dir, pid, decided, machine);
    }

    fn on_taken_over(&mut self) {
        diagnostics::taken_over(self.dir);
    }

    fn on_event(&mut self, event: Event, actions: Actions, machine: &Machine) {
        diagnostics::event(self.dir, event, actions, machine);
    }
}
