//! `execve`, with exactly the arguments and the environment it is given.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;
use std::borrow::Cow;

use crate::Errno;

/// Strings as `execve` takes them: pointers, and a null pointer after the last.
#[derive(Debug)]
pub struct Strings<'a> {
    pointers: Cow<'a, [*const c_char]>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Strings<'a> {
    /// These strings, where they are.
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

/// Execs `file`. Returns only to say why it could not.
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

/// Execs `file` with itself as the only argument and this process's environment,
/// untouched. Allocates nothing: for a child between fork and exec.
pub fn alone(file: &CStr) -> Errno {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let argv = [file.as_ptr(), core::ptr::null()];
    // SAFETY: nobody changes `environ`, so it can be read.
    let envp = unsafe { environ };
    // SAFETY: `argv` and the environment end with a null pointer and outlive the
    // call.
    unsafe { libc::execve(file.as_ptr(), argv.as_ptr(), envp) };
    Errno::last()
}
