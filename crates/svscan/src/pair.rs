//! The processes of a service: one supervise, or two with a pipe between them, each
//! started with exactly what svscan inherited.

use core::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};

use daemontools::procfs::ProcPath;
use daemontools::strerr::Decimal;
use daemontools::unix::exec::Strings;
use daemontools::unix::process;
use daemontools::unix::signal::{Inherited, Mask, Signal};
use daemontools::unix::{fd, file, rlimit, signal};
use daemontools::{Errno, Result, pathexec};

use crate::ME;
use crate::path::Path;
use crate::slot::Role;
use crate::sole::Sole;

/// The pipe from a service to its logger. Both ends stay open here, so that it
/// outlives the processes on either side with all that is in it.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// The logger's end.
    pub(crate) read: OwnedFd,
    /// The service's end.
    pub(crate) write: OwnedFd,
}

impl Pipe {
    /// A new pipe.
    ///
    /// # Errors
    /// What `pipe2(2)` says.
    pub(crate) fn new() -> Result<Self> {
        fd::pipe().map(|(read, write)| Self { read, write })
    }

    /// Both ends of the pipe behind `link`, an entry of `/proc/PID/fd`. That
    /// neither waits for the other end to be opened.
    ///
    /// # Errors
    /// What opening says; EINVAL for what is no pipe, or one with a name.
    pub(crate) fn reopen(link: &CStr) -> Result<Self> {
        if !is_anonymous(link)? {
            return Err(Errno::EINVAL);
        }
        let read = file::open_read(link)?;
        let write = file::open_write(link)?;
        for end in [&read, &write] {
            // By then the link may have led elsewhere.
            let own = ProcPath::new(std::process::id(), b"fd/")?;
            let number = Decimal::new(end.as_raw_fd().unsigned_abs().into());
            let own = Path::new(&[own.as_c_str().to_bytes(), number.as_bytes()])?;
            if !is_anonymous(own.as_c_str())? {
                return Err(Errno::EINVAL);
            }
            // Of our own opening only, which is what children inherit.
            fd::set_nonblocking(end, false)?;
        }
        Ok(Self { read, write })
    }
}

/// Whether an entry of `/proc/PID/fd` is a pipe without a name: only its processes and
/// those that may look at them can open it. The text of a FIFO's is its path.
///
/// # Errors
/// What `readlink(2)` says.
pub(crate) fn is_anonymous(link: &CStr) -> Result<bool> {
    let mut text = [0; 32];
    match file::read_link(link, &mut text) {
        Ok(text) => Ok(text.starts_with(b"pipe:[")),
        Err(Errno::ENAMETOOLONG) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a child gets back of what svscan changed for itself.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The mask that was inherited.
    pub(crate) mask: Mask,
    /// Whether SIGCHLD was inherited as ignored.
    pub(crate) child_ignored: bool,
    /// The other dispositions.
    pub(crate) signals: Inherited,
    /// The limit on descriptors.
    pub(crate) descriptors: Option<(u64, u64)>,
}

impl Inheritance {
    fn restore(&self) {
        if let Some(limit) = self.descriptors {
            rlimit::restore_descriptors(limit);
        }
        if self.child_ignored {
            signal::ignore(Signal::SIGCHLD);
        }
        self.signals.restore();
        self.mask.install();
    }
}

/// Exit code of a child that could not become a supervise: none that supervise has.
pub(crate) const UNBORN: i32 = 112;

/// What follows a service's name in messages about a supervise.
pub(crate) const fn suffix(role: Role) -> &'static [u8] {
    match role {
        Role::Service => b"",
        Role::Log => b"/log",
    }
}

/// Starts a supervise for the service `name`; gives its pid. With `silent` it does
/// not say again why it could not be started. It does not wait for the exec, which may
/// take as long as the file system of supervise likes; so that a child that hangs there
/// does not keep the directory for us when we are no more, it leaves `sole` first.
///
/// # Errors
/// What `fork(2)` says.
pub(crate) fn start(
    inheritance: &Inheritance,
    sole: &mut Sole,
    role: Role,
    name: &CStr,
    pipe: Option<&Pipe>,
    silent: bool,
) -> Result<u32> {
    let dir = match role {
        Role::Service => name,
        Role::Log => c"log",
    };
    let argv: Strings = [c"supervise", dir].into_iter().collect();
    let pid = process::spawn(|| {
        sole.leave();
        let (what, error) = become_supervise(inheritance, role, name, pipe, &argv);
        if !silent {
            ME.warning(&[what, name.to_bytes(), suffix(role)], error);
        }
        UNBORN
    })?;
    Ok(pid.as_raw().unsigned_abs())
}

/// Execs supervise, in the child. Returns only to say what failed and why.
fn become_supervise(
    inheritance: &Inheritance,
    role: Role,
    name: &CStr,
    pipe: Option<&Pipe>,
    argv: &Strings,
) -> (&'static [u8], Errno) {
    let joined = match (pipe, role) {
        (None, _) => Ok(()),
        (Some(pipe), Role::Service) => fd::become_standard(&pipe.write, 1),
        (Some(pipe), Role::Log) => fd::become_standard(&pipe.read, 0),
    };
    if let Err(error) = joined {
        return (b"unable to set up descriptors for ", error);
    }
    if role == Role::Log
        && let Err(error) = file::chdir(name)
    {
        return (b"unable to switch to ", error);
    }
    inheritance.restore();
    (b"unable to start supervise ", pathexec::exec(argv))
}
