//! What is pending, and how far each log has got with it.

use core::array;
use core::ops::Range;

use daemontools::tai64n::Tai64n;

use super::Source;
use super::layout::{EACH, FIXED, MARK, ROOM};

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

impl State {
    /// Nothing is pending for `logs` logs.
    pub(super) fn new(logs: usize) -> Self {
        Self {
            places: vec![Place::default(); logs],
            ..Self::default()
        }
    }

    /// Only input is pending, and nothing of it is in the logs.
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
        let places = self.places.iter().flat_map(Place::pack);
        fixed.into_iter().chain(places)
    }

    /// The state that words stand for, as far as they can; [`State::is_sane`] says
    /// whether it may be used.
    pub(super) fn unpack(values: &[u64]) -> Self {
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
            places: places.map(Place::unpack).collect(),
        }
    }

    /// Whether its numbers lie within the room for input.
    pub(crate) fn is_sane(&self) -> bool {
        self.start <= self.read_at
            && self.read_at <= self.end
            && self.end <= ROOM
            && self.reading <= ROOM - self.end
    }

    /// Whether nothing is pending, and nothing that goes on.
    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end && !self.long
    }

    /// Adds to the pending input what a read that was under way has brought: all or
    /// nothing, as the mark tells.
    pub(crate) fn settle(&mut self, bytes: &[u8]) -> bool {
        let count = core::mem::take(&mut self.reading);
        let arrived = bytes[mark_range(self.end, count)] != self.mark_bytes(count);
        if arrived {
            self.read_at = self.end;
            self.end += count;
        }
        arrived
    }

    /// The bytes that are set at the end of a read of `count` bytes.
    fn mark_bytes(&self, count: usize) -> Vec<u8> {
        let bytes = self.mark.iter().flat_map(|word| word.to_ne_bytes());
        bytes.take(count.min(MARK)).collect()
    }

    /// Where the pending input lies, with what a read that was under way has brought.
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

/// Where the mark of a read of `count` bytes to `end` lies.
pub(crate) fn mark_range(end: usize, count: usize) -> Range<usize> {
    end + count - count.min(MARK)..end + count
}

#[cfg(test)]
mod tests;
