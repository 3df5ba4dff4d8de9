//! A file under memory: what is stored there is in the file too, and so outlives the
//! process, killed between whatever two instructions.
//!
//! Such memory has two enemies. Whoever cuts the file takes its pages away, and whoever
//! writes to it changes what Rust takes for its own. And a file system may be unable to
//! give a page that it had promised: a full one that copies on write, a broken disk.
//! Both end in SIGBUS.
//!
//! Against the first there is a *lease* of the file (`fcntl(2)`), granted only where
//! nobody else has it open. Whoever opens or cuts it then waits until this process has
//! put another file in its place, or a copy in memory: [`Region::is_wanted`] tells when,
//! and while the process [rests](rest) the handler of SIGIO does it. The kernel has
//! everybody wait for some time only (`/proc/sys/fs/lease-break-time`, 45 seconds), which
//! matters to a process that is stopped. Where it grants no lease, no file is kept.
//!
//! Against the second the handler of SIGBUS puts a copy in the file's place, with what
//! that still holds. Nothing changes at the addresses but what is under them;
//! [`Region::is_kept`] tells.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::PAGE;
use crate::unix::file;
use crate::{Errno, Result};

/// How the kernel calls it that another wants the file.
const LEASE_BROKEN: Signal = Signal::SIGIO;

/// What the handlers know. A process keeps one file at most.
struct Kept {
    /// The thread whose memory it is; 0 if there is no file.
    owner: AtomicI32,
    /// Whether the file is under the memory.
    active: AtomicBool,
    /// Whether another wants the file.
    wanted: AtomicBool,
    /// Whether its memory is not used for now, so that it can be let go at once.
    resting: AtomicBool,
    /// Whether another wanted to write to the file, or cut it.
    for_writing: AtomicBool,
    base: AtomicPtr<c_void>,
    len: AtomicUsize,
    fd: AtomicI32,
}

static KEPT: Kept = Kept {
    owner: AtomicI32::new(0),
    active: AtomicBool::new(false),
    wanted: AtomicBool::new(false),
    resting: AtomicBool::new(false),
    for_writing: AtomicBool::new(false),
    base: AtomicPtr::new(core::ptr::null_mut()),
    len: AtomicUsize::new(0),
    fd: AtomicI32::new(-1),
};

/// What another wanted with a file that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To write to it or to cut it.
    Writing,
    /// To read it; or nobody wanted it, and the file system failed.
    Other,
}

/// Where memory lies under which a file can be kept.
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

    /// Whether another waits for the file, until it is replaced by another or let go.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.is_kept() && KEPT.wanted.load(Ordering::SeqCst)
    }

    /// Keeps a file, which is open for reading and writing, under the memory that lies
    /// here, `words` and behind them `bytes`. First the file gets their contents: one
    /// that is not empty gets every byte, so it had better hold them before. Gives the
    /// file that was kept so far, and is from now on no more.
    ///
    /// # Errors
    /// EINVAL if they do not lie here, or where there are no leases; EAGAIN if another
    /// has the file open; EBUSY if another thread keeps one; what `write(2)`,
    /// `fallocate(2)` and `mmap(2)` say. Then all is as before.
    pub fn keep(
        &mut self,
        fd: OwnedFd,
        words: &[AtomicU64],
        bytes: &mut [u8],
    ) -> Result<Option<OwnedFd>> {
        let own = self.base.cast_const().cast::<u8>();
        let head = size_of_val(words);
        if words.as_ptr().cast() != own
            || bytes.as_ptr() != own.wrapping_add(head)
            || head + bytes.len() != self.len
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
        let put = self.put_under(&fd, words, bytes);
        if put.is_err() && is_first {
            KEPT.owner.store(0, Ordering::SeqCst);
        }
        put.map(|()| self.fd.replace(fd).filter(|_| !is_first))
    }

    fn put_under(&self, fd: &OwnedFd, words: &[AtomicU64], bytes: &[u8]) -> Result<()> {
        catch()?;
        KEPT.wanted.store(false, Ordering::SeqCst);
        lease(fd)?;
        fill(fd, words, bytes)?;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the range is a mapping of this process's, never unmapped; the file has
        // as many bytes, and the same ones, so nothing changes for who has the memory.
        // Nobody else can change them: see the lease above.
        let mapped = unsafe { libc::mmap(self.base, self.len, access, flags, fd.as_raw_fd(), 0) };
        if mapped == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // Until here the handlers know the file that was kept so far, which holds the same.
        KEPT.base.store(self.base, Ordering::SeqCst);
        KEPT.len.store(self.len, Ordering::SeqCst);
        KEPT.fd.store(fd.as_raw_fd(), Ordering::SeqCst);
        KEPT.for_writing.store(false, Ordering::SeqCst);
        KEPT.active.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// What another wanted with the file that was kept.
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

/// Puts a copy in the place of the file that this thread keeps, if it does; says whether
/// it did. For when a system call said EFAULT.
pub fn let_go() -> bool {
    KEPT.owner.load(Ordering::SeqCst) == thread()
        && KEPT.active.load(Ordering::SeqCst)
        && copy_out()
}

/// Does what takes long and does not touch the memory: who wants the file meanwhile has
/// it at once.
pub fn rest<T>(what: impl FnOnce() -> T) -> T {
    KEPT.resting.store(true, Ordering::SeqCst);
    if KEPT.wanted.load(Ordering::SeqCst) {
        let_go();
    }
    let result = what();
    KEPT.resting.store(false, Ordering::SeqCst);
    result
}

/// In a child, before all else: leaves the file that is kept to the parent alone, so that
/// whoever comes after the parent finds it free as soon as what it locked besides. The
/// memory is zeros in the child.
pub fn leave_to_parent() {
    if !KEPT.active.swap(false, Ordering::SeqCst) {
        return;
    }
    let base = KEPT.base.load(Ordering::SeqCst);
    let len = KEPT.len.load(Ordering::SeqCst);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: the range is a mapping that nobody uses in a child that is about to exec.
    unsafe { libc::mmap(base, len, access, flags, -1, 0) };
    // SAFETY: likewise the descriptor, whose owner is never dropped there.
    unsafe { libc::close(KEPT.fd.load(Ordering::SeqCst)) };
}

fn thread() -> libc::pid_t {
    // SAFETY: gettid cannot fail and touches no memory.
    unsafe { libc::gettid() }
}

/// Gives the file the memory's contents, and every byte of it a place on the disk.
fn fill(fd: &OwnedFd, words: &[AtomicU64], bytes: &[u8]) -> Result<()> {
    let len = size_of_val(words) + bytes.len();
    let mut whole = file::fstat(fd)?.size != 0;
    match file::allocate(fd, i64::try_from(len).map_err(|_| Errno::EFBIG)?) {
        // A file system that cannot promise gives what is written.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => whole = true,
        result => result?,
    }
    let mut head = Vec::with_capacity(size_of_val(words));
    for word in words {
        head.extend(word.load(Ordering::Relaxed).to_ne_bytes());
    }
    let pages = head.chunks(PAGE).chain(bytes.chunks(PAGE));
    for (index, page) in pages.enumerate() {
        if whole || page.iter().any(|&byte| byte != 0) {
            let offset = i64::try_from(index * PAGE).map_err(|_| Errno::EFBIG)?;
            if file::write_at(fd, page, offset)? != page.len() {
                return Err(Errno::ENOSPC);
            }
        }
    }
    Ok(())
}

/// Takes a lease: whoever opens the file waits until this process has let it go.
fn lease(fd: &OwnedFd) -> Result<()> {
    // SAFETY: fcntl takes integers here and touches no memory.
    Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) }).map(drop)
}

/// Has both signals caught. Other signals are not blocked in their handlers.
fn catch() -> Result<()> {
    let set = |signal, handler| {
        let flags = SaFlags::SA_SIGINFO | SaFlags::SA_RESTART;
        let action = SigAction::new(handler, flags, SigSet::empty());
        // SAFETY: the handlers make system calls, use atomic statics, and restore errno.
        unsafe { sigaction(signal, &action) }.map(drop)
    };
    set(Signal::SIGBUS, SigHandler::SigAction(on_fault))?;
    set(LEASE_BROKEN, SigHandler::SigAction(on_wanted))
}

/// Another opens or cuts the file, and waits until the lease of it is given up.
extern "C" fn on_wanted(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    let errno = Errno::last();
    let owner = KEPT.owner.load(Ordering::SeqCst);
    if owner != 0 && owner != thread() {
        let process = nix::unistd::getpid().as_raw();
        let signal = LEASE_BROKEN as c_int;
        // SAFETY: tgkill takes integers and touches no memory.
        unsafe { libc::syscall(libc::SYS_tgkill, process, owner, signal) };
        errno.set();
        return;
    }
    let fd = KEPT.fd.load(Ordering::SeqCst);
    // SAFETY: fcntl takes integers here and touches no memory.
    let left = unsafe { libc::fcntl(fd, libc::F_GETLEASE) };
    if left == libc::F_UNLCK {
        KEPT.for_writing.store(true, Ordering::SeqCst);
    }
    KEPT.wanted.store(true, Ordering::SeqCst);
    if KEPT.resting.load(Ordering::SeqCst) {
        let_go();
    }
    errno.set();
}

/// A page could not be had. Elsewhere than in the memory that is kept, or if this was
/// no fault but sent, it ends the process as it does by default.
extern "C" fn on_fault(_: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let errno = Errno::last();
    // SAFETY: the kernel passes a valid `siginfo_t`.
    let info = unsafe { &*info };
    // SAFETY: one of SIGBUS has an address; of one that was sent, it is not used.
    let address = unsafe { info.si_addr() };
    let offset = address
        .addr()
        .wrapping_sub(KEPT.base.load(Ordering::SeqCst).addr());
    let sent = info.si_code <= 0;
    if sent || offset >= KEPT.len.load(Ordering::SeqCst) || !let_go() {
        let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the default runs no code of ours.
        let _ = unsafe { sigaction(Signal::SIGBUS, &action) };
        if sent {
            let _ = nix::sys::signal::raise(Signal::SIGBUS);
        }
        // A fault comes again.
    }
    errno.set();
}

/// Puts a copy of the file in its place and gives up the lease. For handlers too: only
/// system calls.
fn copy_out() -> bool {
    let (base, len) = (
        KEPT.base.load(Ordering::SeqCst),
        KEPT.len.load(Ordering::SeqCst),
    );
    let fd = KEPT.fd.load(Ordering::SeqCst);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, placed by the kernel, overlays nothing.
    let copy = unsafe { libc::mmap(core::ptr::null_mut(), len, access, flags, -1, 0) };
    if copy == libc::MAP_FAILED {
        return false;
    }
    let mut at = 0;
    while at < len {
        let into = copy.wrapping_byte_add(at);
        // SAFETY: the kernel writes at most to the end of the copy. Unlike a look at the
        // memory this gives an error where there is no page.
        let read = unsafe { libc::pread(fd, into, len - at, offset(at)) };
        match usize::try_from(read) {
            // It was cut: zeros from there on.
            Ok(0) => break,
            Ok(count) => at += count,
            Err(_) if Errno::last() == Errno::EINTR => {}
            // What cannot be read is zeros.
            Err(_) => at = (at | (PAGE - 1)) + 1,
        }
    }
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: both are mappings of this process's with `len` bytes, and the copy is
    // nobody's. Who has the memory finds what was there: no one else could write to the
    // file. Only what the file system lost is zeros.
    if unsafe { libc::mremap(copy, len, len, flags, base) } == libc::MAP_FAILED {
        // SAFETY: the copy is nobody's.
        unsafe { libc::munmap(copy, len) };
        return false;
    }
    KEPT.active.store(false, Ordering::SeqCst);
    KEPT.owner.store(0, Ordering::SeqCst);
    // SAFETY: fcntl takes integers here and touches no memory.
    let _ = unsafe { libc::fcntl(fd, libc::F_SETLEASE, libc::F_UNLCK) };
    true
}

const fn offset(at: usize) -> libc::off_t {
    at.cast_signed() as libc::off_t
}
