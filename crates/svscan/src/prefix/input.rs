//! Standard input. Of a pipe, bytes are looked at first and consumed once they are
//! written, so that a kill loses no line: at most the lines of one write come twice.

use core::cmp;
use std::os::fd::OwnedFd;

use daemontools::unix::poll::{self, Direction};
use daemontools::unix::{fd, pipe};
use daemontools::{Errno, Result};

/// The most bytes that are looked at together.
const BLOCK: usize = 16 << 10;

/// Reads what is surely there.
fn read_exactly(from: &OwnedFd, bytes: &mut [u8]) -> Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match fd::read(from, &mut bytes[done..]) {
            Ok(0) => return Err(Errno::EIO),
            Ok(count) => done += count,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

pub(super) struct Input {
    block: [u8; BLOCK],
    /// A pipe of our own, into which the kernel copies what is looked at. `None`: standard
    /// input is no pipe, and reading consumes.
    copies: Option<(OwnedFd, OwnedFd)>,
}

impl Input {
    pub(super) fn new() -> Self {
        Self {
            block: [0; BLOCK],
            copies: fd::pipe().ok(),
        }
    }

    /// Whether bytes stay in the pipe until they are [consumed](Self::consume).
    pub(super) const fn keeps(&self) -> bool {
        self.copies.is_some()
    }

    /// Waits for input; how many bytes there are in [`bytes`](Self::bytes), 0 at the end.
    ///
    /// # Errors
    /// Those of `read(2)`.
    pub(super) fn look(&mut self) -> Result<usize> {
        loop {
            let count = match &self.copies {
                Some((read, write)) => pipe::peek(fd::STDIN, write, BLOCK)
                    .and_then(|count| read_exactly(read, &mut self.block[..count])),
                None => fd::read(fd::STDIN, &mut self.block),
            };
            match count {
                Ok(count) => return Ok(count),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => poll::wait(fd::STDIN, Direction::Read)?,
                // It is no pipe.
                Err(_) if self.keeps() => self.copies = None,
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn bytes(&self, from: usize, to: usize) -> &[u8] {
        &self.block[from..to]
    }

    /// Takes bytes out of the pipe that were looked at.
    ///
    /// # Errors
    /// Those of `read(2)`.
    pub(super) fn consume(&self, mut count: usize) -> Result<()> {
        let mut bytes = [0; BLOCK];
        while self.keeps() && count > 0 {
            let most = cmp::min(count, BLOCK);
            match fd::read(fd::STDIN, &mut bytes[..most]) {
                // Somebody else reads this pipe, too.
                Ok(0) | Err(Errno::EAGAIN) => break,
                Ok(read) => count -= read,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
