//! The short-lived static programs as one binary, which is installed under the name of
//! each of them, by hard links: eleven static programs of their own are 11 MB, of which
//! 10 MB are the same C library.
//!
//! The long-lived programs stay apart: a larger binary costs each process some memory.
//! Those that ask the user database are linked dynamically and can't be here. Which
//! program is in which binary is said in `programs/list`, for the Makefile and the tests.
#![forbid(unsafe_code)]

use daemontools::entry::Program;
use daemontools::{Args, PERMANENT, entry, strerr};

/// Every program that is in this binary.
const PROGRAMS: [(&str, Program); 11] = [
    ("svc", svc::control::run),
    ("svok", svc::ok::run),
    ("svwait", svc::svwait::run),
    ("svstat", svstat::run),
    ("tai64n", tai64n::tai64n),
    ("tai64nlocal", tai64n::tai64nlocal),
    ("fghack", chainload::fghack),
    ("pgrphack", chainload::pgrphack),
    ("setlock", chainload::setlock),
    ("envdir", chainload::envdir),
    ("softlimit", chainload::softlimit),
];

/// The names that the binary answers to.
#[must_use]
pub fn names() -> [&'static str; PROGRAMS.len()] {
    PROGRAMS.map(|(name, _)| name)
}

/// Runs the program whose name the binary was executed under. Gives its exit code, or
/// 100 for a name that is no program's.
#[must_use]
pub fn run(args: Args) -> i32 {
    if let Some(program) = entry::called(&PROGRAMS, &args) {
        return program(args);
    }
    let names = names().join(", ");
    let usage = b"daemontools-programs: usage: run it by the name of a program: ";
    strerr::line(&[usage, names.as_bytes()]);
    PERMANENT
}
