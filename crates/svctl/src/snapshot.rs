//! The state of a service at one moment: all that `list`, `status`, `top` and `metrics`
//! show. [`read()`] reads it; the rest has no I/O.

mod facts;
mod read;

pub(crate) use facts::{Facts, Snapshot};
pub(crate) use read::{read, read_all};
