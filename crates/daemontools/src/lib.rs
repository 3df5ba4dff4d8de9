//! What every program of the suite shares: the on-disk contract of a service
//! directory, the conventions of the family (messages, options, search path) and,
//! in [`unix`], the only code that talks to the kernel.
//!
//! The modules above `unix` are pure: they take bytes and give bytes.

pub mod about;
pub mod buffer;
pub mod command;
pub mod diag;
#[allow(unsafe_code)]
pub mod entry;
pub mod errno;
pub mod getopt;
pub mod pathexec;
pub mod procfs;
pub mod servicedir;
pub mod strerr;
pub mod tai64n;
#[allow(unsafe_code)]
pub mod unix;

pub use entry::Args;
pub use nix::errno::Errno;

/// What a system call gives: a value, or the kernel's error number.
pub type Result<T> = nix::Result<T>;

/// Exit code for a permanent failure: wrong usage, a name that does not exist.
pub const PERMANENT: i32 = 100;
/// Exit code for a temporary failure: the system could not do what was asked.
pub const TEMPORARY: i32 = 111;
