//! svctl on real services, under svscan, supervise and multilog of `OURS_BIN` (default
//! `build/bin`).

mod logs;
mod steer;
mod world;
