//! Which word of a journal means what, and in which order words are written: each
//! is written at once or not at all, and a process may be killed between any two.

use daemontools::unix::memory;

use super::State;

/// How much input is read at once at most.
pub(crate) const BLOCK: usize = 128 << 10;
/// Room for input: a block behind the beginning of a line.
pub(super) const ROOM: usize = BLOCK + memory::PAGE;
/// Length of the mark that a read overwrites.
pub(crate) const MARK: usize = 16;

/// "mlogpnd" and the version of the layout.
pub(super) const MAGIC: u64 = u64::from_be_bytes(*b"mlogpnd\x02");
/// The version that did not say which file it is.
pub(super) const MAGIC_BEFORE: u64 = u64::from_be_bytes(*b"mlogpnd\x01");
/// Words before the states: magic, 5 of boot id, script, number of logs, which
/// state counts, device and inode of the directory, of this file, and of another in
/// whose place it is put: a copy is neither of the two, and what was moved to another
/// log is in another directory.
pub(super) const HEAD: usize = 16;
pub(super) const BOOT: usize = 1;
pub(super) const SCRIPT: usize = 6;
pub(super) const LOGS: usize = 7;
pub(super) const WHICH: usize = 8;
pub(super) const DIRECTORY: usize = 9;
pub(super) const OWN: usize = 11;
pub(super) const NEXT: usize = 13;
/// Words of a state that do not depend on the number of logs.
pub(super) const FIXED: usize = 16;
/// Words for each log.
pub(super) const EACH: usize = 4;

/// The id of a boot.
pub(super) type Boot = [u64; 5];

/// A word that is written: its place, and what it becomes.
pub(super) type Step = (usize, u64);

/// Makes a state count where so far state `counts` (0 or 1) does. The last step
/// alone makes the difference.
#[inline]
pub(super) fn commit(state: &State, counts: u64) -> impl Iterator<Item = Step> {
    let which = counts ^ 1;
    let start = slot(which, state.places.len());
    let values = state.pack().enumerate();
    values
        .map(move |(index, value)| (start + index, value))
        .chain([(WHICH, which)])
}

/// Begins anew with a state. It is not a journal until all of it is there.
pub(super) fn reset(state: &State, script: u64, boot: &Boot) -> impl Iterator<Item = Step> {
    let boot = boot.iter().enumerate();
    let head = boot.map(|(index, &word)| (BOOT + index, word));
    [(0, 0)]
        .into_iter()
        .chain(head)
        .chain([(SCRIPT, script), (LOGS, state.places.len() as u64)])
        .chain(commit(state, 0))
        .chain([(0, MAGIC)])
}

/// The state that counts.
pub(super) fn load(words: &[u64], logs: usize) -> State {
    let start = slot(words[WHICH] & 1, logs);
    State::unpack(&words[start..start + FIXED + EACH * logs])
}

/// Where a state begins.
const fn slot(which: u64, logs: usize) -> usize {
    HEAD + if which == 0 { 0 } else { FIXED + EACH * logs }
}

/// Words for `logs` logs, in whole pages.
pub(super) const fn words_for(logs: usize) -> usize {
    (slot(1, logs) + FIXED + EACH * logs).next_multiple_of(memory::PAGE / 8)
}
