//! Supervise's own files: taking them at the start, noticing when somebody removes
//! or replaces them, and making them again. Nobody can steer a service whose
//! control FIFO is gone, and a second supervise would find a free lock.
//!
//! The service directory itself is locked too: it stays locked when `supervise/`
//! is removed. Whoever may read that directory can lock it, so only a lock of ours
//! counts.

mod held;
mod locks;
mod notices;

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::Errno;
use daemontools::servicedir::{CONTROL, LOCK, OK, SUPERVISE};
use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fifo, file};

use crate::{ME, setup};

use held::{Held, make_fifo};
use locks::{lock_here, take_lock};
use notices::Notices;

/// How long after a file was missed it is made again: whoever is just removing the
/// whole directory shall find it empty.
const GRACE: Duration = Duration::from_secs(1);

/// How long after a failed repair the next is tried.
const AGAIN: Duration = Duration::from_secs(5);

/// The files that supervise holds open.
#[derive(Debug)]
pub(crate) struct Files {
    /// Holds the service directory open, which is locked. It is the first to be given
    /// up: whoever gets the lock then gets the directory too.
    notices: Notices,
    lock: Held,
    control: Held,
    /// Keeps the control FIFO from ever being at its end.
    _control_writer: OwnedFd,
    ok: Option<Held>,
    state: State,
    /// Whether it has been said that a file is missed.
    said: bool,
}

/// How the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// All are in their places.
    Whole,
    /// One is missed; it is made again at this moment.
    Broken(Monotonic),
    /// The service directory itself was removed: nothing can be made there.
    Gone,
}

impl Files {
    /// Takes the lock and the control FIFO.
    pub(crate) fn open(dir: &CStr) -> Result<Self, Fatal> {
        let fatal = |what: &[u8], path: &CStr, error: Errno| {
            ME.fatal(&[what, dir.to_bytes(), b"/", path.to_bytes()], error)
        };
        let lock = take_lock().map_err(|error| fatal(b"unable to acquire ", LOCK, error))?;
        let here = lock_here(dir)?;
        make_fifo(dir, CONTROL);
        let control = file::open_read(CONTROL)
            .and_then(Held::new)
            .map_err(|error| fatal(b"unable to read ", CONTROL, error))?;
        let control_writer = fifo::open_write(CONTROL)
            .map_err(|error| fatal(b"unable to write ", CONTROL, error))?;
        Ok(Self {
            notices: Notices::new(here),
            lock,
            control,
            _control_writer: control_writer,
            ok: None,
            state: State::Whole,
            said: false,
        })
    }

    /// Opens `ok`: from now on clients see that a supervise runs.
    pub(crate) fn open_ok(&mut self, dir: &CStr) -> Result<(), Fatal> {
        make_fifo(dir, OK);
        let ok = file::open_read(OK).and_then(Held::new).map_err(|error| {
            ME.fatal(
                &[b"unable to read ", dir.to_bytes(), b"/", OK.to_bytes()],
                error,
            )
        })?;
        self.ok = Some(ok);
        Ok(())
    }

    /// The control FIFO's reading end.
    pub(crate) fn control(&self) -> BorrowedFd<'_> {
        self.control.fd.as_fd()
    }

    /// Before this process or its child itself makes names in `supervise/`: no notice
    /// of that.
    pub(crate) fn hush(&mut self) {
        self.notices.hush();
    }

    /// A notice may have come.
    pub(crate) fn noticed(&mut self, now: Monotonic) {
        self.notices.noticed(now);
    }

    /// When [`tend`](Self::tend) has something to do even if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        match self.state {
            State::Whole => self.notices.deadline(),
            State::Broken(at) => Some(at),
            State::Gone => None,
        }
    }

    /// Looks whether all is in its place, asks for notice of changes, and makes
    /// again what is missed. Says whether files were made anew, so that the record
    /// has to be written again. For the end of every wake-up.
    pub(crate) fn tend(&mut self, dir: &CStr, now: Monotonic) -> bool {
        self.notices.ask(now);
        let missing = self.missing();
        match (self.state, missing) {
            (State::Gone, _) | (State::Whole, None) => false,
            (State::Broken(_), None) => {
                self.state = State::Whole;
                false
            }
            (State::Whole, Some(_)) => {
                self.state = State::Broken(now + GRACE);
                false
            }
            (State::Broken(at), Some(_)) if at > now => false,
            (State::Broken(_), Some(path)) => self.repair(dir, path, now),
        }
    }

    /// The first of our files that is not where it was.
    fn missing(&self) -> Option<&'static CStr> {
        if !self.control.is_at(CONTROL) {
            Some(CONTROL)
        } else if self.ok.as_ref().is_some_and(|ok| !ok.is_at(OK)) {
            Some(OK)
        } else if !self.lock.is_at(LOCK) {
            Some(LOCK)
        } else {
            None
        }
    }

    fn repair(&mut self, dir: &CStr, missing: &CStr, now: Monotonic) -> bool {
        if file::stat(c".").is_ok_and(|facts| facts.links == 0) {
            let what = b" itself was removed: the service runs on, out of reach";
            if !is_said_by_the_service(dir) {
                ME.warning(&[dir.to_bytes(), what], None);
            }
            self.state = State::Gone;
            return false;
        }
        if !self.said {
            let file = [dir.to_bytes(), b"/", missing.to_bytes()];
            let what = b" was removed or replaced: making it again";
            ME.warning(&[file[0], file[1], file[2], what], None);
        }
        self.said = true;
        match self.remake(dir) {
            Ok(()) => {
                self.state = State::Whole;
                self.said = false;
                self.notices.ask(now);
                true
            }
            Err((path, error)) => {
                let file = [dir.to_bytes(), b"/", path.to_bytes()];
                ME.warning(&[b"unable to make ", file[0], file[1], file[2]], error);
                self.state = State::Broken(now + AGAIN);
                false
            }
        }
    }

    fn remake(&mut self, dir: &CStr) -> Result<(), (&'static CStr, Errno)> {
        let at = |path| move |error| (path, error);
        setup::make_directory().map_err(at(SUPERVISE))?;
        if !self.lock.is_at(LOCK) {
            self.lock = take_lock().map_err(at(LOCK))?;
        }
        if !self.control.is_at(CONTROL) {
            make_fifo(dir, CONTROL);
            let control = file::open_read(CONTROL).and_then(Held::new);
            let control = control.map_err(at(CONTROL))?;
            self._control_writer = fifo::open_write(CONTROL).map_err(at(CONTROL))?;
            self.control = control;
        }
        make_fifo(dir, OK);
        self.ok = Some(file::open_read(OK).and_then(Held::new).map_err(at(OK))?);
        self.notices.open_directory();
        Ok(())
    }
}

/// Whether this is the supervise of a logger whose service's directory was removed with
/// it: then that of the service says so.
fn is_said_by_the_service(dir: &CStr) -> bool {
    let mut buffer = [0; 4096];
    let place = file::read_link(c"/proc/self/cwd", &mut buffer).unwrap_or(b"");
    let place = place.strip_suffix(b" (deleted)").unwrap_or(place);
    let service = place
        .strip_suffix(b"/log")
        .and_then(|path| CString::new(path).ok());
    dir == c"log" && service.is_some_and(|path| file::lstat(&path).is_err())
}
