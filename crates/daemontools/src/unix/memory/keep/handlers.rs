//! The handlers of SIGIO and SIGBUS, and what they know of the file that is kept under
//! memory. They make system calls and use atomic statics, and nothing else.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use super::super::PAGE;
use crate::{Errno, Result};

/// The signal by which the kernel says that another process wants the file.
const LEASE_BROKEN: Signal = Signal::SIGIO;

/// The file that is kept. A process keeps one file at most.
pub(super) struct Kept {
    /// The thread whose memory it is; 0 if no file is kept.
    pub(super) owner: AtomicI32,
    /// Whether the file is under the memory.
    pub(super) active: AtomicBool,
    /// Whether another process wants the file.
    pub(super) wanted: AtomicBool,
    /// Whether the memory is not used for now, so that the file can be given up at once.
    resting: AtomicBool,
    /// Whether the other process wants to write to the file or to truncate it.
    pub(super) for_writing: AtomicBool,
    pub(super) base: AtomicPtr<c_void>,
    /// The length of the memory.
    pub(super) len: AtomicUsize,
    /// How much of it, from its start, the file has room for.
    pub(super) used: AtomicUsize,
    pub(super) fd: AtomicI32,
}

pub(super) static KEPT: Kept = Kept {
    owner: AtomicI32::new(0),
    active: AtomicBool::new(false),
    wanted: AtomicBool::new(false),
    resting: AtomicBool::new(false),
    for_writing: AtomicBool::new(false),
    base: AtomicPtr::new(core::ptr::null_mut()),
    len: AtomicUsize::new(0),
    used: AtomicUsize::new(0),
    fd: AtomicI32::new(-1),
};

/// Puts a copy in the place of the file that this thread keeps; says whether it did. This
/// is what to do if a system call says EFAULT.
pub fn let_go() -> bool {
    KEPT.owner.load(Ordering::SeqCst) == thread()
        && KEPT.active.load(Ordering::SeqCst)
        && copy_out()
}

/// Calls `what`, which takes long and does not touch the memory. Another process that wants
/// the file gets it at once meanwhile.
pub fn rest<T>(what: impl FnOnce() -> T) -> T {
    KEPT.resting.store(true, Ordering::SeqCst);
    if KEPT.wanted.load(Ordering::SeqCst) {
        let_go();
    }
    let result = what();
    KEPT.resting.store(false, Ordering::SeqCst);
    result
}

/// In a child, before all else: gives up this process's share of the file that is kept, so
/// that the file is free as soon as the parent ends. The memory is zeros in the child.
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

pub(super) fn thread() -> libc::pid_t {
    // SAFETY: gettid cannot fail and touches no memory.
    unsafe { libc::gettid() }
}

/// Installs both handlers. Other signals are not blocked in them.
pub(super) fn catch() -> Result<()> {
    let set = |signal, handler| {
        let flags = SaFlags::SA_SIGINFO | SaFlags::SA_RESTART;
        let action = SigAction::new(handler, flags, SigSet::empty());
        // SAFETY: the handlers make system calls, use atomic statics, and restore errno.
        unsafe { sigaction(signal, &action) }.map(drop)
    };
    set(Signal::SIGBUS, SigHandler::SigAction(on_fault))?;
    set(LEASE_BROKEN, SigHandler::SigAction(on_wanted))
}

/// Another process opens or truncates the file, and waits until its lease is given up.
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

/// A page of the file does not exist. A fault at any other address, and a signal that
/// somebody sent, end the process as they do by default.
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

/// Puts a copy of the file in its place and gives up the lease.
fn copy_out() -> bool {
    let base = KEPT.base.load(Ordering::SeqCst);
    let len = KEPT.len.load(Ordering::SeqCst);
    let used = KEPT.used.load(Ordering::SeqCst);
    let fd = KEPT.fd.load(Ordering::SeqCst);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, placed by the kernel, overlays nothing.
    let copy = unsafe { libc::mmap(core::ptr::null_mut(), len, access, flags, -1, 0) };
    if copy == libc::MAP_FAILED {
        return false;
    }
    let mut at = 0;
    while at < used {
        let into = copy.wrapping_byte_add(at);
        // SAFETY: the kernel writes at most to the end of the copy. Unlike a look at the
        // memory this gives an error where there is no page.
        let read = unsafe { libc::pread(fd, into, used - at, offset(at)) };
        match usize::try_from(read) {
            // The file was truncated: zeros from here on.
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
