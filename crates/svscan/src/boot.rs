//! `svscanboot`: starts svscan with a clean environment and readproctitle behind it, so that
//! the last error messages can be read in the list of processes.
//!
//! The reference is a shell script that waits only for the last program of the pipeline.
//! This one notices when either program ends, and starts it again on the same pipe, whose
//! ends it keeps. After a svscanboot that was killed, it adopts both programs. A svscan that
//! was ended by TERM stays down, as in the reference, since an operator wanted that:
//! svscanboot ends when readproctitle has read everything that the services write.
//!
//! Each program has a process group of its own. An init that ends svscanboot signals its
//! group, and only svscan may decide in which order services and loggers are told.

mod boot_env;
mod previous;
mod program;
mod stop;

use core::ffi::CStr;
use std::ffi::CString;
use std::os::fd::AsFd;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::{self, End};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file, poll};
use daemontools::{Args, Result, TEMPORARY};

use crate::pipes::Pipe;
use crate::signals::{BOOT, STOP, Signals};
use boot_env::BootEnv;
use previous::Previous;
use program::{PACE, Program};

/// The scan directory where none is given.
const DEFAULT: &CStr = c"/etc/service";
/// The number of dots that `ps` shows before the first error message.
const DOTS: usize = 400;

/// The program: `svscanboot [directory]`. Returns the exit code, if it cannot begin or was
/// told to stop.
#[must_use]
pub fn run(args: Args) -> i32 {
    serve(args.from(1).next().unwrap_or(DEFAULT)).unwrap_or(TEMPORARY)
}

/// Runs both programs until svscan has ended on a signal, to svscanboot or to svscan.
/// Returns the exit code.
///
/// # Errors
/// What keeps it from beginning.
fn serve(dir: &CStr) -> Result<i32> {
    fd::fill_standard();
    let env = BootEnv::new()?;
    let child_ended = Caught::new(Signal::SIGCHLD)?;
    let signals = Signals::catch(&BOOT)?;
    for number in 0..=2 {
        fd::become_standard(&env.null, number)?;
    }
    // By this open directory others find the svscanboot of a directory, even where its svscan
    // is a child of another.
    let mut held = file::open_directory(dir).ok();
    let wait_mask = env.mask.without(&[Signal::SIGCHLD]).without(&BOOT);
    let Some(previous) = find_previous(dir, &signals, &wait_mask) else {
        return Ok(0);
    };
    let (adopted_svscan, adopted_pipe) = match previous {
        Some(Previous { svscan, pipe }) => (Some(svscan), pipe),
        None => {
            stop::stop_previous(&env, dir);
            (None, None)
        }
    };
    let (pipe, adopted_reader) = match adopted_pipe {
        Some(found) => found,
        None => (Pipe::new()?, None),
    };
    let mut pipe = Some(pipe);

    let dots = CString::new([b'.'; DOTS]).unwrap_or_default();
    let title = [c"readproctitle", c"service", c"errors:", &dots];
    let mut reader = Program::new(title.into_iter().collect(), adopted_reader);
    let svscan = [c"svscan", dir].into_iter().collect();
    let mut svscan = Program::new(svscan, adopted_svscan);
    // svscan inherits a signal that is ignored, and does not catch it then.
    let stop_signal = match signal::is_ignored(STOP) {
        true => Signal::SIGTERM,
        false => STOP,
    };
    let mut stopping = false;
    let mut reader_code = 0;
    loop {
        if child_ended.take() {
            while let Ok(Some((pid, end))) = process::reap() {
                if reader.child_ended(pid) {
                    reader_code = end.code();
                }
                if svscan.child_ended(pid) && end == End::Killed(Signal::SIGTERM as i32) {
                    pipe = None;
                }
            }
        }
        reader.check_adopted();
        svscan.check_adopted();
        if signals.take_stop() | signals.take_scan() {
            stopping = true;
            svscan.signal(stop_signal);
        }
        let mut deadlines = [None, None];
        if stopping {
            if !svscan.is_running() {
                // svscan may have ended before it had stopped everything.
                stop::stop_remaining(&env, dir);
                return Ok(0);
            }
        } else if let Some(pipe) = &pipe {
            if svscan.is_due() {
                held = file::open_directory(dir).ok().or(held);
                match previous::find_svscan(dir) {
                    Ok(Some((_, pidfd))) => svscan.adopt(pidfd),
                    Ok(None) => {}
                    Err(_) => svscan.delay(),
                }
            }
            let null = env.null.as_fd();
            let write = pipe.write.as_fd();
            deadlines = [
                reader.tend(&env, [pipe.read.as_fd(), null, null]),
                svscan.tend(&env, [null, write, write]),
            ];
        } else if !reader.is_running() {
            // svscan was ended by TERM, and no process writes into the pipe any more.
            return Ok(reader_code);
        }
        let deadline = deadlines.into_iter().flatten().min();
        // The one place where svscanboot waits, once it has begun.
        let adopted = [reader.adopted(), svscan.adopted()];
        if poll::readable(adopted, deadline, &wait_mask).is_err() {
            poll::pause_until(Monotonic::now() + PACE);
        }
    }
}

/// Finds the programs of an earlier svscanboot. A temporary failure is waited for: not found,
/// they would be stopped. `None` if a signal to stop came meanwhile.
fn find_previous(dir: &CStr, signals: &Signals, mask: &Mask) -> Option<Option<Previous>> {
    loop {
        match previous::find(dir) {
            Ok(previous) => return Some(previous),
            Err(_) if signals.take_stop() | signals.take_scan() => return None,
            Err(_) => {}
        }
        let deadline = Monotonic::now() + PACE;
        if poll::readable([], Some(deadline), mask).is_err() {
            poll::pause_until(deadline);
        }
    }
}
