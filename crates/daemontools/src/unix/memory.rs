//! Mapped memory: large buffers that take no memory until they are used and can be given
//! back, and memory whose content survives a kill of the process because a file is
//! [kept](Region::keep) under it. A mapping lasts as long as the process.

mod keep;

use core::num::NonZeroUsize;
use core::sync::atomic::AtomicU64;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous};

pub use keep::{Region, Wanted, leave_to_parent, let_go, rest};

use crate::{Errno, Result};

/// A divisor of the size of a page, which is 4, 16 or 64 KiB: what is laid out in memory and
/// files counts in it. What is asked of the kernel in whole pages takes [`page_size`].
pub const PAGE: usize = 4096;

const ACCESS: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// Memory that begins with words, each of which is written atomically, and continues with
/// bytes.
#[derive(Debug)]
pub struct Memory {
    /// The words.
    pub words: &'static [AtomicU64],
    /// The bytes, from the beginning of a page on.
    pub bytes: &'static mut [u8],
    /// The pages of both.
    pub region: Region,
}

/// `len` bytes of zeroed memory of this process.
///
/// # Errors
/// Those of `mmap(2)`.
pub fn anonymous(len: usize) -> Result<&'static mut [u8]> {
    let size = NonZeroUsize::new(len).ok_or(Errno::EINVAL)?;
    // SAFETY: a new mapping, placed by the kernel, overlays nothing.
    let base = unsafe { mmap_anonymous(None, size, ACCESS, MapFlags::MAP_PRIVATE) }?;
    // SAFETY: the mapping has `len` bytes, is never unmapped, and has no other reference.
    Ok(unsafe { core::slice::from_raw_parts_mut(base.cast().as_ptr(), len) })
}

/// As [`anonymous`], with `words` words and `bytes` bytes, both whole pages.
///
/// # Errors
/// Those of `mmap(2)`.
pub fn anonymous_words(words: usize, bytes: usize) -> Result<Memory> {
    split(anonymous(words * 8 + bytes)?, words)
}

fn split(all: &'static mut [u8], words: usize) -> Result<Memory> {
    let (head, bytes) = all.split_at_mut_checked(words * 8).ok_or(Errno::EINVAL)?;
    let head: *const AtomicU64 = head.as_mut_ptr().cast_const().cast();
    // SAFETY: the head is `words` words, aligned because it begins a page; there is no
    // other reference to it, and any bits are a valid word.
    let words = unsafe { core::slice::from_raw_parts(head, words) };
    let region = Region::new(words, bytes);
    Ok(Memory {
        words,
        bytes,
        region,
    })
}

/// The size of a page in bytes.
#[must_use]
pub fn page_size() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE);
    // The kernel gives it at exec.
    size.ok()
        .flatten()
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or(PAGE as u64)
}

/// The first `used` of `len` bytes that begin a page, and the rest of their last page.
fn in_whole_pages(used: usize, len: usize) -> usize {
    rounded_up(used, len, page_in_bytes())
}

fn rounded_up(used: usize, len: usize, page: usize) -> usize {
    used.next_multiple_of(page).min(len)
}

fn page_in_bytes() -> usize {
    usize::try_from(page_size()).unwrap_or(PAGE)
}

/// The range of the whole pages, of `page` bytes each, in `len` bytes from `address` on.
fn whole_pages(address: usize, len: usize, page: usize) -> core::ops::Range<usize> {
    let begin = (address.next_multiple_of(page) - address).min(len);
    let end = ((address + len) / page * page).saturating_sub(address);
    begin..end.max(begin)
}

/// Gives the whole pages of `bytes` back to the kernel. [`anonymous`] memory is zero when
/// it is used next; memory of a file has the file's content.
pub fn give_back(bytes: &mut [u8]) {
    let whole = whole_pages(bytes.as_ptr().addr(), bytes.len(), page_in_bytes());
    let bytes = &mut bytes[whole];
    let len = bytes.len();
    if let Some(base) = core::ptr::NonNull::new(bytes.as_mut_ptr().cast()) {
        // SAFETY: whole pages of a mapping of ours, whose contents the caller
        // has given up; nothing else lies in them.
        let _ = unsafe { madvise(base, len, MmapAdvise::MADV_DONTNEED) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pages_are_given_back_whatever_their_size() {
        for page in [4 << 10, 16 << 10, 64 << 10] {
            assert_eq!(whole_pages(page, 3 * page, page), 0..3 * page);
            assert_eq!(
                whole_pages(page + 1, 3 * page, page),
                page - 1..3 * page - 1
            );
            assert_eq!(whole_pages(page + 1, page, page).len(), 0);
            assert_eq!(whole_pages(page + 4096, 0, page).len(), 0);
        }
        assert_eq!(
            whole_pages((64 << 10) + 4096, 132 << 10, 64 << 10),
            60 << 10..124 << 10
        );
    }

    #[test]
    fn a_file_has_room_for_whole_pages_and_never_for_more_than_the_memory() {
        let len = 136 << 10;
        for (page, used) in [
            (4 << 10, 8 << 10),
            (16 << 10, 16 << 10),
            (64 << 10, 64 << 10),
        ] {
            assert_eq!(rounded_up(8 << 10, len, page), used);
            assert_eq!(rounded_up(used, len, page), used);
            assert_eq!(rounded_up(len, len, page), len);
        }
    }
}
