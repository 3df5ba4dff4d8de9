//! One service that is waited for.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;

use daemontools::servicedir::query::{self, QueryError};
use daemontools::servicedir::state::State;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::inotify::Watch;
use daemontools::{Errno, PERMANENT, errno, servicedir};

use super::reporter::ME;
use super::watcher::Watcher;
use daemontools::client::{Condition, Verdict};

/// How long after its supervise has left a directory is looked at without an event: the
/// kernel tells of the end of a directory only when no process has it open any more.
const SETTLING: Duration = Duration::from_secs(5);

/// A service, its state at the last look, and what tells of the next.
#[derive(Debug)]
pub(super) struct Service<'a> {
    pub(super) name: &'a CStr,
    /// Where it is, if not there.
    located: Option<CString>,
    state: Option<State>,
    pub(super) watch: Option<Watch>,
    /// Whether it has to be looked at.
    pub(super) due: bool,
    /// Until when it is looked at without an event.
    settling: Option<Monotonic>,
}

/// Why a service is not waited for any more.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lost {
    /// It has failed.
    Failed,
    /// Its state can't be read.
    Unreadable(QueryError),
}

impl<'a> Service<'a> {
    pub(super) fn new(name: &'a CStr) -> Self {
        Self {
            name,
            located: servicedir::located(name),
            state: None,
            watch: None,
            due: true,
            settling: None,
        }
    }

    /// Reads the state. Tells whether it has other words than before.
    pub(super) fn look(
        &mut self,
        condition: Condition,
        watcher: Option<&Watcher>,
    ) -> Result<bool, Lost> {
        // The watch first: what changes after the look makes an event.
        self.watch = watcher.and_then(|watcher| watcher.watch(self.directory()));
        let state = query::state(self.directory()).map_err(Lost::Unreadable)?;
        self.due = false;
        if self.is_supervised() && !state.is_supervised() {
            self.settling = Some(Monotonic::now() + SETTLING);
        }
        let before = self.words();
        self.state = Some(state);
        match condition.verdict(state) {
            Verdict::Failed => Err(Lost::Failed),
            Verdict::Reached | Verdict::Pending => Ok(before != self.words()),
        }
    }

    fn directory(&self) -> &CStr {
        self.located.as_deref().unwrap_or(self.name)
    }

    pub(super) fn is_supervised(&self) -> bool {
        self.state.is_some_and(State::is_supervised)
    }

    /// Whether the last look showed what is waited for.
    pub(super) fn has_reached(&self, condition: Condition) -> bool {
        self.state
            .is_some_and(|state| condition.verdict(state) == Verdict::Reached)
    }

    /// Whether it has to be looked at though no event may tell of a change.
    pub(super) fn is_polled(&self, now: Monotonic) -> bool {
        self.watch.is_none() || self.settling.is_some_and(|until| now < until)
    }

    /// The state in words.
    pub(super) fn words(&self) -> &'static [u8] {
        self.state.map_or("not looked at", State::words).as_bytes()
    }
}

impl Lost {
    /// Whether this process has too many open files.
    pub(super) fn is_shortage_of_descriptors(self) -> bool {
        matches!(self, Self::Unreadable(error) if error.errno() == Errno::EMFILE)
    }

    /// Says why the service `name` is not waited for; a warning if others are. Gives the
    /// exit code.
    pub(super) fn say(self, name: &CStr, others_count: bool) -> i32 {
        let name = name.to_bytes();
        let say = |parts: &[&[u8]], error: Option<Errno>| {
            if others_count {
                ME.warning(parts, error);
            } else {
                let _ = ME.fatal(parts, error);
            }
            error.map_or(PERMANENT, errno::exit_code)
        };
        match self {
            Self::Failed => say(&[name, b" has failed; svc -u starts it"], None),
            Self::Unreadable(QueryError::Directory(error)) => {
                say(&[b"unable to wait for ", name], Some(error))
            }
            Self::Unreadable(QueryError::File(file, error)) => {
                let what: &[u8] = match file == servicedir::OK {
                    true => b"unable to open ",
                    false => b"unable to read ",
                };
                say(&[what, name, b"/", file.to_bytes()], Some(error))
            }
        }
    }
}
