//! `execve(2)` with exactly the given arguments and environment.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;
use std::borrow::Cow;
use std::os::fd::{OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, fcntl};

use super::{process, thread};
use crate::{Errno, Result};

/// Strings as `execve(2)` takes them: pointers, and a null pointer after the last.
#[derive(Debug)]
pub struct Strings<'a> {
    pointers: Cow<'a, [*const c_char]>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Strings<'a> {
    /// Strings that are not copied.
    ///
    /// # Safety
    /// Each pointer but the last must be a C string that lives for `'a`; the last
    /// must be null.
    pub(crate) const unsafe fn borrow(pointers: &'a [*const c_char]) -> Self {
        Self {
            pointers: Cow::Borrowed(pointers),
            strings: PhantomData,
        }
    }

    /// The first string.
    #[must_use]
    pub fn first(&self) -> Option<&'a CStr> {
        let first = *self.pointers.first()?;
        // SAFETY: a pointer that is not null is a C string that lives for `'a`.
        (!first.is_null()).then(|| unsafe { CStr::from_ptr(first) })
    }
}

impl<'a> FromIterator<&'a CStr> for Strings<'a> {
    fn from_iter<I: IntoIterator<Item = &'a CStr>>(strings: I) -> Self {
        let pointers = strings.into_iter().map(CStr::as_ptr);
        Self {
            pointers: pointers
                .chain([core::ptr::null()])
                .collect::<Vec<_>>()
                .into(),
            strings: PhantomData,
        }
    }
}

/// Execs `file`. Returns only if that failed, with the error.
pub fn execve(file: &CStr, argv: &Strings, envp: &Strings) -> Errno {
    // SAFETY: both vectors hold C strings that outlive the call and end with a
    // null pointer.
    unsafe {
        libc::execve(
            file.as_ptr(),
            argv.pointers.as_ptr(),
            envp.pointers.as_ptr(),
        )
    };
    Errno::last()
}

/// Execs `file` with the given descriptors under the given numbers. Descriptors of this
/// process that have these numbers are replaced: they are not used any more, since this
/// process execs or exits. If the exec fails, `failed` writes a message about `subject`
/// and gives the exit code.
pub fn with_descriptors<const N: usize>(
    given: [(OwnedFd, RawFd); N],
    (file, argv, envp): (&CStr, &Strings, &Strings),
    subject: &CStr,
    failed: fn(&CStr, Errno) -> i32,
) -> ! {
    let error = match hand_on(given) {
        Ok(()) => execve(file, argv, envp),
        Err(error) => error,
    };
    process::exit_now(failed(subject, error))
}

fn hand_on<const N: usize>(given: [(OwnedFd, RawFd); N]) -> Result<()> {
    if thread::are_several() {
        return Err(Errno::EDEADLK);
    }
    let highest = given.iter().map(|&(_, number)| number).max().unwrap_or(0);
    // First to higher numbers: one descriptor may have the number that another gets.
    let mut away = [0; N];
    for (away, (fd, _)) in away.iter_mut().zip(&given) {
        *away = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(highest + 1))?;
    }
    let numbers = given.map(|(_, number)| number);
    for (from, number) in away.into_iter().zip(numbers) {
        // SAFETY: the call takes integers and touches no memory. Whoever owns `number`
        // here never uses it again: there is one thread, and it goes from here to exec
        // or exit, by way of a function that was given no owner.
        Errno::result(unsafe { libc::dup2(from, number) })?;
    }
    Ok(())
}

/// Execs `file` with its name as the only argument and with this process's environment.
/// Uses no heap. Returns only if that failed, with the error.
pub fn alone(file: &CStr) -> Errno {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let argv = [file.as_ptr(), core::ptr::null()];
    // SAFETY: to change `environ` takes unsafe code, and none of ours does (see
    // `unix/env.rs`), so it can be read.
    let envp = unsafe { environ };
    // SAFETY: `argv` ends with a null pointer, and so does the environment; both outlive
    // the call.
    unsafe { libc::execve(file.as_ptr(), argv.as_ptr(), envp) };
    Errno::last()
}
