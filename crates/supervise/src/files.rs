//! The files that supervise holds open: opened at the start, watched, and made again when
//! somebody removes or replaces them. Without its control FIFO nobody can control a
//! service, and without its lock a second supervise would begin.

mod directory;
mod locks;
mod notices;
mod open_file;

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::Errno;
use daemontools::servicedir::{CONTROL, LOCK, OK, SUPERVISE};
use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fifo, file};

use crate::reporter::REPORTER;

pub(crate) use directory::make_directory;
use locks::{lock_service_directory, take_lock};
use notices::Notices;
use open_file::{OpenFile, make_fifo};

/// How long after a file was missed it is made again: whoever is removing the whole
/// directory must find it empty.
const GRACE: Duration = Duration::from_secs(1);

/// How long after a failed repair the next is tried.
const RETRY: Duration = Duration::from_secs(5);

/// The open files.
#[derive(Debug)]
pub(crate) struct Files {
    /// Holds the locked service directory open. It is the first field, so that it is closed
    /// first: whoever gets `lock` then gets the directory too.
    notices: Notices,
    lock: OpenFile,
    control: OpenFile,
    /// Keeps the control FIFO from ever being at its end.
    _control_writer: OwnedFd,
    ok: Option<OpenFile>,
    state: State,
    /// A missing file was reported, and not made again yet.
    reported: bool,
}

/// Whether the files have their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// All have.
    Intact,
    /// One was removed or replaced; it is made again at this moment.
    Damaged(Monotonic),
    /// The service directory itself was removed: nothing can be made there.
    Removed,
}

impl Files {
    /// Takes the locks and opens the control FIFO.
    ///
    /// # Errors
    /// A supervise runs already, or a file cannot be made or opened.
    pub(crate) fn open(dir: &CStr) -> Result<Self, Fatal> {
        let fatal = |what: &[u8], path: &CStr, error: Errno| {
            REPORTER.fatal(&[what, dir.to_bytes(), b"/", path.to_bytes()], error)
        };
        let lock = take_lock().map_err(|error| fatal(b"unable to acquire ", LOCK, error))?;
        let service = lock_service_directory(dir)?;
        make_fifo(dir, CONTROL);
        let control = file::open_read(CONTROL)
            .and_then(OpenFile::new)
            .map_err(|error| fatal(b"unable to read ", CONTROL, error))?;
        let control_writer = fifo::open_write(CONTROL)
            .map_err(|error| fatal(b"unable to write ", CONTROL, error))?;
        Ok(Self {
            notices: Notices::new(service),
            lock,
            control,
            _control_writer: control_writer,
            ok: None,
            state: State::Intact,
            reported: false,
        })
    }

    /// Opens `ok`: from now on clients see that a supervise runs.
    pub(crate) fn open_ok(&mut self, dir: &CStr) -> Result<(), Fatal> {
        make_fifo(dir, OK);
        let ok = file::open_read(OK)
            .and_then(OpenFile::new)
            .map_err(|error| {
                let what: [&[u8]; 4] = [b"unable to read ", dir.to_bytes(), b"/", OK.to_bytes()];
                REPORTER.fatal(&what, error)
            })?;
        self.ok = Some(ok);
        Ok(())
    }

    /// The reading end of the control FIFO.
    pub(crate) fn control(&self) -> BorrowedFd<'_> {
        self.control.fd.as_fd()
    }

    /// Call this before supervise makes names in `supervise/`: no notice comes of them.
    pub(crate) fn disarm(&mut self) {
        self.notices.disarm();
    }

    /// A notice may have come.
    pub(crate) fn note_change(&mut self, now: Monotonic) {
        self.notices.note(now);
    }

    /// When [`maintain`](Self::maintain) is due without an event.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        match self.state {
            State::Intact => self.notices.deadline(),
            State::Damaged(at) => Some(at),
            State::Removed => None,
        }
    }

    /// Looks whether each file has its name, asks for notice of changes, and makes missing
    /// files again. True if it did: then the record has to be written again. To be called
    /// at the end of every turn of the loop.
    pub(crate) fn maintain(&mut self, dir: &CStr, now: Monotonic) -> bool {
        self.notices.arm(now);
        match (self.state, self.missing()) {
            (State::Removed, _) | (State::Intact, None) => false,
            (State::Damaged(_), None) => {
                self.state = State::Intact;
                false
            }
            (State::Intact, Some(_)) => {
                self.state = State::Damaged(now + GRACE);
                false
            }
            (State::Damaged(at), Some(_)) if at > now => false,
            (State::Damaged(_), Some(path)) => self.repair(dir, path, now),
        }
    }

    /// The first file that lost its name.
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
            if !service_reports_removal(dir) {
                REPORTER.warning(&[dir.to_bytes(), what], None);
            }
            self.state = State::Removed;
            return false;
        }
        if !self.reported {
            let (dir, missing) = (dir.to_bytes(), missing.to_bytes());
            let what = b" was removed or replaced: making it again";
            REPORTER.warning(&[dir, b"/", missing, what], None);
        }
        self.reported = true;
        match self.remake(dir) {
            Ok(()) => {
                self.state = State::Intact;
                self.reported = false;
                self.notices.arm(now);
                true
            }
            Err((path, error)) => {
                let (dir, path) = (dir.to_bytes(), path.to_bytes());
                REPORTER.warning(&[b"unable to make ", dir, b"/", path], error);
                self.state = State::Damaged(now + RETRY);
                false
            }
        }
    }

    fn remake(&mut self, dir: &CStr) -> Result<(), (&'static CStr, Errno)> {
        let at = |path| move |error| (path, error);
        make_directory().map_err(at(SUPERVISE))?;
        if !self.lock.is_at(LOCK) {
            self.lock = take_lock().map_err(at(LOCK))?;
        }
        if !self.control.is_at(CONTROL) {
            make_fifo(dir, CONTROL);
            let control = file::open_read(CONTROL).and_then(OpenFile::new);
            let control = control.map_err(at(CONTROL))?;
            self._control_writer = fifo::open_write(CONTROL).map_err(at(CONTROL))?;
            self.control = control;
        }
        make_fifo(dir, OK);
        let ok = file::open_read(OK).and_then(OpenFile::new);
        self.ok = Some(ok.map_err(at(OK))?);
        self.notices.open_directory();
        Ok(())
    }
}

/// Whether another supervise reports that the service directory was removed: this one is
/// of a logger, and the directory of its service was removed with it.
// Not inlined: its buffer would be on the stack of every turn of the loop.
#[cold]
#[inline(never)]
fn service_reports_removal(dir: &CStr) -> bool {
    let mut buffer = [0; 4096];
    let place = file::read_link(c"/proc/self/cwd", &mut buffer).unwrap_or(b"");
    let place = place.strip_suffix(b" (deleted)").unwrap_or(place);
    let service = place
        .strip_suffix(b"/log")
        .and_then(|path| CString::new(path).ok());
    dir == c"log" && service.is_some_and(|path| file::lstat(&path).is_err())
}
