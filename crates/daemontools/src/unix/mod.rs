//! The only code that talks to the kernel, one concept a file, thin over `nix` and
//! `libc`. The only unsafe code too, with the `main!` macro.

pub mod account;
pub mod clock;
pub mod dir;
pub mod ends;
pub mod env;
pub mod exec;
pub mod fd;
pub mod fifo;
pub mod file;
pub mod inotify;
pub mod localtime;
pub mod lock;
pub mod memory;
pub mod notify;
pub mod own_file;
pub mod pidfd;
pub mod pipe;
pub mod poll;
pub mod process;
pub mod proctitle;
pub mod rlimit;
pub mod signal;
pub mod socket;
pub mod thread;
