//! Makes this kernel look like an old or restricted one: newer system calls, and those that
//! a kernel may be built without, fail with ENOSYS. A seccomp filter does that; every process
//! of a command inherits it.
//!
//! With `CONFORMANCE_BARE` set, every command of every case runs with the filter.
//!
//! The numbers of calls are those of the harness's architecture. Programs of another one, on a
//! kernel that runs both, are not restricted: build the harness for theirs.

use std::mem::offset_of;

use linux_raw_sys::ptrace;

/// System calls that a kernel of 2011 does not have, and those that a kernel may be
/// configured without.
const MISSING: &[libc::c_long] = &[
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pidfd_getfd,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_pwait2,
    libc::SYS_signalfd4,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_clone3,
    libc::SYS_close_range,
    libc::SYS_execveat,
    libc::SYS_openat2,
    libc::SYS_statx,
    libc::SYS_faccessat2,
    libc::SYS_renameat2,
    libc::SYS_getrandom,
    libc::SYS_memfd_create,
    libc::SYS_copy_file_range,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_tee,
    libc::SYS_splice,
    libc::SYS_vmsplice,
    libc::SYS_fallocate,
    libc::SYS_membarrier,
    libc::SYS_rseq,
];

/// The calls by which a C library does fcntl(2).
const FCNTL: &[libc::c_long] = &[
    libc::SYS_fcntl,
    #[cfg(target_pointer_width = "32")]
    libc::SYS_fcntl64,
];

/// The architecture of the harness, as the kernel tells it to a filter.
const ARCHITECTURE: u32 = match std::env::consts::ARCH.as_bytes() {
    b"x86_64" => ptrace::AUDIT_ARCH_X86_64,
    b"x86" => ptrace::AUDIT_ARCH_I386,
    b"aarch64" => ptrace::AUDIT_ARCH_AARCH64,
    b"arm" => ptrace::AUDIT_ARCH_ARM,
    b"riscv64" => ptrace::AUDIT_ARCH_RISCV64,
    b"powerpc64" if cfg!(target_endian = "little") => ptrace::AUDIT_ARCH_PPC64LE,
    b"s390x" => ptrace::AUDIT_ARCH_S390X,
    _ => panic!("the kernel's name of this architecture is not known here"),
};

// The instructions of the filter, see bpf(4) of any BSD.
const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
/// The offsets of the architecture, of the call's number, and of the lower half of its second argument.
const CALLER: u32 = offset_of!(libc::seccomp_data, arch) as u32;
const NUMBER: u32 = offset_of!(libc::seccomp_data, nr) as u32;
const SECOND: u32 =
    offset_of!(libc::seccomp_data, args) as u32 + if cfg!(target_endian = "big") { 12 } else { 8 };
use libc::{SECCOMP_RET_ALLOW as ALLOW, SECCOMP_RET_ERRNO as ERROR};

/// The filter; `None` if the kernel is not to be restricted.
pub(crate) fn filter(bare: bool) -> Option<Vec<libc::sock_filter>> {
    let step = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let number = |call: libc::c_long| u32::try_from(call).expect("the number of a call");
    let error = |errno: i32| ERROR | errno.unsigned_abs();
    if !bare {
        return None;
    }
    let mut filter = vec![
        step(LOAD, CALLER, 0, 0),
        step(EQUAL, ARCHITECTURE, 1, 0),
        step(RETURN, ALLOW, 0, 0),
        step(LOAD, NUMBER, 0, 0),
    ];
    for &call in MISSING {
        filter.push(step(EQUAL, number(call), 0, 1));
        filter.push(step(RETURN, error(libc::ENOSYS), 0, 0));
    }
    // fcntl(F_NOTIFY) fails as well.
    for &call in FCNTL {
        filter.push(step(EQUAL, number(call), 0, 4));
        filter.push(step(LOAD, SECOND, 0, 0));
        filter.push(step(EQUAL, libc::F_NOTIFY.unsigned_abs(), 0, 1));
        filter.push(step(RETURN, error(libc::EINVAL), 0, 0));
        filter.push(step(RETURN, ALLOW, 0, 0));
    }
    filter.push(step(RETURN, ALLOW, 0, 0));
    Some(filter)
}

/// Whether the environment asks for a bare kernel.
pub(crate) fn asked() -> bool {
    std::env::var_os("CONFORMANCE_BARE").is_some()
}

/// Installs the filter in a child before it execs. Makes only calls that are safe after a
/// fork.
#[allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)]
pub(crate) fn install(filter: &[libc::sock_filter]) -> libc::c_int {
    let program = libc::sock_fprog {
        len: filter.len() as libc::c_ushort,
        filter: filter.as_ptr().cast_mut(),
    };
    // SAFETY: plain system calls; the kernel copies the filter, which it only reads.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 {
            return -1;
        }
        let mode = libc::SECCOMP_MODE_FILTER;
        libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program)
    }
}
