//! What a service directory shows, and what stands in the way of seeing it.

use core::ffi::CStr;
use std::sync::Mutex;

use daemontools::buffer::Path;
use daemontools::servicedir::detail::{self, DETAIL_LEN};
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{self, Length, ReadError, Status};
use daemontools::unix::file;
use daemontools::unix::thread;
use daemontools::{Errno, PERMANENT, errno, servicedir};

/// From how many directories on it pays to look at some of them in a second thread.
const MANY: usize = 256;
/// How many a thread takes at a time.
const SHARE: usize = 16;

/// What is known of a service that supervise watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// The record.
    pub(crate) status: Status,
    /// Whether it has a `down` file: it is not started when supervise starts.
    pub(crate) normally_down: bool,
}

/// Why nothing is known of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The directory can't be entered.
    Chdir(Errno),
    /// Whether there is a `down` file can't be said.
    Down(Errno),
    /// `supervise/ok` can't be opened.
    Ok(Errno),
    /// Nobody has `supervise/ok` open for reading.
    NotRunning,
    /// The record can't be opened.
    Open(Errno),
    /// The record can't be read.
    Read(Errno),
    /// The record is shorter than a record.
    Short,
}

impl Trouble {
    /// The text in the service's line, and the system's error that goes behind it.
    pub(crate) const fn text(self) -> (&'static str, Option<Errno>) {
        match self {
            Self::Chdir(error) => ("unable to chdir: ", Some(error)),
            Self::Down(error) => ("unable to stat down: ", Some(error)),
            Self::Ok(error) => ("unable to open supervise/ok: ", Some(error)),
            Self::NotRunning => ("supervise not running", None),
            Self::Open(error) => ("unable to open supervise/status: ", Some(error)),
            Self::Read(error) => ("unable to read supervise/status: ", Some(error)),
            Self::Short => ("unable to read supervise/status: bad format", None),
        }
    }

    /// The exit code for `--strict`.
    pub(crate) const fn exit_code(self) -> i32 {
        match self.text().1 {
            Some(error) => errno::exit_code(error),
            None => PERMANENT,
        }
    }
}

/// Looks at each directory where all is well: three names say it all, by paths from
/// here, and the working directory need not move. `None` where something is not well.
pub(crate) fn quickly(names: &[&CStr]) -> Vec<Option<Service>> {
    let mut found = vec![None; names.len()];
    if names.len() < MANY || !by_two(names, &mut found) {
        look(names, &mut found);
    }
    found
}

/// Has a second thread look at some of them; `false` if there is none to be had.
fn by_two(names: &[&CStr], found: &mut [Option<Service>]) -> bool {
    let here = thread::processor();
    let shares = Mutex::new(names.chunks(SHARE).zip(found.chunks_mut(SHARE)));
    let look_at_shares = || {
        let next = || shares.lock().ok().and_then(|mut shares| shares.next());
        while let Some((names, found)) = next() {
            look(names, found);
        }
    };
    std::thread::scope(|scope| {
        let helper = thread::builder().spawn_scoped(scope, || {
            thread::own_descriptors();
            if let Some(here) = here {
                thread::leave_processor(here);
            }
            look_at_shares();
        });
        if helper.is_ok() {
            look_at_shares();
        }
        helper.is_ok()
    })
}

fn look(names: &[&CStr], found: &mut [Option<Service>]) {
    for (name, found) in names.iter().zip(found) {
        *found = quick(name);
    }
}

fn quick(name: &CStr) -> Option<Service> {
    let normally_down = match file::stat(path(name, servicedir::DOWN)?.as_c_str()) {
        Ok(_) => true,
        Err(Errno::ENOENT) => false,
        Err(_) => return None,
    };
    let ok = path(name, servicedir::OK)?;
    let supervised = ok::is_supervised(ok.as_c_str(), Accept::Anything);
    supervised.ok().filter(|&supervised| supervised)?;
    let status = read_status(path(name, servicedir::STATUS)?.as_c_str()).ok()?;
    Some(Service {
        status,
        normally_down,
    })
}

/// Looks at one directory by the reference's steps, one after the other, for its
/// words. The directory becomes the working directory; `moved` notes whether it did.
pub(crate) fn carefully(name: &CStr, moved: &mut bool) -> Result<Service, Trouble> {
    file::chdir(name).map_err(Trouble::Chdir)?;
    *moved = true;
    let normally_down = match file::stat(servicedir::DOWN) {
        Ok(_) => true,
        Err(Errno::ENOENT) => false,
        Err(error) => return Err(Trouble::Down(error)),
    };
    match ok::is_supervised(servicedir::OK, Accept::Anything) {
        Ok(true) => {}
        Ok(false) => return Err(Trouble::NotRunning),
        Err(error) => return Err(Trouble::Ok(error)),
    }
    let status = read_status(servicedir::STATUS)?;
    Ok(Service {
        status,
        normally_down,
    })
}

fn read_status(path: &CStr) -> Result<Status, Trouble> {
    status::read(path, Length::AtLeast).map_err(|error| match error {
        ReadError::Open(error) => Trouble::Open(error),
        ReadError::Read(error) => Trouble::Read(error),
        ReadError::Length => Trouble::Short,
    })
}

/// The path of a file in a directory. `None` for a name that is too long, and for an
/// empty one, which does not mean the root.
fn path(directory: &CStr, file: &CStr) -> Option<Path<512>> {
    let parts = [directory.to_bytes(), b"/", file.to_bytes()];
    Path::new(&parts).ok().filter(|_| !directory.is_empty())
}

/// The text of the detail file; empty if there is none, as under the reference's
/// supervise.
pub(crate) fn detail(name: &CStr) -> Vec<u8> {
    let read = || {
        let path = path(name, servicedir::DETAIL)?;
        let file = file::open_read(path.as_c_str()).ok()?;
        let mut buffer = [0; DETAIL_LEN];
        Some(detail::read(file, &mut buffer).ok()?.to_vec())
    };
    read().unwrap_or_default()
}
