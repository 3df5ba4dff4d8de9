//! When a log file is full, and where it is cut.
//!
//! The rule is that of the reference, to the byte. It gathers output in a buffer
//! of 512 bytes and looks at the size of the file when it writes that buffer: a
//! file is finished at the last newline of a write that comes within 2000 bytes of
//! the limit, or else hard at the limit. The buffer is written when the next piece
//! does not fit, and when a read of 1024 bytes is used up. Ours reads and writes in
//! blocks far larger, so [`Flow`] keeps account of what that buffer would hold.

/// How much input the reference reads at once.
pub(crate) const READ: usize = 1024;
/// The size of its output buffer.
const BUFFER: usize = 512;
/// How near to the limit a newline finishes the file.
const MARGIN: u64 = 2000;

/// A piece of output that the reference would write at once: its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write(pub(crate) usize);

/// How full the reference's buffer would be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    pending: usize,
}

impl Flow {
    /// A piece goes into the buffer: what that makes it write, first what it held
    /// and then a piece too long for it.
    #[inline]
    pub(crate) fn put(&mut self, len: usize) -> [Write; 2] {
        if len <= BUFFER - self.pending {
            self.pending += len;
            return [Write(0); 2];
        }
        let held = self.pending;
        let through = if len > BUFFER { len } else { 0 };
        self.pending = len - through;
        [Write(held), Write(through)]
    }

    /// The text of a line and then its newline, `len` bytes in all, where nobody
    /// has to know what they write.
    #[inline]
    pub(crate) const fn put_line(&mut self, len: usize) {
        let text = len - 1;
        let pending = match self.pending + text {
            pending @ ..=BUFFER => pending,
            _ if text > BUFFER => 0,
            _ => text,
        };
        self.pending = if pending < BUFFER { pending + 1 } else { 1 };
    }

    /// What the buffer holds.
    pub(crate) const fn pending(self) -> usize {
        self.pending
    }

    /// The buffer is written.
    #[inline]
    pub(crate) fn flush(&mut self) -> Write {
        let held = self.pending;
        self.pending = 0;
        Write(held)
    }

    /// How many single bytes fit before [`Flow::put`] writes.
    pub(crate) const fn room(&self) -> usize {
        BUFFER - self.pending
    }
}

/// The size limit of a log's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) u64);

/// What is done with the next bytes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// How many of them go into this file.
    pub(crate) take: usize,
    /// Whether the file is finished after them.
    pub(crate) finish: bool,
}

impl Limit {
    /// Whether a file of `size` bytes must be finished before anything is added.
    pub(crate) const fn is_reached(self, size: u64) -> bool {
        size >= self.0
    }

    /// Whether a write that makes the file `size` bytes long needs [`Limit::cut`];
    /// otherwise all of it goes into the file.
    #[inline]
    pub(crate) const fn is_near(self, size: u64) -> bool {
        size + MARGIN >= self.0
    }

    /// The size from which on that is so.
    pub(crate) const fn near_from(self) -> u64 {
        self.0 - MARGIN
    }

    /// How much of `bytes`, which are written at once, goes into a file of `size`
    /// bytes that has room.
    pub(crate) fn cut(self, size: u64, bytes: &[u8]) -> Cut {
        let room = usize::try_from(self.0 - size).unwrap_or(usize::MAX);
        let mut take = bytes.len().min(room);
        if self.is_near(size + take as u64)
            && let Some(newline) = memchr::memrchr(b'\n', &bytes[..take])
        {
            take = newline + 1;
        }
        let ended = take > 0 && bytes[take - 1] == b'\n';
        Cut {
            take,
            finish: ended && self.is_near(size + take as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_near_the_limit_finishes_the_file() {
        let limit = Limit(4096);
        let cut = |size, bytes: &[u8]| {
            let cut = limit.cut(size, bytes);
            (cut.take, cut.finish)
        };
        assert_eq!(cut(2000, b"abc\n"), (4, false));
        assert_eq!(cut(2092, b"abc\n"), (4, true));
        assert_eq!(cut(2091, b"abc\n"), (4, false));
        assert_eq!(cut(2092, b"a\nbc"), (2, false));
        assert_eq!(cut(2094, b"a\nbc"), (2, true));
        assert_eq!(cut(4095, b"ab\n"), (1, false));
        assert_eq!(cut(4094, b"abc\n"), (2, false));
    }

    #[test]
    fn pieces_gather_until_one_does_not_fit() {
        let mut flow = Flow::default();
        assert_eq!(flow.put(500), [Write(0), Write(0)]);
        assert_eq!(flow.put(12), [Write(0), Write(0)]);
        assert_eq!(flow.room(), 0);
        assert_eq!(flow.put(1), [Write(512), Write(0)]);
        assert_eq!(flow.put(1000), [Write(1), Write(1000)]);
        assert_eq!(flow.flush(), Write(0));
    }
}
