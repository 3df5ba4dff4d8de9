//! Writing to the own command line, which `ps` shows.

use core::ffi::c_char;

use crate::Args;

/// The last word of the command line, to be written to. [`Args`], the only other way to
/// it, has been consumed.
#[derive(Debug)]
pub struct LastWord {
    bytes: &'static mut [u8],
}

impl LastWord {
    /// Claims the last word of `args`. `None` without any word.
    #[must_use]
    pub fn claim(args: Args) -> Option<Self> {
        let start = args.into_last()?;
        // SAFETY: a word is a C string.
        let length = unsafe { libc::strlen(start) };
        // SAFETY: the kernel gives the words of the command line to the process as its
        // own writable memory. The pointer is the one that C's `main` was given, and
        // since there is one `Args`, which is used up, no reference to the word is left
        // and none will be made.
        let bytes = unsafe { core::slice::from_raw_parts_mut(start.cast_mut().cast(), length) };
        Some(Self { bytes })
    }

    /// The word, without the NUL that ends it.
    #[must_use]
    pub fn bytes(&mut self) -> &mut [u8] {
        self.bytes
    }
}

// The words that the kernel gives are C's `char`; both are bytes here.
const _: () = assert!(size_of::<c_char>() == 1);
