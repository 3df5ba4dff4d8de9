//! A service directory: the names of its files, and the one reader and writer of each
//! format that more than one program uses.
//!
//! The names are relative to the service directory.

pub mod control;
pub mod detail;
pub mod foreign;
mod located;
pub mod ok;
pub mod policy;
pub mod query;
pub mod stamp;
pub mod state;
pub mod status;
mod trusted;

use core::ffi::CStr;

pub use located::{SOURCE, enter, located};
pub use trusted::{Checked, SuperviseDir};

/// Executed to start the service, in the service directory, without arguments.
/// With the `./`, as in the reference: the program sees it in `argv[0]`.
pub const RUN: &CStr = c"./run";
/// Executed after an end of the service, if [`policy`] says so.
pub const FINISH: &CStr = c"./finish";
/// If it exists when supervise starts, the service is not started.
pub const DOWN: &CStr = c"down";
/// What the operator asks of supervise, see [`policy`].
pub const POLICY: &CStr = c"supervise.toml";
/// The directory of supervise's own files; supervise makes it with mode 0700.
pub const SUPERVISE: &CStr = c"supervise";
/// Locked with `flock(2)` while supervise runs.
pub const LOCK: &CStr = c"supervise/lock";
/// FIFO, mode 0600: one byte a command, see [`control`].
pub const CONTROL: &CStr = c"supervise/control";
/// FIFO, mode 0600: supervise has it open for reading while it runs, see [`ok`].
pub const OK: &CStr = c"supervise/ok";
/// The status record, see [`status`].
pub const STATUS: &CStr = c"supervise/status";
/// The status record while it is written; then renamed to [`STATUS`].
pub const STATUS_NEW: &CStr = c"supervise/status.new";
/// Facts for which the status record has no room, see [`detail`].
pub const DETAIL: &CStr = c"supervise/detail";
/// The detail file while it is made; then renamed to [`DETAIL`].
pub const DETAIL_NEW: &CStr = c"supervise/detail.new";
/// The file to which the service writes a newline when it is ready, see [`policy`].
pub const READY: &CStr = c"supervise/ready";
