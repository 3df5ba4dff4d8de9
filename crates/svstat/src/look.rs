//! What a service directory shows, and what stands in the way of seeing it.

use core::ffi::CStr;

use daemontools::status::{STATUS_LEN, Status};
use daemontools::unix::file::ReadError;
use daemontools::unix::{fifo, file};
use daemontools::{Errno, PERMANENT, errno, servicedir};

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
    /// Nobody has `supervise/ok` open for reading, or it is no FIFO.
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

/// Looks at the service in the directory `name`, which becomes the working
/// directory; notes in `moved` whether it did.
pub(crate) fn at(name: &CStr, moved: &mut bool) -> Result<Service, Trouble> {
    file::chdir(name).map_err(Trouble::Chdir)?;
    *moved = true;
    let normally_down = match file::stat(servicedir::DOWN) {
        Ok(_) => true,
        Err(Errno::ENOENT) => false,
        Err(error) => return Err(Trouble::Down(error)),
    };
    match fifo::open_write(servicedir::OK) {
        Ok(_) => {}
        // EINVAL: what is no FIFO has no reader.
        Err(Errno::ENXIO | Errno::EINVAL) => return Err(Trouble::NotRunning),
        Err(error) => return Err(Trouble::Ok(error)),
    }
    let mut record = [0; STATUS_LEN];
    match file::read_start(servicedir::STATUS, &mut record) {
        Ok(bytes) if bytes.len() == STATUS_LEN => Ok(Service {
            status: Status::unpack(&record),
            normally_down,
        }),
        Ok(_) => Err(Trouble::Short),
        Err(ReadError::Open(error)) => Err(Trouble::Open(error)),
        Err(ReadError::Read(error)) => Err(Trouble::Read(error)),
    }
}

/// Our own file beside the record, in the directory that [`at`] went to; empty where
/// there is none, as beside the reference's supervise.
pub(crate) fn detail(found: &Result<Service, Trouble>) -> Vec<u8> {
    let mut buffer = [0; 1024];
    match found {
        Ok(_) => file::read_start(servicedir::DETAIL, &mut buffer).map_or(Vec::new(), Vec::from),
        Err(_) => Vec::new(),
    }
}
