//! What is pending and how far each log has got with it, and the steps in which that is
//! written. Each word is written at once or not at all, and a process may be killed
//! between any two.

use core::array;
use core::ops::Range;

use daemontools::tai64n::Tai64n;
use daemontools::unix::file::Identity;

use super::layout::{BOOT, Boot, EACH, FIXED, LOGS, MAGIC, MARK, ROOM, SCRIPT, Step, WHICH, slot};

/// How far one log has got with the pending input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Inode of the file that is written; 0 if `done` alone tells how far the log is.
    pub(crate) inode: u64,
    /// The file's size when `done` bytes of output were complete.
    pub(crate) size: u64,
    /// How many bytes of the output for the pending input were complete then.
    pub(crate) done: u64,
    /// Whether the long line that the pending input continues is selected.
    pub(crate) selected: bool,
}

/// The pending input, as offsets into the room for input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The start of the pending input.
    pub(crate) start: usize,
    /// Its end.
    pub(crate) end: usize,
    /// The start of what the last read brought.
    pub(crate) read_at: usize,
    /// How many bytes are being read, to `end`; 0 if no read is under way.
    pub(crate) reading: usize,
    /// The mark that was set before that read.
    pub(crate) mark: [u64; 2],
    /// The time of the last read.
    pub(crate) now: Tai64n,
    /// The time of the read that brought the first byte of the line at `start`.
    pub(crate) line: Tai64n,
    /// Whether the pending input continues a long line, whose beginning was handled.
    pub(crate) long: bool,
    /// How many alerts were printed for the pending input.
    pub(crate) alerts: u64,
    /// What the input is read from; zeros if that is unknown.
    pub(crate) source: Identity,
    /// One for each log.
    pub(crate) places: Vec<Place>,
}

impl State {
    /// Nothing is pending for `logs` logs.
    pub(super) fn new(logs: usize) -> Self {
        Self {
            places: vec![Place::default(); logs],
            ..Self::default()
        }
    }

    /// Only input is pending, and none of it is in the logs.
    pub(super) fn with_input(logs: usize, input: Range<usize>) -> Self {
        Self {
            start: input.start,
            read_at: input.start,
            end: input.end,
            ..Self::new(logs)
        }
    }

    /// The state as words.
    #[inline]
    pub(super) fn pack(&self) -> impl Iterator<Item = u64> {
        let fixed: [u64; FIXED] = [
            self.start as u64,
            self.end as u64,
            self.read_at as u64,
            self.reading as u64,
            self.mark[0],
            self.mark[1],
            self.now.seconds,
            u64::from(self.now.nanos),
            self.line.seconds,
            u64::from(self.line.nanos),
            u64::from(self.long),
            self.alerts,
            self.source.device,
            self.source.inode,
            0,
            0,
        ];
        fixed
            .into_iter()
            .chain(self.places.iter().flat_map(Place::pack))
    }

    /// The state for some words, whatever they are; [`State::is_sane`] says whether it
    /// may be used.
    pub(super) fn unpack(values: &[u64]) -> Self {
        let at = |index: usize| values.get(index).copied().unwrap_or(0);
        let offset = |index: usize| usize::try_from(at(index)).unwrap_or(usize::MAX);
        let time = |index: usize| Tai64n {
            seconds: at(index),
            nanos: u32::try_from(at(index + 1)).unwrap_or(0),
        };
        let places = values.get(FIXED..).unwrap_or(&[]).chunks_exact(EACH);
        Self {
            start: offset(0),
            end: offset(1),
            read_at: offset(2),
            reading: offset(3),
            mark: [at(4), at(5)],
            now: time(6),
            line: time(8),
            long: at(10) != 0,
            alerts: at(11),
            source: Identity {
                device: at(12),
                inode: at(13),
            },
            places: places.map(Place::unpack).collect(),
        }
    }

    /// Whether its offsets lie within the room for input.
    pub(super) fn is_sane(&self) -> bool {
        self.start <= self.read_at
            && self.read_at <= self.end
            && self.end <= ROOM
            && self.reading <= ROOM - self.end
    }

    /// Whether no input is pending and no line continues.
    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end && !self.long
    }

    /// Adds what a read that was under way has brought to the pending input: all or
    /// nothing, as its mark tells. Says whether there was something.
    pub(super) fn settle(&mut self, bytes: &[u8]) -> bool {
        let count = core::mem::take(&mut self.reading);
        let mark = self.mark.map(u64::to_ne_bytes);
        let arrived = bytes[mark_range(self.end, count)] != mark.as_flattened()[..count.min(MARK)];
        if arrived {
            self.read_at = self.end;
            self.end += count;
        }
        arrived
    }

    /// The pending input, with what a read that was under way has brought.
    pub(super) fn pending(&mut self, bytes: &[u8]) -> Range<usize> {
        if !self.is_sane() {
            return 0..0;
        }
        self.settle(bytes);
        self.start..self.end
    }
}

impl Place {
    #[inline]
    fn pack(&self) -> array::IntoIter<u64, EACH> {
        [self.inode, self.size, self.done, u64::from(self.selected)].into_iter()
    }

    fn unpack(words: &[u64]) -> Self {
        Self {
            inode: words[0],
            size: words[1],
            done: words[2],
            selected: words[3] != 0,
        }
    }
}

/// The place of the mark for a read of `count` bytes to `end`.
pub(super) fn mark_range(end: usize, count: usize) -> Range<usize> {
    end + count - count.min(MARK)..end + count
}

/// The steps that make a state count where state `counts` (0 or 1) does. The last step
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

/// The steps that begin a journal with a state. It is none until all of it is written.
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

#[cfg(test)]
mod tests;
