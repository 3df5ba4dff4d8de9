//! Writing into one's own command line, where `ps` reads it.

use core::ffi::c_char;

use crate::Args;

/// The last word of the command line, as memory to write to.
///
/// Claimed at most once in the life of the process; from then on nobody else reads
/// or writes that word.
#[derive(Debug)]
pub struct LastWord {
    bytes: &'static mut [u8],
}

impl LastWord {
    /// Claims the last word of `args`, which are used up: nothing else of the
    /// command line can be read through them any more. `None` without any word, or
    /// if it was claimed before.
    #[must_use]
    pub fn claim(args: Args) -> Option<Self> {
        use core::sync::atomic::{AtomicBool, Ordering};
        static CLAIMED: AtomicBool = AtomicBool::new(false);
        let last = args.get(args.len().checked_sub(1)?)?;
        let length = last.count_bytes();
        let start = last.as_ptr().cast::<u8>().cast_mut();
        if CLAIMED.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the kernel gives the words of the command line to the process as
        // its own writable memory, and the flag keeps this the only reference that
        // is made to write to it.
        let bytes = unsafe { core::slice::from_raw_parts_mut(start, length) };
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
