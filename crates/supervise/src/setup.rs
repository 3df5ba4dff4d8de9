//! What happens before the first start. The order is the reference's: messages and exit
//! codes depend on it.

use core::ffi::CStr;

use daemontools::servicedir::DOWN;
use daemontools::servicedir::status::Want;
use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file};
use daemontools::{Errno, TEMPORARY, diag, errno, strerr};

use crate::adopt;
use crate::files::{Files, make_directory};
use crate::host::AdoptError;
use crate::kernel::{Inheritance, Kernel, Signals};
use crate::reporter::REPORTER;
use crate::supervisor::Supervisor;

/// Takes the service directory `dir`, adopts what runs there, and starts what is wanted.
/// With `is_main` supervise exits with the service.
///
/// # Errors
/// The directory cannot be used, is supervised already, or it could not be found out
/// what runs there. Then nothing was started.
// Not inlined, so that its buffers do not stay on the stack of the loop.
#[inline(never)]
pub(crate) fn begin(dir: &'static CStr, is_main: bool) -> Result<Supervisor<Kernel>, Fatal> {
    diag::init();
    fd::fill_standard();
    let inherited = signal::harden();
    let mask = Mask::block(&[Signal::SIGCHLD, Signal::SIGTERM]);
    let fatal = |what: &[u8], error| REPORTER.fatal(&[what, dir.to_bytes()], error);
    let catch =
        |signal| Caught::new(signal).map_err(|error| fatal(b"unable to catch signals for ", error));

    let child = catch(Signal::SIGCHLD)?;
    let term = match signal::is_ignored(Signal::SIGTERM) {
        true => None,
        false => Some(catch(Signal::SIGTERM)?),
    };
    file::chdir(dir).map_err(|error| fatal(b"unable to chdir to ", error))?;
    let want = match file::stat(DOWN) {
        Ok(_) => Want::Down,
        Err(Errno::ENOENT) => Want::Up,
        Err(error) => {
            let what: [&[u8]; 3] = [b"unable to stat ", dir.to_bytes(), b"/down"];
            return Err(REPORTER.fatal(&what, error));
        }
    };
    make_directory().map_err(report_link)?;
    let files = Files::open(dir)?;
    let inheritance = Inheritance {
        mask: mask.without(&[Signal::SIGCHLD]),
        signals: inherited,
        catches_term: term.is_some(),
    };
    let mut kernel = Kernel::new(dir, files, inheritance, Signals { child, term });
    let initial = adopt::adopt(&mut kernel, want, is_main).map_err(|error| report(dir, &error))?;
    Supervisor::begin(kernel, initial)
}

/// Reports that the link `supervise` cannot be used. The reference names no program here.
#[cold]
fn report_link(error: Errno) -> Fatal {
    let error = errno::text(error).as_bytes();
    strerr::line(&[b"unable to readlink ./supervise: ", error]);
    Fatal::new(TEMPORARY)
}

/// Reports what could not be found out about an earlier supervise.
fn report(dir: &CStr, error: &AdoptError) -> Fatal {
    let dir = dir.to_bytes();
    match *error {
        AdoptError::File(name, error) => {
            REPORTER.fatal(&[b"unable to read ", dir, b"/", name.to_bytes()], error)
        }
        AdoptError::Proc(error) => REPORTER.fatal(&[b"unable to read /proc for ", dir], error),
        AdoptError::Process(pid, error) => {
            let pid = Decimal::new(u64::from(pid));
            let what: [&[u8]; 4] = [b"unable to look at process ", pid.as_bytes(), b" of ", dir];
            REPORTER.fatal(&what, error)
        }
    }
}
