//! inotify without the heap: svscan and svwait use it to see changes in their directories
//! at once.

use core::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::{Errno, Result, unix::fd};

/// A name arrives in a directory.
const ARRIVALS: u32 = libc::IN_CREATE | libc::IN_MOVED_TO;
/// A name arrives, or leaves.
const NAMES: u32 = ARRIVALS | libc::IN_MOVED_FROM | libc::IN_DELETE;
/// The directory itself is removed or moved.
const REMOVAL: u32 = libc::IN_DELETE_SELF | libc::IN_MOVE_SELF;

/// A watched directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch(i32);

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A name was made.
    Made,
    /// A name was moved here from elsewhere.
    MovedHere,
    /// A file was opened.
    Opened,
    /// A file was closed by a process that had it open for reading only.
    ReaderClosed,
    /// Any other change.
    Other,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A change in a watched directory, with the name that it is about.
    In(Watch, Change, &'a CStr),
    /// Some events were lost.
    Lost,
}

/// An inotify instance.
#[derive(Debug)]
pub struct Inotify {
    fd: OwnedFd,
}

/// Four fields of four bytes: watch, mask, cookie and the length of the name that
/// follows.
const HEADER: usize = size_of::<libc::inotify_event>();
const _: () = assert!(HEADER == 16);
/// The most reads in one call of [`Inotify::each`].
const READS: usize = 16;

impl Inotify {
    /// A new instance, close-on-exec and non-blocking.
    ///
    /// # Errors
    /// Those of `inotify_init1(2)`: ENOSYS where the kernel has none.
    pub fn new() -> Result<Self> {
        // SAFETY: the call takes an integer and touches no memory.
        let fd = unsafe { libc::inotify_init1(libc::IN_CLOEXEC | libc::IN_NONBLOCK) };
        let fd = Errno::result(fd)?;
        // SAFETY: the kernel has just made this descriptor, for us alone.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd })
    }

    /// Watches a directory for new names.
    ///
    /// # Errors
    /// Those of `inotify_add_watch(2)`.
    pub fn arrivals(&self, path: &CStr) -> Result<Watch> {
        self.add(path, ARRIVALS)
    }

    /// Watches a directory for all changes in it. A directory that is watched already
    /// keeps its watch.
    ///
    /// # Errors
    /// Those of `inotify_add_watch(2)`.
    pub fn anything(&self, path: &CStr) -> Result<Watch> {
        self.add(
            path,
            NAMES | libc::IN_MODIFY | libc::IN_ATTRIB | libc::IN_CLOSE_WRITE,
        )
    }

    /// Watches a directory for names that arrive, and for its own removal.
    ///
    /// # Errors
    /// Those of `inotify_add_watch(2)`.
    pub fn arrivals_and_end(&self, path: &CStr) -> Result<Watch> {
        self.add(path, ARRIVALS | REMOVAL)
    }

    /// Watches a directory for names that come and go, for files in it that are written,
    /// opened, or closed by a reader, and for its own removal.
    ///
    /// # Errors
    /// Those of `inotify_add_watch(2)`.
    pub fn names_and_readers(&self, path: &CStr) -> Result<Watch> {
        self.add(
            path,
            NAMES | libc::IN_MODIFY | libc::IN_OPEN | libc::IN_CLOSE_NOWRITE | REMOVAL,
        )
    }

    fn add(&self, path: &CStr, mask: u32) -> Result<Watch> {
        let mask = mask | libc::IN_ONLYDIR;
        // SAFETY: the path is a C string that outlives the call.
        let watch = unsafe { libc::inotify_add_watch(self.fd.as_raw_fd(), path.as_ptr(), mask) };
        Errno::result(watch).map(Watch)
    }

    /// Stops watching a directory.
    pub fn remove(&self, watch: Watch) {
        // SAFETY: the call takes integers and touches no memory.
        unsafe { libc::inotify_rm_watch(self.fd.as_raw_fd(), watch.0) };
    }

    /// Calls `each` with the events so far, without waiting. It returns also if new events
    /// keep coming; these are left for the next call.
    ///
    /// # Errors
    /// Those of `read(2)`, but for EAGAIN.
    pub fn each(&self, mut each: impl FnMut(Event)) -> Result<()> {
        let mut buffer = [0; 4096];
        for _ in 0..READS {
            let filled = match fd::read(&self.fd, &mut buffer) {
                Ok(0) | Err(Errno::EAGAIN) => return Ok(()),
                Ok(filled) => filled,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error),
            };
            let mut rest = &buffer[..filled];
            while let Some((header, more)) = rest.split_first_chunk::<HEADER>() {
                let [w0, w1, w2, w3, m0, m1, m2, m3, _, _, _, _, l0, l1, l2, l3] = *header;
                let length = u32::from_ne_bytes([l0, l1, l2, l3]);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let Some((name, next)) = more.split_at_checked(length) else {
                    return Err(Errno::EIO);
                };
                rest = next;
                let mask = u32::from_ne_bytes([m0, m1, m2, m3]);
                let watch = Watch(i32::from_ne_bytes([w0, w1, w2, w3]));
                let name = CStr::from_bytes_until_nul(name).unwrap_or(c"");
                if mask & libc::IN_Q_OVERFLOW != 0 {
                    each(Event::Lost);
                } else if mask & libc::IN_IGNORED == 0 {
                    each(Event::In(watch, change(mask), name));
                }
            }
        }
        Ok(())
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

const fn change(mask: u32) -> Change {
    if mask & libc::IN_CREATE != 0 {
        Change::Made
    } else if mask & libc::IN_MOVED_TO != 0 {
        Change::MovedHere
    } else if mask & libc::IN_OPEN != 0 {
        Change::Opened
    } else if mask & libc::IN_CLOSE_NOWRITE != 0 {
        Change::ReaderClosed
    } else {
        Change::Other
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn tells_new_names_in_order_and_whether_they_were_made_or_moved() {
        let place = tempfile::tempdir().expect("a directory");
        let path = CString::new(place.path().as_os_str().as_bytes()).expect("no NUL");
        let inotify = Inotify::new().expect("inotify");
        let watch = inotify.arrivals(&path).expect("a watch");
        std::fs::create_dir(place.path().join("made")).expect("mkdir");
        std::fs::rename(place.path().join("made"), place.path().join("moved")).expect("rename");
        let mut seen = Vec::new();
        inotify
            .each(|event| match event {
                Event::In(from, change, name) => {
                    assert_eq!(from, watch);
                    seen.push((change, name.to_owned()));
                }
                Event::Lost => panic!("nothing was lost"),
            })
            .expect("events");
        assert_eq!(
            seen,
            [
                (Change::Made, c"made".to_owned()),
                (Change::MovedHere, c"moved".to_owned()),
            ]
        );
    }
}
