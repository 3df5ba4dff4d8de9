//! `readproctitle`: shows the end of its input in its own command line, where `ps` reads
//! it. svscanboot gives it the standard error of svscan, so that the messages of all
//! supervises can be seen without a log.
#![forbid(unsafe_code)]

mod title;

use daemontools::unix::fd;
use daemontools::unix::proctitle::LastWord;
use daemontools::{Args, Errno, PERMANENT, TEMPORARY};

/// The shortest title: the dots that stay, and some room.
const TITLE_MIN: usize = 5;

/// How much is read at once: all that a pipe holds.
const BLOCK: usize = 64 * 1024;

/// Runs `readproctitle word ... dots`. Gives the exit code, 0 at the end of input.
#[must_use]
pub fn run(args: Args) -> i32 {
    if args.len() < 2 {
        return PERMANENT;
    }
    let Some(mut title) = LastWord::claim(args) else {
        return PERMANENT;
    };
    let title = title.bytes();
    title.fill(b'.');
    if title.len() < TITLE_MIN {
        return PERMANENT;
    }
    let window = &mut title[title::DOTS..];
    let mut block = [0; BLOCK];
    loop {
        match fd::read(fd::STDIN, &mut block) {
            Ok(0) => return 0,
            Ok(count) => title::push(window, &block[..count]),
            Err(Errno::EINTR) => {}
            Err(_) => return TEMPORARY,
        }
    }
}
