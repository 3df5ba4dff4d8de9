//! The only code that calls the kernel, one concept a file, thin over `nix` and `libc`.
//! With the `main!` macro it is also the only unsafe code.

pub mod account;
pub mod clock;
pub mod companion;
pub mod dir;
pub mod env;
pub mod exec;
pub mod exit_watch;
pub mod fd;
pub mod fifo;
pub mod file;
pub mod inotify;
pub mod localtime;
pub mod lock;
pub mod memory;
pub mod notify;
pub mod notify_socket;
pub mod own_file;
pub mod pidfd;
pub mod pipe;
pub mod poll;
pub mod process;
pub mod proctitle;
pub mod rlimit;
pub mod signal;
pub mod socket;
pub mod terminal;
pub mod thread;
