//! svctl on real services, under svscan, supervise and multilog of `OURS_BIN` (default
//! `build/bin`).

mod access;
mod enable;
mod logs;
mod steer;
mod top;
mod world;
