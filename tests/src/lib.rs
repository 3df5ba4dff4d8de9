//! The conformance harness. The reference decides: every case runs on Debian's daemontools
//! first and then on ours, and everything that can be observed must be the same.
//!
//! A case is a named list of steps. Each side runs them with its own programs,
//! in a fresh directory of its own, and writes a *transcript*: what was run,
//! its exit, every line of its output, and at the end every file with its type,
//! mode and bytes. The two transcripts are compared line by line.
//!
//! ```no_run
//! use conformance::{Case, Suite, PIDS, SECONDS, Status};
//!
//! let svstat = vec![
//!     // A command and its files: most cases are this long.
//!     Case::new("no such directory").run(["svstat", "x"]),
//!     // The setup gets the side's `Side`: paths are relative to its directory.
//!     Case::new("up")
//!         .setup(|side| side.fake_supervise("x", Status::up(side.own_pid())))
//!         .normal(&[PIDS, SECONDS])
//!         .run(["svstat", "x"]),
//!     // A long-lived program needs a closure, which is run once on each side; it
//!     // logs to the transcript. Nothing in it may depend on the time.
//!     Case::scenario("x ends supervise", |side| {
//!         side.service("x", "exec sleep 1000");
//!         let supervise = side.command(["supervise", "x"]).spawn();
//!         side.until_status("x", "up", Status::is_up);
//!         side.control("x", b"dx");
//!         side.log("supervise", supervise.wait());
//!         side.log_output(&supervise);
//!     }),
//! ];
//! std::process::exit(Suite::new().program("svstat", svstat).run());
//! ```
//!
//! An intended difference is declared with [`Case::differs`], and must then exist. Times,
//! pids and labels in an output are replaced on both sides by a named normaliser
//! ([`Normal`]).
//!
//! `REFERENCE_BIN` and `OURS_BIN` name the directories of the programs; the defaults are
//! `build/reference/usr/bin` (see `tests/fetch-reference`) and `build/bin`. If both are the
//! same directory, the run checks the cases themselves. Some cases need root, strace or mount
//! namespaces; they are reported as skipped without them.
//!
//! With `CONFORMANCE_SHOW` set, each case's transcript of the reference is printed. Read it
//! when you write a case: a case that observes nothing proves nothing.
//!
//! With `CONFORMANCE_BARE` set, all commands run as on a kernel of 2011: see [`bare`].
//!
//! No process and no file is left after a run: see [`keeper`].

// A test that cannot go on panics, and its case fails.
#![allow(clippy::expect_used, clippy::unwrap_used)]

pub mod bare;
pub mod calls;
pub mod case;
pub mod cuts;
mod exec;
pub mod files;
pub mod habits;
pub mod hung;
pub mod keeper;
pub mod normal;
pub mod process;
pub mod recorder;
pub mod service;
pub mod side;
pub mod spawn;
pub mod suite;
pub mod trace;
pub mod transcript;
pub mod tree;

pub use case::Case;
pub use hung::Hung;
pub use normal::{LABELS, Normal, OPTIONS, PIDS, SECONDS, STARTS};
pub use process::{Exit, Proc};
pub use service::Status;
pub use side::{Side, Whose};
pub use spawn::Cmd;
pub use suite::{Suite, ours_has_musl, reference_sends_quit};
