//! The steps between fork and exec. `std::process::Command` only forks; the rest is done
//! here, `execve` included, since `Command` would change the inheritance that cases test.

use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigSet, Signal};

pub(crate) fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).expect("no NUL in an argument")
}

/// Strings with the table of pointers that `execve` takes.
pub(crate) struct Strings {
    pointers: Vec<*const libc::c_char>,
    _owned: Vec<CString>,
}

impl Strings {
    pub(crate) fn new(texts: impl IntoIterator<Item = OsString>) -> Self {
        let owned: Vec<CString> = texts.into_iter().map(c_string).collect();
        let mut pointers: Vec<_> = owned.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self {
            pointers,
            _owned: owned,
        }
    }
}

#[allow(unsafe_code)]
// SAFETY: the pointers lead into the strings that travel with them.
unsafe impl Send for Strings {}
#[allow(unsafe_code)]
// SAFETY: nothing changes after `new`.
unsafe impl Sync for Strings {}

/// Everything that the child needs. It is made before the fork: after it, only
/// async-signal-safe calls are allowed.
pub(crate) struct Plan {
    pub(crate) program: CString,
    pub(crate) args: Strings,
    pub(crate) env: Strings,
    pub(crate) cwd: CString,
    pub(crate) descriptors: Vec<(RawFd, RawFd)>,
    pub(crate) closed: Vec<RawFd>,
    pub(crate) blocked: SigSet,
    pub(crate) ignored: Vec<Signal>,
    pub(crate) user: Option<u32>,
    pub(crate) limits: Vec<(u32, u64)>,
    pub(crate) umask: u32,
    pub(crate) filter: Option<Vec<libc::sock_filter>>,
}

#[allow(unsafe_code)]
pub(crate) fn fork_and_exec(program: &Path, plan: Plan) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // SAFETY: `become_program` only makes system calls, on what was prepared.
    unsafe { command.pre_exec(move || become_program(&plan)) };
    command.spawn()
}

#[allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)]
fn become_program(plan: &Plan) -> io::Result<()> {
    let check = |result: libc::c_int| match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: plain system calls; every pointer leads into `plan`, which lives.
    unsafe {
        check(libc::setsid())?;
        libc::umask(plan.umask);
        check(libc::chdir(plan.cwd.as_ptr()))?;
        for &(resource, value) in &plan.limits {
            let limit = libc::rlimit64 {
                rlim_cur: value,
                rlim_max: value,
            };
            check(libc::setrlimit64(resource, &raw const limit))?;
        }
        if let Some(user) = plan.user {
            check(libc::setgroups(0, std::ptr::null()))?;
            check(libc::setgid(user))?;
            check(libc::setuid(user))?;
        }
        for number in 1..=64 {
            libc::signal(number, libc::SIG_DFL);
        }
        for &signal in &plan.ignored {
            libc::signal(signal as libc::c_int, libc::SIG_IGN);
        }
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            plan.blocked.as_ref(),
            std::ptr::null_mut(),
        ))?;
        for &(number, parked) in &plan.descriptors {
            check(libc::dup2(parked, number))?;
        }
        for &number in &plan.closed {
            libc::close(number);
        }
        if let Some(filter) = &plan.filter {
            check(crate::bare::install(filter))?;
        }
        libc::execve(
            plan.program.as_ptr(),
            plan.args.pointers.as_ptr(),
            plan.env.pointers.as_ptr(),
        );
        // Std would report through a descriptor that may have been replaced.
        libc::_exit(127)
    }
}
