//! Processes that a case started: their end, their output, and their entry in `/proc`.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a condition may take to hold before the case fails.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was killed by this signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "exit {code}"),
            Self::Signal(number) => match Signal::try_from(number) {
                Ok(signal) => write!(f, "killed by {signal}"),
                Err(_) => write!(f, "killed by signal {number}"),
            },
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

/// A started process. Its output goes to files, so that it never waits for a reader, and a
/// case can read it at any time.
#[derive(Debug)]
pub struct Proc {
    pub(crate) child: RefCell<Child>,
    pub(crate) pid: Pid,
    pub(crate) name: String,
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
}

impl Proc {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid, signal).expect("the process takes a signal");
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<Exit> {
        let mut child = self.child.borrow_mut();
        child
            .try_wait()
            .expect("waiting for a child")
            .map(Exit::from)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end in time.
    #[must_use]
    pub fn wait(&self) -> Exit {
        let mut end = None;
        until(&format!("the end of {}", self.name), || {
            end = self.ended();
            end.is_some()
        });
        end.expect("until returns when it is there")
    }

    /// Waits until it has read all of its input and sleeps again, or has ended. `input` is
    /// either end of its pipe.
    pub fn until_idle(&self, input: &fs::File) {
        until(&format!("{} is idle", self.name), || {
            self.ended().is_some()
                || (crate::service::unread(input) == 0
                    && Entry::of(self.pid()).is_some_and(|entry| entry.state == 'S'))
        });
    }

    /// Its standard output so far.
    #[must_use]
    pub fn stdout(&self) -> Vec<u8> {
        fs::read(&self.stdout).expect("a process's output")
    }

    /// Its standard error so far.
    #[must_use]
    pub fn stderr(&self) -> Vec<u8> {
        fs::read(&self.stderr).expect("a process's output")
    }
}

/// Polls until `condition` holds.
///
/// # Panics
/// It never holds; the message has `what`.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(2);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// One line of the process table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The process.
    pub pid: Pid,
    /// Its parent.
    pub parent: Pid,
    /// Its process group.
    pub group: Pid,
    /// Its session.
    pub session: Pid,
    /// `R`, `S`, `T` (stopped), `Z` and so on.
    pub state: char,
}

impl Entry {
    /// The entry of a process; `None` if it does not exist.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses and may have any bytes: search from its end.
        let end = stat.iter().rposition(|&byte| byte == b')')?;
        let text = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
        let mut fields = text.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let mut number = || fields.next()?.parse().ok().map(Pid::from_raw);
        Some(Self {
            pid: Pid::from_raw(pid),
            state,
            parent: number()?,
            group: number()?,
            session: number()?,
        })
    }
}

/// The process table.
#[must_use]
pub fn all() -> Vec<Entry> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Entry::of)
        .collect()
}
