//! How standard input comes: as a file, through a pipe as fast as it goes, or step
//! by step: then the program has taken what came, and sleeps, before the next step.
//! What depends on how the input comes is the same on both sides only so.

use std::fs::File;
use std::io::{PipeWriter, Seek, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use conformance::process::Entry;
use conformance::service::unread;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::input::Input;

/// What is left at the end is written in pieces that a pipe has room for.
const ROOM: usize = 32 << 10;

/// One thing that happens while the input comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next so many bytes.
    Write(usize),
    Signal(Signal),
}

/// The harness's end of standard input.
pub(crate) enum Feeder {
    File,
    Pipe(PipeWriter),
    Steps(PipeWriter, File),
}

impl Feeder {
    /// Standard input for the program, and what feeds it.
    pub(crate) fn new(input: &Input) -> (Stdio, Self) {
        if input.steps.is_empty() && input.piece == 0 {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(&input.stdin).expect("its bytes");
            file.rewind().expect("a file can be rewound");
            return (file.into(), Self::File);
        }
        let (reader, writer) = std::io::pipe().expect("a pipe");
        if input.steps.is_empty() {
            return (reader.into(), Self::Pipe(writer));
        }
        let reader = OwnedFd::from(reader);
        let watched = reader.try_clone().expect("a descriptor").into();
        (reader.into(), Self::Steps(writer, watched))
    }

    /// Feeds a program to the end of the input, or to its own. How many bytes are
    /// left in the pipe then, if that is not left to chance.
    pub(crate) fn feed(self, input: &Input, pid: Pid) -> Option<i32> {
        let mut rest = input.stdin.as_slice();
        match self {
            Self::File => None,
            Self::Pipe(mut pipe) => {
                for piece in rest.chunks(input.piece.max(1)) {
                    // A program that has ended needs no more.
                    if pipe.write_all(piece).is_err() {
                        break;
                    }
                }
                None
            }
            Self::Steps(mut pipe, watched) => {
                let mut write = |count: usize| {
                    let (piece, after) = rest.split_at(count.min(rest.len()));
                    rest = after;
                    pipe.write_all(piece).expect("somebody has the other end");
                    is_idle(pid, &watched)
                };
                // Not before it has arranged for signals.
                let mut alive = is_idle(pid, &watched);
                for step in &input.steps {
                    alive = alive
                        && match step {
                            Step::Write(count) => write((*count).min(ROOM)),
                            Step::Signal(signal) => {
                                kill(pid, *signal).ok();
                                is_idle(pid, &watched)
                            }
                        };
                }
                for _ in (0..input.stdin.len()).step_by(ROOM) {
                    alive = alive && write(ROOM);
                }
                drop(pipe);
                while state(pid).is_some() {
                    pause();
                }
                Some(unread(&watched))
            }
        }
    }
}

/// Waits until the program has taken all its input and every signal, and sleeps;
/// says whether it has not ended.
fn is_idle(pid: Pid, watched: &File) -> bool {
    loop {
        match state(pid) {
            None => return false,
            Some('S') if unread(watched) == 0 && !is_signalled(pid) => {
                // It may have been waiting still when this was looked at first.
                if state(pid) == Some('S') {
                    return true;
                }
            }
            Some(_) => {}
        }
        pause();
    }
}

/// `R`, `S` and so on; `None` if it has ended.
fn state(pid: Pid) -> Option<char> {
    let state = Entry::of(pid.as_raw())?.state;
    (state != 'Z').then_some(state)
}

/// Whether there is a signal that it has not taken.
fn is_signalled(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    !status.is_ok_and(|status| status.contains("ShdPnd:\t0000000000000000"))
}

fn pause() {
    thread::sleep(Duration::from_micros(100));
}
