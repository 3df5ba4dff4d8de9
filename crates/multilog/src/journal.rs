//! What a successor needs in order to go on exactly where this process was killed.
//!
//! Input is read straight into a file that is mapped as memory, `pending` in the
//! first log directory, and stays there until its output is complete in every log.
//! Before the input, the same file holds the state below. It is kept twice and one
//! word says which of the two counts, so it changes at once: a process that is
//! killed leaves either the old state or the new one.
//!
//! Two moments cannot be seen in the state. Whether a read took place is seen in
//! the input itself: its last bytes are set to a mark first. How much of a write
//! took place is seen in the size of the log file: the state says which file it
//! was, and how large before.
//!
//! Where the file cannot be had, the same memory belongs to this process alone.

use core::sync::atomic::{AtomicU64, Ordering};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use daemontools::tai64n::Tai64n;
use daemontools::unix::file::{Facts, Identity, Kind};
use daemontools::unix::{fd, file, memory};
use daemontools::{Errno, procfs};

/// The file's name.
pub(crate) const NAME: &core::ffi::CStr = c"pending";

/// How much input is read at once at most.
pub(crate) const BLOCK: usize = 64 << 10;
/// Room for input: a block behind the beginning of a line.
const ROOM: usize = BLOCK + memory::PAGE;

/// "mlogpnd" and the version of the layout.
const MAGIC: u64 = u64::from_be_bytes(*b"mlogpnd\x01");
/// Words before the states: magic, 5 of boot id, script, number of logs, which
/// state counts.
const HEAD: usize = 16;
const BOOT: usize = 1;
const SCRIPT: usize = 6;
const LOGS: usize = 7;
const WHICH: usize = 8;
/// Words of a state that do not depend on the number of logs.
const FIXED: usize = 16;
/// Words for each log.
const EACH: usize = 4;

/// Length of the mark that a read overwrites.
pub(crate) const MARK: usize = 16;

/// How far one log has got with the input that is pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Inode of the file that is written; 0 if `done` says all.
    pub(crate) inode: u64,
    /// Its size when `done` bytes of output were complete.
    pub(crate) size: u64,
    /// How much of the output for the pending input is complete, whatever the
    /// file's size says.
    pub(crate) done: u64,
    /// Whether the long line that is going on is selected.
    pub(crate) selected: bool,
}

/// What is pending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Where the pending input starts.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// Where the last read put its bytes.
    pub(crate) read_at: usize,
    /// How many bytes are being read, to `end`; 0 if no read is under way.
    pub(crate) reading: usize,
    /// What was put at their end before.
    pub(crate) mark: [u64; 2],
    /// When the last read was.
    pub(crate) now: Tai64n,
    /// When the line began whose beginning is at `start`.
    pub(crate) line: Tai64n,
    /// Whether the pending input goes on in a long line that was begun before.
    pub(crate) long: bool,
    /// How many alerts were given for the pending input.
    pub(crate) alerts: u64,
    /// What the input is read from.
    pub(crate) source: Source,
    /// One for each log.
    pub(crate) places: Vec<Place>,
}

/// Device and inode of standard input; zeros if unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    device: u64,
    inode: u64,
}

impl From<Identity> for Source {
    fn from(identity: Identity) -> Self {
        Self {
            device: identity.device,
            inode: identity.inode,
        }
    }
}

/// The state in memory, and its copy that outlives this process.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The state; [`Journal::commit`] makes it count.
    pub(crate) state: State,
    words: &'static [AtomicU64],
    lasting: bool,
}

/// A journal and the room for its input.
pub(crate) type Opened = (Journal, &'static mut [u8]);

impl Journal {
    /// The journal in the working directory, for `logs` logs of a script with this
    /// hash; and whether it holds what a process of that very script left.
    ///
    /// # Errors
    /// Why there is none, and will not be.
    pub(crate) fn open(logs: usize, script: u64) -> Result<(Opened, Found), Errno> {
        let fd = file::open_update_nofollow(NAME, 0o600)?;
        let facts = file::fstat(&fd)?;
        let (words, room) = (words_for(logs), ROOM);
        let len = words * 8 + room;
        if facts.kind != Kind::Regular || facts.links != 1 {
            return Err(Errno::EINVAL);
        }
        let boot = boot_words().ok_or(Errno::ENOSYS)?;
        let mut found = Found::Nothing;
        if holds(&fd, &facts, &boot) {
            let old = read_logs(&fd).unwrap_or(logs);
            if old != logs {
                // Another script: take over what is there in its own shape.
                found = Found::Other(take_over(&fd, old)?);
            } else {
                found = Found::Same;
            }
        }
        let is_sound = matches!(found, Found::Same) && facts.size == size(len);
        if !is_sound {
            file::truncate(&fd, 0)?;
        }
        file::allocate(&fd, size(len))?;
        let memory = memory::file(&fd, words, room)?;
        let mut journal = Self {
            state: State::default(),
            words: memory.words,
            lasting: true,
        };
        if is_sound {
            journal.state = load(memory.words, logs);
            if journal.words[SCRIPT].load(Ordering::Relaxed) != script {
                found = Found::Other(journal.state.pending(memory.bytes));
            }
        }
        if !matches!(found, Found::Same) || !is_sound {
            journal.reset(logs, script, &boot);
        }
        if !is_sound && matches!(found, Found::Same) {
            found = Found::Nothing;
        }
        Ok(((journal, memory.bytes), found))
    }

    /// A journal that ends with this process.
    ///
    /// # Errors
    /// What `mmap(2)` says.
    pub(crate) fn private(logs: usize) -> Result<Opened, Errno> {
        let memory = memory::anonymous_words(words_for(logs), ROOM)?;
        let mut journal = Self {
            state: State::default(),
            words: memory.words,
            lasting: false,
        };
        journal.state.places = vec![Place::default(); logs];
        Ok((journal, memory.bytes))
    }

    /// Whether a successor will find it.
    pub(crate) const fn is_lasting(&self) -> bool {
        self.lasting
    }

    fn reset(&mut self, logs: usize, script: u64, boot: &[u64; 5]) {
        // Not a journal until all of it is there.
        self.words[0].store(0, Ordering::Release);
        self.state = State::default();
        self.state.places = vec![Place::default(); logs];
        for (word, value) in self.words[BOOT..].iter().zip(boot) {
            word.store(*value, Ordering::Release);
        }
        self.words[SCRIPT].store(script, Ordering::Release);
        self.words[LOGS].store(logs as u64, Ordering::Release);
        self.commit();
        self.words[0].store(MAGIC, Ordering::Release);
    }

    /// Makes the state count.
    #[inline]
    pub(crate) fn commit(&mut self) {
        let which = self.words[WHICH].load(Ordering::Relaxed) & 1 ^ 1;
        let words = &self.words[slot(which, self.state.places.len())..];
        let state = &self.state;
        let fixed = [
            state.start as u64,
            state.end as u64,
            state.read_at as u64,
            state.reading as u64,
            state.mark[0],
            state.mark[1],
            state.now.seconds,
            u64::from(state.now.nanos),
            state.line.seconds,
            u64::from(state.line.nanos),
            u64::from(state.long),
            state.alerts,
            state.source.device,
            state.source.inode,
        ];
        for (word, value) in words.iter().zip(fixed) {
            word.store(value, Ordering::Release);
        }
        for (words, place) in words[FIXED..].chunks_exact(EACH).zip(&state.places) {
            words[0].store(place.inode, Ordering::Release);
            words[1].store(place.size, Ordering::Release);
            words[2].store(place.done, Ordering::Release);
            words[3].store(u64::from(place.selected), Ordering::Release);
        }
        self.words[WHICH].store(which, Ordering::Release);
    }
}

/// What a journal held when it was opened.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing of use.
    Nothing,
    /// What a process of the same script left.
    Same,
    /// What a process of another script left: input that may not be complete in
    /// the logs.
    Other(Vec<u8>),
}

impl State {
    fn unpack(values: &[u64]) -> Self {
        let at = |index: usize| values.get(index).copied().unwrap_or(0);
        let index = |place: usize| usize::try_from(at(place)).unwrap_or(usize::MAX);
        let label = |place: usize| Tai64n {
            seconds: at(place),
            nanos: u32::try_from(at(place + 1)).unwrap_or(0),
        };
        let places = values.get(FIXED..).unwrap_or(&[]).chunks_exact(EACH);
        Self {
            start: index(0),
            end: index(1),
            read_at: index(2),
            reading: index(3),
            mark: [at(4), at(5)],
            now: label(6),
            line: label(8),
            long: at(10) != 0,
            alerts: at(11),
            source: Source {
                device: at(12),
                inode: at(13),
            },
            places: places
                .map(|place| Place {
                    inode: place[0],
                    size: place[1],
                    done: place[2],
                    selected: place[3] != 0,
                })
                .collect(),
        }
    }

    /// Whether its numbers lie within the room for input.
    pub(crate) fn is_sane(&self) -> bool {
        self.start <= self.read_at
            && self.read_at <= self.end
            && self.end <= ROOM
            && self.reading <= ROOM - self.end
    }

    /// Adds to the pending input what a read that was under way has brought: all or
    /// nothing, as the mark tells.
    pub(crate) fn settle(&mut self, bytes: &[u8]) -> bool {
        let count = core::mem::take(&mut self.reading);
        let arrived = count > 0 && bytes[mark_range(self.end, count)] != self.mark_bytes(count);
        if arrived {
            self.read_at = self.end;
            self.end += count;
        }
        arrived
    }

    /// The bytes that are set at the end of a read of `count` bytes.
    pub(crate) fn mark_bytes(&self, count: usize) -> Vec<u8> {
        let bytes: Vec<u8> = self
            .mark
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        bytes[..count.min(MARK)].to_vec()
    }

    /// The pending input, whole.
    fn pending(&mut self, bytes: &[u8]) -> Vec<u8> {
        if !self.is_sane() {
            return Vec::new();
        }
        self.settle(bytes);
        bytes[self.start..self.end].to_vec()
    }
}

/// Where the mark of a read of `count` bytes to `end` lies.
pub(crate) fn mark_range(end: usize, count: usize) -> core::ops::Range<usize> {
    end + count - count.min(MARK)..end + count
}

/// A number that differs from run to run, to make marks of.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A hash of anything, the same in every run.
pub(crate) fn hash<'a>(words: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    words.for_each(|word| word.hash(&mut hasher));
    hasher.finish()
}

/// The FNV-1a hash.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

/// The state that counts.
fn load(words: &[AtomicU64], logs: usize) -> State {
    let start = slot(words[WHICH].load(Ordering::Relaxed) & 1, logs);
    let values: Vec<u64> = words[start..start + FIXED + EACH * logs]
        .iter()
        .map(|word| word.load(Ordering::Relaxed))
        .collect();
    State::unpack(&values)
}

const fn slot(which: u64, logs: usize) -> usize {
    HEAD + if which == 0 { 0 } else { FIXED + EACH * logs }
}

/// Words for `logs` logs, in whole pages.
const fn words_for(logs: usize) -> usize {
    (slot(1, logs) + FIXED + EACH * logs).next_multiple_of(memory::PAGE / 8)
}

fn size(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn boot_words() -> Option<[u64; 5]> {
    let id = procfs::boot_id()?;
    let mut words = [0; 5];
    for (word, chunk) in words.iter_mut().zip(id.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(bytes);
    }
    Some(words)
}

/// Whether the file is a journal of this boot. That of an earlier one says nothing
/// sure about files that may have lost their last bytes since.
fn holds(fd: &impl std::os::fd::AsFd, facts: &Facts, boot: &[u64; 5]) -> bool {
    let mut head = [0; HEAD * 8];
    facts.size >= size(HEAD * 8)
        && file::read_at(fd, &mut head, 0) == Ok(head.len())
        && word(&head, 0) == MAGIC
        && (0..5).all(|index| word(&head, BOOT + index) == boot[index])
}

fn word(bytes: &[u8], index: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
    u64::from_ne_bytes(word)
}

fn read_logs(fd: &impl std::os::fd::AsFd) -> Option<usize> {
    let mut bytes = [0; 8];
    let read = file::read_at(fd, &mut bytes, size(LOGS * 8));
    (read == Ok(8)).then_some(())?;
    usize::try_from(u64::from_ne_bytes(bytes)).ok()
}

/// The pending input in a journal for another number of logs.
fn take_over(fd: &impl std::os::fd::AsFd, logs: usize) -> Result<Vec<u8>, Errno> {
    let facts = file::fstat(fd)?;
    if logs > 1 << 20 || facts.size < size(words_for(logs) * 8 + ROOM) {
        return Ok(Vec::new());
    }
    let memory = memory::file(fd, words_for(logs), ROOM)?;
    Ok(load(memory.words, logs).pending(memory.bytes))
}

/// Writes nothing, reads nothing: whether standard input is something whose
/// available bytes come whole or not at all.
pub(crate) fn is_exact(source: &Facts) -> bool {
    matches!(source.kind, Kind::Fifo | Kind::Regular)
}

/// Facts of standard input, if it is open.
pub(crate) fn source() -> Option<Facts> {
    file::fstat(fd::STDIN).ok()
}
