//! A file under memory: what is stored there is in the file too, and so outlives the
//! process, which may be killed between any two instructions.
//!
//! Two things endanger such memory. Another process may truncate the file, which takes
//! pages away, or write to it, which changes what Rust takes for its own. And a file system
//! may be unable to give a page that it had promised: a full one that copies on write, a
//! broken disk. In both cases an access ends in SIGBUS.
//!
//! Against the first there is a *lease* of the file (`fcntl(2)`), granted only where no
//! other process has it open. A process that opens or truncates the file then waits until
//! this one has put another file in its place, or a copy in memory: [`Region::is_wanted`]
//! tells when, and while the process [rests](rest) the handler of SIGIO does it. The kernel
//! has others wait for a limited time only (`/proc/sys/fs/lease-break-time`, 45 seconds),
//! which matters to a process that is stopped. Where the kernel grants no lease, no file is
//! kept.
//!
//! Against the second the handler of SIGBUS puts a copy in the file's place, with what the
//! file still holds. The addresses stay the same; [`Region::is_kept`] tells.
//!
//! The file has room on the disk for the first part of the memory only, as many whole pages
//! as are [asked for](Region::resize): a page that is stored to needs room for all of it. The
//! rest of the memory must not be touched.

mod handlers;

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};
use std::os::fd::{AsRawFd, OwnedFd};

use super::{PAGE, in_whole_pages};
use crate::unix::file;
use crate::{Errno, Result};
use handlers::{KEPT, catch, thread};
pub use handlers::{leave_to_parent, let_go, rest};

/// What another process wanted with a file that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To write to it or to truncate it.
    Writing,
    /// To read it; or no process wanted it, and the file system failed.
    Other,
}

/// Memory under which a file can be kept.
#[derive(Debug)]
pub struct Region {
    base: *mut c_void,
    len: usize,
    /// The file that is kept, or was last.
    fd: Option<OwnedFd>,
}

impl Region {
    pub(super) fn new(words: &'static [AtomicU64], bytes: &mut [u8]) -> Self {
        Self {
            base: words.as_ptr().cast_mut().cast(),
            len: size_of_val(words) + bytes.len(),
            fd: None,
        }
    }

    /// Whether what is stored in the memory is in a file as well.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        KEPT.active.load(Ordering::SeqCst) && KEPT.base.load(Ordering::SeqCst) == self.base
    }

    /// Whether another process waits until the file is replaced by another or let go.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.is_kept() && KEPT.wanted.load(Ordering::SeqCst)
    }

    /// Keeps a file, which is open for reading and writing, under this memory, `words` and
    /// behind them `bytes`. First the file gets the contents of the first `used` bytes of
    /// the memory, and room on the disk for them. Gives the file that was kept before.
    ///
    /// # Errors
    /// EINVAL if they are not this memory in whole pages, or where there are no leases; EAGAIN if another
    /// process has the file open; EBUSY if another thread keeps one; what `write(2)`,
    /// `fallocate(2)` and `mmap(2)` say. Then everything is as before.
    pub fn keep(
        &mut self,
        fd: OwnedFd,
        words: &[AtomicU64],
        bytes: &mut [u8],
        used: usize,
    ) -> Result<Option<OwnedFd>> {
        let own = self.base.cast_const().cast::<u8>();
        let head = size_of_val(words);
        if words.as_ptr().cast() != own
            || bytes.as_ptr() != own.wrapping_add(head)
            || head + bytes.len() != self.len
            || !head.is_multiple_of(PAGE)
            || !(head..=self.len).contains(&used)
        {
            return Err(Errno::EINVAL);
        }
        let is_first = !self.is_kept();
        if is_first {
            let_go();
            KEPT.owner
                .compare_exchange(0, thread(), Ordering::SeqCst, Ordering::SeqCst)
                .map_err(|_| Errno::EBUSY)?;
        }
        let put = self.put_under(&fd, words, bytes, used);
        if put.is_err() && is_first {
            KEPT.owner.store(0, Ordering::SeqCst);
        }
        put.map(|()| self.fd.replace(fd).filter(|_| !is_first))
    }

    fn put_under(
        &self,
        fd: &OwnedFd,
        words: &[AtomicU64],
        bytes: &[u8],
        used: usize,
    ) -> Result<()> {
        catch()?;
        KEPT.wanted.store(false, Ordering::SeqCst);
        lease(fd)?;
        let used = fill(fd, words, bytes, in_whole_pages(used, self.len))?;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the range is a mapping of this process's, never unmapped; the file has
        // as many bytes, and the same ones as far as they are used, so nothing changes for
        // the owner of the memory. No other process can change them: see the lease above.
        let mapped = unsafe { libc::mmap(self.base, self.len, access, flags, fd.as_raw_fd(), 0) };
        if mapped == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // Until here the handlers know the file that was kept before, which holds the same.
        KEPT.base.store(self.base, Ordering::SeqCst);
        KEPT.len.store(self.len, Ordering::SeqCst);
        KEPT.used.store(used, Ordering::SeqCst);
        KEPT.fd.store(fd.as_raw_fd(), Ordering::SeqCst);
        KEPT.for_writing.store(false, Ordering::SeqCst);
        KEPT.active.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// How many bytes of the memory, from its start, the file has room for.
    #[must_use]
    pub fn used(&self) -> usize {
        KEPT.used.load(Ordering::SeqCst)
    }

    /// Gives the file room on the disk for the first `used` bytes of the memory and the rest
    /// of their last page, and gives back the room for what follows, whose contents are lost.
    ///
    /// # Errors
    /// What `fallocate(2)` says; EBADF if no file is kept. Then everything is as before.
    pub fn resize(&self, used: usize) -> Result<()> {
        let fd = self.fd.as_ref().filter(|_| self.is_kept());
        let fd = fd.ok_or(Errno::EBADF)?;
        let before = KEPT.used.load(Ordering::SeqCst);
        let used = in_whole_pages(used, self.len);
        if used > before {
            let (start, len) = (offset(before)?, offset(used - before)?);
            if let Err(error) = file::allocate(fd, start, len) {
                // A disk that is full now may have given a part of it.
                let _ = file::punch_hole(fd, start, len);
                return Err(error);
            }
        } else if used < before {
            file::punch_hole(fd, offset(used)?, offset(self.len - used)?)?;
        }
        KEPT.used.store(used, Ordering::SeqCst);
        Ok(())
    }

    /// What another process wanted with the file that was kept.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        if KEPT.for_writing.load(Ordering::SeqCst) {
            Wanted::Writing
        } else {
            Wanted::Other
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.is_kept() {
            let_go();
        }
    }
}

/// Gives the file the contents of the memory's first `used` bytes and room for them; says
/// for how many bytes it has room.
fn fill(fd: &OwnedFd, words: &[AtomicU64], bytes: &[u8], used: usize) -> Result<usize> {
    let len = size_of_val(words) + bytes.len();
    let is_new = file::fstat(fd)?.size == 0;
    file::truncate(fd, offset(len)?)?;
    let (used, whole) = match file::allocate(fd, 0, offset(used)?) {
        Ok(()) => (used, !is_new),
        // A file system that cannot promise room gives it to what is written.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => (len, true),
        Err(error) => return Err(error),
    };
    let head = size_of_val(words);
    for at in (0..head).step_by(PAGE) {
        let from = words.as_ptr().wrapping_byte_add(at).cast();
        // SAFETY: the kernel reads one page of the words, which are whole pages.
        let count = unsafe { libc::pwrite64(fd.as_raw_fd(), from, PAGE, offset(at)?) };
        if Errno::result(count)?.cast_unsigned() != PAGE {
            return Err(Errno::ENOSPC);
        }
    }
    let pages = bytes.chunks(PAGE).take((used - head).div_ceil(PAGE));
    for (index, page) in pages.enumerate() {
        if (whole || page.iter().any(|&byte| byte != 0))
            && file::write_at(fd, page, offset(head + index * PAGE)?)? != page.len()
        {
            return Err(Errno::ENOSPC);
        }
    }
    if !is_new && used < len {
        // What an earlier process used of the rest.
        let _ = file::punch_hole(fd, offset(used)?, offset(len - used)?);
    }
    Ok(used)
}

fn offset(at: usize) -> Result<i64> {
    i64::try_from(at).map_err(|_| Errno::EFBIG)
}

/// Takes a lease: a process that opens the file waits until this one has given it up.
fn lease(fd: &OwnedFd) -> Result<()> {
    // SAFETY: fcntl takes integers here and touches no memory.
    Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) }).map(drop)
}
