//! Standard input, the one place that waits. What can be read is read into the journal's
//! memory, in blocks as large as there is data for; when there is none, everything that
//! came is in the logs.

use core::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{self, Kind};
use daemontools::unix::memory::{self, Wanted};
use daemontools::unix::signal::{Caught, Mask, Signal};
use daemontools::unix::{fd, pipe, poll};

use crate::journal::{BLOCK, KeepError};
use crate::log::Log;
use crate::message::ME;
use crate::pipeline::Pipeline;

/// How long there must be nothing to read before memory is given back.
const IDLE: Duration = Duration::from_secs(1);
/// The number of reads in a row that find input at once before signals are let in.
const READS: usize = 64;
/// The amount of input that counts as one more of these reads, for it takes long to write.
const HEAVY: usize = 16 << 10;
/// The most that is read at once where a kill loses it: as much as the reference loses.
const UNSAFE_READ: usize = 1024;
/// The size of a pipe, and the size of one that was made larger.
const PIPE: usize = 64 << 10;
const LARGE: i32 = 256 << 10;
/// After this number of reads in a row of a full pipe it is made larger, once.
const FULL: u32 = 4;

/// Standard input and what becomes of it.
#[derive(Debug)]
pub(crate) struct Input {
    pipeline: Pipeline,
    /// The room for input in the journal.
    bytes: &'static mut [u8],
    term: Caught,
    alarm: Caught,
    /// The mask while waiting, which lets both signals in.
    waiting: Mask,
    /// Whether available input comes whole or not at all: it is a pipe or a file.
    is_whole: bool,
    /// The number of reads in a row that took as much as a full pipe holds.
    full: u32,
    /// The number of reads since signals were let in.
    reads: usize,
    /// Whether there is memory to give back.
    is_warm: bool,
    /// Whether the warning that there is no journal was written.
    is_warned: bool,
}

/// The result of a read.
enum Read {
    /// Bytes, which are pending now.
    Some,
    /// Nothing yet.
    Nothing,
    /// The end of the input.
    End,
    /// An error. It ends this process, but not the input.
    Error,
}

impl Input {
    /// Standard input for a pipeline, whose journal has `bytes` as its room for input.
    pub(crate) fn new(
        pipeline: Pipeline,
        bytes: &'static mut [u8],
        [term, alarm]: [Caught; 2],
        blocked: Mask,
    ) -> Self {
        let facts = file::fstat(fd::STDIN);
        Self {
            is_whole: facts.is_ok_and(|facts| matches!(facts.kind, Kind::Fifo | Kind::Regular)),
            is_warned: !pipeline.journal.is_lasting(),
            pipeline,
            bytes,
            term,
            alarm,
            waiting: blocked.without(&[Signal::SIGTERM, Signal::SIGALRM]),
            full: 0,
            reads: 0,
            is_warm: false,
        }
    }

    /// Reads to the end of the input, or to the end of a line after SIGTERM.
    pub(crate) fn run(mut self) {
        let mut most = BLOCK;
        loop {
            if self.pipeline.journal.is_due() {
                self.renew();
            }
            if self.alarm.take() {
                self.pipeline.rotate_all();
            }
            if self.term.take() {
                most = 1;
            }
            if most == 1 && self.pipeline.journal.state.is_empty() {
                break;
            }
            let Some(available) = self.wait() else {
                continue;
            };
            match self.read(available, most) {
                Read::Some => self.pipeline.process(self.bytes),
                Read::Nothing => {}
                // The beginning of a line stays in the journal: its end will come.
                Read::Error if self.is_safe() && !self.pipeline.journal.state.is_empty() => {
                    self.pipeline.logs.iter().for_each(Log::close);
                    return;
                }
                Read::End | Read::Error => {
                    self.pipeline.end_line(self.bytes);
                    break;
                }
            }
        }
        self.pipeline.logs.iter().for_each(Log::close);
        if let Some(log) = self.pipeline.logs.first() {
            self.pipeline.journal.remove(log.directory());
        }
    }

    /// Waits until there is something to read; gives how much, 0 where that is not known.
    /// `None` if there is nothing.
    fn wait(&mut self) -> Option<usize> {
        if self.reads >= READS {
            self.reads = 0;
            poll::wait_for_signals(Duration::ZERO, &self.waiting);
        }
        // Behind a full pipe there is probably more, and nothing to wait for.
        if self.full > 0
            && let available @ 1.. = self.available()
        {
            return Some(available);
        }
        let deadline = self.is_warm.then(|| Monotonic::now() + IDLE);
        match poll::readable([Some(fd::STDIN)], deadline, &self.waiting) {
            Ok([false]) => {
                if deadline.is_some_and(|deadline| Monotonic::now() >= deadline) {
                    self.give_back();
                }
                None
            }
            // After an error of `ppoll` the read waits.
            Ok([true]) | Err(_) => Some(self.available()),
        }
    }

    /// Whether a kill loses nothing of a read.
    fn is_safe(&self) -> bool {
        self.is_whole && self.pipeline.journal.is_lasting()
    }

    /// How much can be read without waiting; 0 if that is not known.
    fn available(&self) -> usize {
        if self.is_safe() {
            pipe::available(fd::STDIN).unwrap_or(0)
        } else {
            0
        }
    }

    /// Reads what is available, at most `most` bytes.
    fn read(&mut self, available: usize, most: usize) -> Read {
        let is_safe = self.is_safe();
        let wanted = match available {
            1.. if is_safe => available.min(BLOCK),
            _ => UNSAFE_READ,
        };
        let journal = &mut self.pipeline.journal;
        let count = journal.make_room(self.bytes, wanted.min(most));
        if is_safe {
            journal.begin_read(self.bytes, count);
        }
        let end = journal.state.end;
        let count = match fd::read(fd::STDIN, &mut self.bytes[end..end + count]) {
            Ok(count @ 1..) => count,
            other => {
                let is_lasting = journal.is_lasting();
                journal.cancel_read();
                return match other {
                    Err(Errno::EAGAIN | Errno::EINTR) => Read::Nothing,
                    // The journal's file has no page for it, and nothing was taken.
                    Err(Errno::EFAULT) if is_lasting => {
                        journal.let_go();
                        Read::Nothing
                    }
                    Err(_) => Read::Error,
                    Ok(_) => Read::End,
                };
            }
        };
        journal.end_read(count);
        self.is_warm |= end + count > memory::PAGE;
        self.reads += 1 + count / HEAVY;
        self.full = if count >= PIPE { self.full + 1 } else { 0 };
        if self.full == FULL {
            pipe::enlarge(fd::STDIN, LARGE);
        }
        Read::Some
    }

    /// Gives back memory that a flow of input has used.
    fn give_back(&mut self) {
        self.is_warm = false;
        self.full = 0;
        self.pipeline.journal.shrink(self.bytes);
        let end = self.pipeline.journal.state.end;
        memory::give_back(&mut self.bytes[end..]);
        self.pipeline.logs.iter_mut().for_each(Log::give_back);
    }

    /// Replaces the journal's file.
    fn renew(&mut self) {
        let Some(log) = self.pipeline.logs.first() else {
            return;
        };
        match self.pipeline.journal.renew(log.directory(), self.bytes) {
            Ok(wanted) => {
                self.is_warned = false;
                if wanted == Wanted::Writing {
                    let what = b".pending was opened for writing, making it again";
                    ME.warning(&[log.path(), b"/", what], None);
                }
            }
            Err(error) if !core::mem::replace(&mut self.is_warned, true) => {
                warn_no_journal(log.path(), error);
            }
            Err(_) => {}
        }
    }
}

/// Warns that a kill loses what this process has read.
pub(crate) fn warn_no_journal(directory: &[u8], error: KeepError) {
    let (why, error) = error.text();
    ME.warning(&[b"unable to keep ", directory, b"/.pending", why], error);
}
