//! What tells that the state of a service may have changed: one inotify for all of them.

use core::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

use daemontools::servicedir::query;
use daemontools::unix::file;
use daemontools::unix::inotify::{Change, Event, Inotify, Watch};
use daemontools::{Errno, Result, servicedir};

/// The files of `supervise/` that the state is read from.
const FILES: [&CStr; 3] = [servicedir::OK, servicedir::STATUS, servicedir::DETAIL];

/// One inotify.
#[derive(Debug)]
pub(super) struct Watcher(Inotify);

impl Watcher {
    /// # Errors
    /// What `inotify_init1(2)` says.
    pub(super) fn new() -> Result<Self> {
        Inotify::new().map(Self)
    }

    /// Watches `supervise/` of a service, or the service directory until there is one.
    /// `None` if that can't be done, as where `supervise` is a link to nothing.
    pub(super) fn watch(&self, directory: &CStr) -> Option<Watch> {
        let path = query::path(directory, servicedir::SUPERVISE).ok()?;
        let inner = || self.0.names_and_readers(path.as_c_str());
        if let Ok(watch) = inner() {
            return Some(watch);
        }
        let outer = self.0.arrivals_and_end(directory).ok()?;
        // It may have been made before the watch began.
        inner().ok().or_else(|| {
            let missing = file::lstat(path.as_c_str()).err() == Some(Errno::ENOENT);
            missing.then_some(outer)
        })
    }

    /// Calls `each` with what has happened in which directory; `None` if some of it was
    /// lost.
    ///
    /// # Errors
    /// What `read(2)` says.
    pub(super) fn each(&self, mut each: impl FnMut(Option<(Watch, Change, &CStr)>)) -> Result<()> {
        self.0.each(|event| match event {
            Event::In(watch, change, name) => each(Some((watch, change, name))),
            Event::Lost => each(None),
        })
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Whether a change may be one of the state. Whoever looks opens the files too, so an
/// opened `ok` counts only where no supervise was seen: nobody else can open it then. Else
/// two that wait would wake each other for ever.
pub(super) fn matters(change: Change, name: &CStr, supervised: bool) -> bool {
    let is =
        |path: &CStr| path.to_bytes().rsplit(|&byte| byte == b'/').next() == Some(name.to_bytes());
    match change {
        Change::Opened => is(servicedir::OK) && !supervised,
        Change::ReaderClosed => is(servicedir::OK),
        // The directory itself has no name here.
        Change::Made | Change::MovedHere | Change::Other => {
            name.is_empty() || is(servicedir::SUPERVISE) || FILES.into_iter().any(is)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_of_the_state_matter() {
        for supervised in [false, true] {
            for name in [c"ok", c"status", c"detail", c"supervise", c""] {
                for change in [Change::Made, Change::MovedHere, Change::Other] {
                    assert!(matters(change, name, supervised), "{change:?} {name:?}");
                }
            }
            for name in [c"status.new", c"detail.new", c"control", c"lock"] {
                assert!(!matters(Change::Other, name, supervised), "{name:?}");
            }
            assert!(matters(Change::ReaderClosed, c"ok", supervised));
        }
    }

    #[test]
    fn a_look_of_another_process_does_not_matter() {
        for name in [c"status", c"detail"] {
            for change in [Change::Opened, Change::ReaderClosed] {
                assert!(!matters(change, name, true) && !matters(change, name, false));
            }
        }
        assert!(!matters(Change::Opened, c"ok", true));
        assert!(matters(Change::Opened, c"ok", false));
    }
}
