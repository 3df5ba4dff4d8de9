//! What happens before the first start, in the reference's order: its messages and
//! its exit codes depend on it.

use core::ffi::CStr;
use std::ffi::CString;

use daemontools::servicedir::status::{Status, Want};
use daemontools::servicedir::{DOWN, SUPERVISE};
use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result, TEMPORARY, diag, strerr};

use crate::ME;
use crate::adopt::{self, Legacy, Trouble};
use crate::machine::Machine;
use crate::stamp;
use crate::watch::Files;
use crate::work::{Custody, Inheritance, Signals, Work};

/// Takes the service directory `dir` into custody.
pub(crate) fn begin(dir: &'static CStr) -> core::result::Result<Work, Fatal> {
    diag::init();
    fd::fill_standard();
    let inherited = signal::harden();
    let mask = Mask::block(&[Signal::SIGCHLD, Signal::SIGTERM]);
    let fatal = |what: &[u8], error| ME.fatal(&[what, dir.to_bytes()], error);

    let child_ended = Caught::new(Signal::SIGCHLD)
        .map_err(|error| fatal(b"unable to catch signals for ", error))?;
    let terminated = match signal::is_ignored(Signal::SIGTERM) {
        true => None,
        false => Some(
            Caught::new(Signal::SIGTERM)
                .map_err(|error| fatal(b"unable to catch signals for ", error))?,
        ),
    };
    file::chdir(dir).map_err(|error| fatal(b"unable to chdir to ", error))?;
    let want = match file::stat(DOWN) {
        Ok(_) => Want::Down,
        Err(Errno::ENOENT) => Want::Up,
        Err(error) => return Err(ME.fatal(&[b"unable to stat ", dir.to_bytes(), b"/down"], error)),
    };
    make_directory().map_err(|error| {
        // The reference names no program here.
        strerr::line(&[
            b"unable to readlink ./supervise: ",
            daemontools::errno::text(error).as_bytes(),
        ]);
        Fatal::new(TEMPORARY)
    })?;
    let files = Files::open(dir)?;
    let custody = take(dir, want)?;
    let inheritance = Inheritance {
        mask: mask.without(&[Signal::SIGCHLD]),
        signals: inherited,
        catches_term: terminated.is_some(),
    };
    let signals = Signals {
        look: child_ended,
        terminated,
    };
    Work::new(dir, custody, files, inheritance, signals)
}

/// Finds out what an earlier supervise has left, and goes on from there. Where that
/// can't be found out, nothing is started.
fn take(dir: &CStr, want: Want) -> core::result::Result<Custody, Fatal> {
    let found = adopt::here().and_then(|here| Ok((adopt::legacy(&here)?, here)));
    let ((legacy, detail), here) = found.map_err(|trouble| say(dir, &trouble))?;
    let (machine, adopted) = match legacy {
        Legacy::None => (Machine::new(want, stamp::now()), None),
        Legacy::Ended(wanted) => (Machine::new(wanted, stamp::now()), None),
        Legacy::Alive(alive) => {
            let status = Status {
                want: alive.want.unwrap_or(want),
                ..alive.status
            };
            (Machine::adopt(&status, alive.started), Some(alive))
        }
        Legacy::Strangers => {
            let file = [dir.to_bytes(), b"/", SUPERVISE.to_bytes()];
            let what = b": others may have written there: not believed";
            ME.warning(&[file[0], file[1], file[2], what], None);
            (Machine::new(want, stamp::now()), None)
        }
        Legacy::Unproven(pid) => {
            let pid = Decimal::new(u64::from(pid));
            let (pid, dir) = (pid.as_bytes(), dir.to_bytes());
            ME.warning(
                &[
                    b"unable to tell whether process ",
                    pid,
                    b" is ",
                    dir,
                    b": not taking it over",
                ],
                None,
            );
            (Machine::new(want, stamp::now()), None)
        }
    };
    Ok(Custody {
        machine,
        adopted,
        starts: detail.starts,
        last_end: detail.last_end,
        here,
    })
}

/// Says what kept us from finding out what was left.
fn say(dir: &CStr, trouble: &Trouble) -> Fatal {
    let dir = dir.to_bytes();
    match *trouble {
        Trouble::File(name, error) => {
            ME.fatal(&[b"unable to read ", dir, b"/", name.to_bytes()], error)
        }
        Trouble::Proc(error) => ME.fatal(&[b"unable to read /proc for ", dir], error),
        Trouble::Process(pid, error) => {
            let pid = Decimal::new(u64::from(pid));
            let what: [&[u8]; 4] = [b"unable to look at process ", pid.as_bytes(), b" of ", dir];
            ME.fatal(&what, error)
        }
    }
}

/// The most text of a `supervise` link that the reference reads.
const LINK_MAX: usize = 256;

/// Makes `supervise`, 0700, unless there is something of that name; if that is a
/// link, makes the directory that it leads to (Debian's `update-service` moves it
/// to /var/lib/supervise).
///
/// # Errors
/// Only for a link that can't be read or is too long. A directory that could not
/// be made shows when the lock is taken.
pub(crate) fn make_directory() -> Result<()> {
    if file::mkdir(SUPERVISE, 0o700).is_ok() {
        return Ok(());
    }
    let mut buffer = [0; LINK_MAX];
    match file::read_link(SUPERVISE, &mut buffer) {
        Ok(target) => {
            if let Ok(target) = CString::new(target) {
                let _ = file::mkdir(&target, 0o700);
            }
            Ok(())
        }
        // No link, or nothing at all.
        Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        // The reference's text for it.
        Err(Errno::ENAMETOOLONG) => Err(Errno::UnknownErrno),
        Err(error) => Err(error),
    }
}
