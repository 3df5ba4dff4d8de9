//! Standard input through a function to standard output. The bytes of one read are
//! written before the next read, so a line is out as soon as its writer pauses.

use daemontools::unix::poll::{self, Direction};
use daemontools::unix::{fd, pipe};
use daemontools::{Errno, Result, TEMPORARY};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;
/// The size that the pipe of a fast writer is enlarged to, so that the writer need not
/// sleep at each block.
const PIPE: i32 = 256 * 1024;
/// This many full blocks in a row show that the writer is fast.
const FULL_BLOCKS: u32 = 4;

/// Gives each block to `feed`, which appends the output. Gives the exit code. As in the
/// reference there is no message about an error.
pub(crate) fn filter(feed: impl FnMut(&[u8], &mut Vec<u8>)) -> i32 {
    match copy(feed) {
        Ok(()) => 0,
        Err(_) => TEMPORARY,
    }
}

fn copy(mut feed: impl FnMut(&[u8], &mut Vec<u8>)) -> Result<()> {
    let mut block = vec![0; BLOCK];
    let mut out = Vec::with_capacity(2 * BLOCK);
    let mut full_blocks = 0;
    loop {
        let count = match fd::read(fd::STDIN, &mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => {
                poll::wait(fd::STDIN, Direction::Read)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        out.clear();
        feed(&block[..count], &mut out);
        write_all(&out)?;
        full_blocks = if count == BLOCK { full_blocks + 1 } else { 0 };
        if full_blocks == FULL_BLOCKS {
            pipe::enlarge(fd::STDIN, PIPE);
        }
    }
}

/// Writes all bytes, also if standard output is non-blocking.
fn write_all(mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match fd::write(fd::STDOUT, bytes) {
            Ok(0) => return Err(Errno::EIO),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => poll::wait(fd::STDOUT, Direction::Write)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
