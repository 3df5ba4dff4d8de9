//! The names of the files in a service directory, relative to it. Their only
//! copy: how each is opened is said by the functions of [`crate::unix::fifo`] and
//! [`crate::unix::file`].

mod belief;

use core::ffi::CStr;

pub use belief::{Own, Told};

/// Executed to start the service, in the service directory, without arguments.
/// With the `./`, as the reference names it: the program sees it in `argv[0]`.
pub const RUN: &CStr = c"./run";
/// If it exists when supervise starts, the service is not started.
pub const DOWN: &CStr = c"down";
/// The directory of supervise's own files, 0700 where we make it.
pub const SUPERVISE: &CStr = c"supervise";
/// `flock`ed for supervise's life.
pub const LOCK: &CStr = c"supervise/lock";
/// FIFO 0600: one byte a command.
pub const CONTROL: &CStr = c"supervise/control";
/// FIFO 0600: can be opened for writing only while supervise runs.
pub const OK: &CStr = c"supervise/ok";
/// The status record, 18 bytes.
pub const STATUS: &CStr = c"supervise/status";
/// The status record while it is being written.
pub const STATUS_NEW: &CStr = c"supervise/status.new";
/// Ours: what the 18 bytes have no room for, as lines `name value`.
pub const DETAIL: &CStr = c"supervise/detail";
/// Our detail file while it is being written.
pub const DETAIL_NEW: &CStr = c"supervise/detail.new";
