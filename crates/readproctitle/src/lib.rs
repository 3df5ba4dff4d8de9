//! `readproctitle`: shows the last of its input in its own command line, where `ps`
//! reads it. svscanboot puts it behind svscan: whatever goes wrong in a tree of
//! services can be seen without any log.
#![forbid(unsafe_code)]

mod ring;

use daemontools::unix::fd;
use daemontools::unix::proctitle::LastWord;
use daemontools::{Args, Errno, PERMANENT, TEMPORARY};

/// The shortest word that it can work in: the dots that stay, and some room.
const LEAST: usize = 5;

/// As much as a pipe holds.
const BLOCK: usize = 64 * 1024;

/// The program: `readproctitle word ... dots`. Gives the exit code: 0 at the end of
/// its input.
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
    if title.len() < LEAST {
        return PERMANENT;
    }
    let window = &mut title[ring::DOTS..];
    let mut block = [0; BLOCK];
    loop {
        match fd::read(fd::STDIN, &mut block) {
            Ok(0) => return 0,
            Ok(count) => ring::push(window, &block[..count]),
            Err(Errno::EINTR) => {}
            Err(_) => return TEMPORARY,
        }
    }
}
