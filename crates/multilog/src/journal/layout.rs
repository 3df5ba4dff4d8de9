//! The words of a journal's file: what each means, and how many there are.

use daemontools::unix::memory::PAGE;

/// The most input that is read at once.
pub(crate) const BLOCK: usize = 128 << 10;
/// Room for input: a block behind the beginning of a line.
pub(super) const ROOM: usize = BLOCK + PAGE;
/// Length of the mark that a read overwrites.
pub(super) const MARK: usize = 16;

/// "mlogpnd" and the version of the layout.
pub(super) const MAGIC: u64 = u64::from_be_bytes(*b"mlogpnd\x02");
/// The id of the boot, five words.
pub(super) const BOOT: usize = 1;
/// The hash of the script.
pub(super) const SCRIPT: usize = 6;
/// The number of logs.
pub(super) const LOGS: usize = 7;
/// Which of the two states counts, in the lowest bit.
pub(super) const WHICH: usize = 8;
/// Device and inode of the directory: what was moved to another log is in another one.
pub(super) const DIRECTORY: usize = 9;
/// Device and inode of the file itself: a copy is another one.
pub(super) const OWN: usize = 11;
/// The number of words before the two states; the first is the magic.
pub(super) const HEAD: usize = 16;
/// Words of a state that do not depend on the number of logs.
pub(super) const FIXED: usize = 16;
/// Words of a state for each log.
pub(super) const EACH: usize = 4;

/// The id of a boot.
pub(super) type Boot = [u64; 5];

/// A word that is written: its index and its value.
pub(super) type Step = (usize, u64);

/// The index of state 0 or 1.
pub(super) const fn slot(which: u64, logs: usize) -> usize {
    HEAD + if which == 0 { 0 } else { FIXED + EACH * logs }
}

/// Words for `logs` logs, in whole pages.
pub(super) const fn words_for(logs: usize) -> usize {
    (slot(1, logs) + FIXED + EACH * logs).next_multiple_of(PAGE / 8)
}
