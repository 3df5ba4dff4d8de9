//! `svscanboot`: svscan on a clean ground with readproctitle behind it, so that the
//! last of what goes wrong can be read in the list of processes.
//!
//! Where the reference is a shell script that waits for the pipeline's last program
//! only, this notices when either of the two ends and starts it again on the same
//! pipe, whose ends it keeps.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Fork, Pid};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file, poll};
use daemontools::{Args, Result, TEMPORARY, pathexec};

/// The scan directory where none is given.
const DEFAULT: &CStr = c"/etc/service";
/// The search path, and with its name the whole environment, of what is started.
const PATH: &CStr =
    c"PATH=/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";
/// How many dots `ps` shows before anything has gone wrong.
const DOTS: usize = 400;
/// The least time between two starts of one program.
const PACE: Duration = Duration::from_secs(1);
/// How many bytes of names are given to one `svc`.
const BATCH: usize = 64 * 1024;

/// One of the two programs.
struct Program<'a> {
    argv: Strings<'a>,
    pid: Option<u32>,
    may_start: Monotonic,
}

/// What all programs are started with.
struct Ground {
    mask: Mask,
    child_ignored: bool,
    null: OwnedFd,
}

/// The program: `svscanboot [directory]`. Gives the exit code, if it can't begin.
#[must_use]
pub fn run(args: Args) -> i32 {
    match begin(args.get(1).unwrap_or(DEFAULT)) {
        Ok(never) => match never {},
        Err(_) => TEMPORARY,
    }
}

fn begin(dir: &CStr) -> Result<core::convert::Infallible> {
    fd::fill_standard();
    let ground = Ground {
        child_ignored: signal::is_ignored(Signal::SIGCHLD),
        mask: Mask::block(&[Signal::SIGCHLD]),
        null: file::open_null()?,
    };
    let child_ended = Caught::new(Signal::SIGCHLD)?;
    for number in 0..=2 {
        fd::become_standard(&ground.null, number)?;
    }
    ground.end_old_services(dir);

    let (read, write) = fd::pipe()?;
    let dots = CString::new([b'.'; DOTS]).unwrap_or_default();
    let title = [c"readproctitle", c"service", c"errors:", &dots];
    let mut reader = Program::new(title.into_iter().collect());
    let mut svscan = Program::new([c"svscan", dir].into_iter().collect());
    loop {
        if child_ended.take() {
            while let Ok(Some((pid, _))) = process::reap() {
                reader.ended(pid.as_raw().unsigned_abs());
                svscan.ended(pid.as_raw().unsigned_abs());
            }
        }
        let null = ground.null.as_fd();
        let deadline = [
            reader.tend(&ground, [read.as_fd(), null, null]),
            svscan.tend(&ground, [null, write.as_fd(), write.as_fd()]),
        ];
        let mask = ground.mask.without(&[Signal::SIGCHLD]);
        let deadline = deadline.into_iter().flatten().min();
        if poll::readable([], deadline, &mask).is_err() {
            poll::pause_until(Monotonic::now() + PACE);
        }
    }
}

impl<'a> Program<'a> {
    fn new(argv: Strings<'a>) -> Self {
        Self {
            argv,
            pid: None,
            may_start: Monotonic(0),
        }
    }

    fn ended(&mut self, pid: u32) {
        if self.pid == Some(pid) {
            self.pid = None;
        }
    }

    /// Starts it if it does not run; if it may not be started yet, says when.
    fn tend(&mut self, ground: &Ground, standard: [impl AsFd; 3]) -> Option<Monotonic> {
        let now = Monotonic::now();
        if self.pid.is_none() && self.may_start <= now {
            self.may_start = now + PACE;
            self.pid = ground.start(&self.argv, standard).ok();
        }
        self.pid.is_none().then_some(self.may_start)
    }
}

impl Ground {
    /// Starts a program with these as its standard descriptors; gives its pid.
    fn start(&self, argv: &Strings, standard: [impl AsFd; 3]) -> Result<u32> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid.as_raw().unsigned_abs()),
            Fork::Child => {
                for (number, fd) in (0..).zip(standard) {
                    if fd::become_standard(fd, number).is_err() {
                        process::exit_now(TEMPORARY);
                    }
                }
                if self.child_ignored {
                    signal::ignore(Signal::SIGCHLD);
                }
                self.mask.install();
                let path = &PATH.to_bytes()[b"PATH=".len()..];
                pathexec::exec_clean(argv, path, &[PATH].into_iter().collect());
                process::exit_now(TEMPORARY)
            }
        }
    }

    /// What `svc -dx DIR/* DIR/*/log` does in the reference, in as many calls as
    /// the names need, all services before all loggers.
    fn end_old_services(&self, dir: &CStr) {
        let mut services = Vec::new();
        let mut logs = Vec::new();
        if let Ok(names) = Dir::open(dir) {
            // Names that can't be read have no svc to hear of them.
            let _ = names.each(|name, _| {
                if name.to_bytes().first() == Some(&b'.') {
                    return;
                }
                let service = [dir.to_bytes(), b"/", name.to_bytes()].concat();
                let log = CString::new([&service[..], b"/log"].concat());
                services.extend(CString::new(service));
                logs.extend(log.ok().filter(|log| file::lstat(log).is_ok()));
            });
        }
        for names in [services, logs] {
            self.end(&names);
        }
    }

    fn end(&self, names: &[CString]) {
        let mut rest = names;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|name| {
                bytes += name.count_bytes() + 1;
                bytes <= BATCH
            });
            let (batch, after) = rest.split_at(fits.count().max(1));
            rest = after;
            let words = [c"svc", c"-dx"].into_iter();
            let argv = words.chain(batch.iter().map(CString::as_c_str)).collect();
            let null = self.null.as_fd();
            if let Ok(pid) = self.start(&argv, [null, null, null]) {
                let _ = process::wait_for(Pid::from_raw(pid.cast_signed()));
            }
        }
    }
}
