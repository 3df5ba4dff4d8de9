//! The environment as it was inherited, with its order, its duplicates, and entries
//! without `=`. `std::env` hides all three.

use core::ffi::{CStr, c_char};

use super::exec::Strings;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// All entries.
pub fn iter() -> impl Iterator<Item = &'static CStr> {
    let mut index = 0;
    core::iter::from_fn(move || {
        let entry = entry(index)?;
        index += 1;
        Some(entry)
    })
}

/// Entry `index`, for indices up to the first that gives `None`.
fn entry(index: usize) -> Option<&'static CStr> {
    // SAFETY: nobody writes to `environ`: changing the environment is unsafe, and the
    // unsafe code of the suite, which is all in this module's neighbours, never does. So
    // it is as the kernel made it.
    let entries = unsafe { environ };
    if entries.is_null() {
        return None;
    }
    // SAFETY: `iter`, the only caller, stops at the null pointer that ends the array.
    let entry = unsafe { entries.add(index) };
    // SAFETY: as above; the pointer lies within the array.
    let entry = unsafe { *entry };
    // SAFETY: an entry that is not null is a C string that nobody writes to.
    (!entry.is_null()).then(|| unsafe { CStr::from_ptr(entry) })
}

/// The environment for `execve(2)`, without a copy.
#[must_use]
pub fn strings() -> Strings<'static> {
    // SAFETY: as above: nobody writes to it.
    let entries = unsafe { environ };
    if entries.is_null() {
        return core::iter::empty().collect();
    }
    // SAFETY: the array has one pointer for each entry, and a null pointer.
    let entries = unsafe { core::slice::from_raw_parts(entries, iter().count() + 1) };
    // SAFETY: the entries live as long as the process, and a null pointer ends them.
    unsafe { Strings::borrow(entries) }
}

/// The value of the first entry called `name`.
#[must_use]
pub fn get(name: &[u8]) -> Option<&'static [u8]> {
    iter().find_map(|entry| {
        split(entry.to_bytes()).and_then(|(found, value)| (found == name).then_some(value))
    })
}

/// Name and value of an entry; `None` if it has no `=`.
#[must_use]
pub fn split(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = entry.iter().position(|&byte| byte == b'=')?;
    Some((&entry[..equals], &entry[equals + 1..]))
}
