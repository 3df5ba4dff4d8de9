//! The tree: the directory of services that svscan looks after, and what is in it.

mod disabled;
mod named;
mod root;
mod scan;
mod svscan;

pub(crate) use named::{NotFound, resolve};
pub(crate) use scan::Tree;
pub(crate) use svscan::is_without_svscan;
