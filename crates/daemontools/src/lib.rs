//! What every program of the suite shares: the formats of a service directory, the
//! conventions of the family (messages, options, search path) and, in [`unix`], the
//! only code that calls the kernel.
//!
//! Without I/O are [`buffer`], [`command`], [`errno`], [`tai64n`], and the packing and
//! parsing in [`servicedir`]. The other modules read or write through [`unix`].

pub mod buffer;
pub mod cli;
pub mod client;
pub mod command;
pub mod diag;
#[allow(unsafe_code)]
pub mod entry;
pub mod errno;
pub mod getopt;
pub mod logdir;
pub mod pathexec;
pub mod procfs;
mod seconds;
pub mod servicedir;
pub mod shares;
pub mod strerr;
pub mod tai64n;
#[allow(unsafe_code)]
pub mod unix;

pub use entry::Args;
pub use nix::errno::Errno;
pub use seconds::seconds;

/// The result of a system call: a value or the kernel's error number.
pub type Result<T> = nix::Result<T>;

/// Exit code for a permanent failure: wrong usage, a name that does not exist.
pub const PERMANENT: i32 = 100;
/// Exit code for a temporary failure: the system could not do what was asked.
pub const TEMPORARY: i32 = 111;
