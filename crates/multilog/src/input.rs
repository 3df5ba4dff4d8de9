//! Input: the one place that waits. What can be read is read straight into the
//! journal's memory, in blocks as large as there is data for; when there is none,
//! everything that came is in the logs.

use core::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::memory::{self, Wanted};
use daemontools::unix::signal::{Caught, Mask, Signal};
use daemontools::unix::{fd, pipe, poll};

use crate::flood::{self, Flood};
use crate::journal::{self, BLOCK, MARK, Renewed, mark_range};
use crate::log::Log;
use crate::mark::Marks;
use crate::message;
use crate::pipeline::Pipeline;

/// How long there must be nothing to read before memory is given back.
const IDLE: Duration = Duration::from_secs(1);
/// So many reads in a row may find input at once, and no signal gets in; so much input
/// counts as another read, for it takes its time to write.
const DEAF: usize = 64;
const HEAVY: usize = 16 << 10;
/// The most that is read at once where a kill loses what was read. The reference loses as
/// much.
const UNSAFE_READ: usize = 1024;
/// As much as a pipe holds that nobody has made larger.
const PIPE: usize = 64 << 10;
/// A pipe that was found full so many times in a row is made larger, once.
const FULL: u32 = 4;
/// To this size.
const LARGE: i32 = 256 << 10;

/// Standard input, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Input {
    pipeline: Pipeline,
    bytes: &'static mut [u8],
    term: Caught,
    alarm: Caught,
    /// The mask while waiting, which lets the two signals through.
    waiting: Mask,
    /// Whether what is available in the input comes whole or not at all.
    exact: bool,
    marks: Marks,
    /// Reads in a row of as much as a full pipe.
    full: u32,
    /// Reads since signals were surely let in.
    deaf: usize,
    flood: Flood,
    /// Whether there is memory to give back.
    warm: bool,
    /// Whether it was said that there is no journal.
    said: bool,
}

/// What came of trying to read.
enum Read {
    /// Bytes, which are pending now.
    Some,
    /// Nothing yet.
    Nothing,
    /// The end.
    End,
    /// Trouble, which ends this process but not the input.
    Trouble,
}

impl Input {
    /// Standard input for `work`, which keeps its pending input in `bytes`.
    pub(crate) fn new(
        pipeline: Pipeline,
        bytes: &'static mut [u8],
        term: Caught,
        alarm: Caught,
        blocked: Mask,
    ) -> Self {
        Self {
            exact: journal::source().is_some_and(|facts| journal::is_exact(&facts)),
            said: !pipeline.journal.is_lasting(),
            pipeline,
            bytes,
            term,
            alarm,
            waiting: blocked.without(&[Signal::SIGTERM, Signal::SIGALRM]),
            marks: Marks::new(),
            full: 0,
            deaf: 0,
            flood: Flood::new(Monotonic::now()),
            warm: false,
        }
    }

    /// Reads to the end, or to the end of a line after SIGTERM. Gives the exit code.
    pub(crate) fn run(mut self) -> i32 {
        let mut most = BLOCK;
        loop {
            if self.pipeline.journal.is_due() {
                self.renew();
            }
            if self.alarm.take() {
                self.rotate_all();
            }
            if self.term.take() {
                most = 1;
            }
            let state = &self.pipeline.journal.state;
            if most == 1 && state.start == state.end && !state.long {
                break;
            }
            let Some(available) = self.wait() else {
                continue;
            };
            match self.read(available, most) {
                Read::Some => self.pipeline.process(self.bytes),
                Read::Nothing => {}
                Read::End => {
                    self.pipeline.end_line(self.bytes);
                    break;
                }
                Read::Trouble => {
                    if self.leaves_half_a_line() {
                        self.pipeline.logs.iter().for_each(Log::close);
                        return 0;
                    }
                    self.pipeline.end_line(self.bytes);
                    break;
                }
            }
        }
        self.pipeline.logs.iter().for_each(Log::close);
        self.forget();
        0
    }

    /// Whether the beginning of a line waits in the journal, for a successor to read
    /// the rest of it.
    fn leaves_half_a_line(&self) -> bool {
        let state = &self.pipeline.journal.state;
        self.pipeline.journal.is_lasting() && (state.start < state.end || state.long)
    }

    /// Waits until there is something to read; says how much as far as that can be
    /// known, 0 where it cannot. `None`: there is nothing.
    fn wait(&mut self) -> Option<usize> {
        if self.flood.wants_nap() {
            poll::wait_for_signals(flood::NAP, &self.waiting);
        } else if self.deaf >= DEAF {
            self.deaf = 0;
            poll::wait_for_signals(Duration::ZERO, &self.waiting);
        }
        // Behind so much there is likely more, and no need to wait.
        if self.full > 0
            && let available @ 1.. = self.available()
        {
            return Some(available);
        }
        let deadline = self.warm.then(|| Monotonic::now() + IDLE);
        match poll::readable([Some(fd::STDIN)], deadline, &self.waiting) {
            Ok([true]) => Some(self.available()),
            Ok([false]) => {
                if deadline.is_some_and(|deadline| Monotonic::now() >= deadline) {
                    self.cool_down();
                }
                None
            }
            // Reading will wait instead.
            Err(_) => Some(self.available()),
        }
    }

    /// Whether a read brings all that was available or nothing, and a successor can tell.
    fn is_exact(&self) -> bool {
        self.exact && self.pipeline.journal.is_lasting()
    }

    /// How much can be read at once without waiting, 0 if that is not known.
    fn available(&self) -> usize {
        if self.is_exact() {
            pipe::available(fd::STDIN).unwrap_or(0)
        } else {
            0
        }
    }

    /// Reads once, of what is available at most `most` bytes.
    fn read(&mut self, available: usize, most: usize) -> Read {
        let most = most.min(if self.is_exact() { BLOCK } else { UNSAFE_READ });
        let count = if available == 0 {
            UNSAFE_READ
        } else {
            available
        }
        .min(most);
        self.pipeline.make_room(self.bytes, count);
        let end = self.pipeline.journal.state.end;
        if self.is_exact() {
            self.mark(count);
        }
        let result = fd::read(fd::STDIN, &mut self.bytes[end..end + count]);
        let lasting = self.pipeline.journal.is_lasting();
        let state = &mut self.pipeline.journal.state;
        state.reading = 0;
        let count = match result {
            Ok(count @ 1..) => count,
            other => {
                // The mark must not change under a state that speaks of it.
                self.pipeline.journal.commit();
                return match other {
                    Err(Errno::EAGAIN | Errno::EINTR) => Read::Nothing,
                    // The journal's file has no page for it, and nothing was taken.
                    Err(Errno::EFAULT) if lasting => {
                        self.pipeline.journal.let_go();
                        Read::Nothing
                    }
                    Err(_) => Read::Trouble,
                    Ok(_) => Read::End,
                };
            }
        };
        state.read_at = end;
        state.end = end + count;
        state.now = clock::wall();
        if state.start == end {
            state.line = state.now;
        }
        self.pipeline.journal.commit();
        self.deaf += 1 + count / HEAVY;
        self.flood.on_read(count, Monotonic::now);
        self.warm |= state_is_warm(end + count);
        self.full = if count >= PIPE { self.full + 1 } else { 0 };
        if self.full == FULL {
            pipe::enlarge(fd::STDIN, LARGE);
        }
        Read::Some
    }

    /// Lets the journal know of a read that is about to bring `count` bytes, and
    /// sets the last of them to what they will not be.
    fn mark(&mut self, count: usize) {
        let mark = self.marks.next(count);
        let state = &mut self.pipeline.journal.state;
        let (first, second) = mark.split_at(MARK / 2);
        for (word, half) in state.mark.iter_mut().zip([first, second]) {
            let mut bytes = [0; MARK / 2];
            bytes.copy_from_slice(half);
            *word = u64::from_ne_bytes(bytes);
        }
        state.reading = count;
        // The kernel takes bytes out of a pipe page by page, and stops between two for a
        // kill only where it would wait for the disk: for a page of ours that was given
        // back (`VM_FAULT_RETRY`). One that was just written to is not: it would have to
        // be brought to the disk first, and be passed over twice.
        let end = state.end + count;
        let first = (state.end..end).step_by(memory::PAGE);
        for at in first.chain([end - 1]) {
            self.bytes[at] = 0;
        }
        let range = mark_range(state.end, count);
        self.bytes[range.clone()].copy_from_slice(&mark[..range.len()]);
        self.pipeline.journal.commit();
    }

    /// Begins a new file in every log that has one with something in it.
    fn rotate_all(&mut self) {
        let journal = &mut self.pipeline.journal;
        for log in &mut self.pipeline.logs {
            log.rotate_unless_empty(journal);
        }
    }

    /// Gives back memory that a burst has used.
    fn cool_down(&mut self) {
        self.warm = false;
        self.full = 0;
        self.pipeline.make_room(self.bytes, 0);
        self.pipeline.journal.commit();
        let end = self.pipeline.journal.state.end;
        memory::give_back(&mut self.bytes[end..]);
        self.pipeline.logs.iter_mut().for_each(Log::give_back);
    }

    /// Tries for another journal.
    fn renew(&mut self) {
        let Some(log) = self.pipeline.logs.first() else {
            return;
        };
        match self.pipeline.journal.renew(log.directory(), self.bytes) {
            Renewed::Yes(wanted) => {
                self.said = false;
                if wanted == Wanted::Writing {
                    message::say_made_again(log.path());
                }
            }
            Renewed::No(trouble) if !core::mem::replace(&mut self.said, true) => {
                message::say_none(log.path(), trouble);
            }
            Renewed::No(_) => {}
        }
    }

    /// Nothing is pending: leaves no journal behind.
    fn forget(&mut self) {
        if let Some(log) = self.pipeline.logs.first() {
            self.pipeline.journal.remove(log.directory());
        }
    }
}

/// Whether so much input touched more than a page.
const fn state_is_warm(end: usize) -> bool {
    end > memory::PAGE
}
