//! Memory that the program maps itself: large buffers that cost nothing until
//! they are touched and can be given back, and memory that outlives the process at
//! every instant, as long as a file is [kept](Region::keep) under it. A mapping lasts
//! as long as the process.

mod keep;

use core::num::NonZeroUsize;
use core::sync::atomic::AtomicU64;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous};

pub use keep::{Region, Wanted, leave_to_parent, let_go, rest};

use crate::{Errno, Result};

/// The size of a page, or a multiple of it that does as well here.
pub const PAGE: usize = 4096;

const ACCESS: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// Memory whose first part is words, each written at once or not at all, and the
/// rest bytes.
#[derive(Debug)]
pub struct Memory {
    /// The words.
    pub words: &'static [AtomicU64],
    /// The bytes; they start at a page.
    pub bytes: &'static mut [u8],
    /// Where both lie.
    pub region: Region,
}

/// Zeroed memory of this process alone, `len` bytes.
///
/// # Errors
/// What `mmap(2)` says.
pub fn anonymous(len: usize) -> Result<&'static mut [u8]> {
    let size = NonZeroUsize::new(len).ok_or(Errno::EINVAL)?;
    // SAFETY: a new mapping, placed by the kernel, overlays nothing.
    let base = unsafe { mmap_anonymous(None, size, ACCESS, MapFlags::MAP_PRIVATE) }?;
    // SAFETY: the mapping has `len` bytes, is never unmapped, and nobody else
    // has it.
    Ok(unsafe { core::slice::from_raw_parts_mut(base.cast().as_ptr(), len) })
}

/// As [`anonymous`], `words` words and `bytes` bytes, both whole pages.
///
/// # Errors
/// What `mmap(2)` says.
pub fn anonymous_words(words: usize, bytes: usize) -> Result<Memory> {
    split(anonymous(words * 8 + bytes)?, words)
}

fn split(all: &'static mut [u8], words: usize) -> Result<Memory> {
    let (head, bytes) = all.split_at_mut_checked(words * 8).ok_or(Errno::EINVAL)?;
    let head: *const AtomicU64 = head.as_mut_ptr().cast_const().cast();
    // SAFETY: the head is `words` aligned words, for it starts a page; nobody
    // else has it, and any bits are a valid word.
    let words = unsafe { core::slice::from_raw_parts(head, words) };
    let region = Region::new(words, bytes);
    Ok(Memory {
        words,
        bytes,
        region,
    })
}

/// Gives the whole pages of `bytes` back to the kernel. Of [`anonymous`] memory
/// they are zeros when next touched; of a file's they are what they were.
pub fn give_back(bytes: &mut [u8]) {
    let skip = bytes.as_ptr().align_offset(PAGE).min(bytes.len());
    let bytes = &mut bytes[skip..];
    let len = bytes.len() & !(PAGE - 1);
    if let Some(base) = core::ptr::NonNull::new(bytes.as_mut_ptr().cast()) {
        // SAFETY: whole pages of a mapping of ours, whose contents the caller
        // has given up; nothing else lies in them.
        let _ = unsafe { madvise(base, len, MmapAdvise::MADV_DONTNEED) };
    }
}
