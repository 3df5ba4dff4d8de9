//! The conformance harness: what the reference does decides, so every case
//! runs on Debian's daemontools first and then on ours, and what can be seen
//! from outside has to be the same.
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
//!     // Anything that lives longer is a closure, run once a side; what it
//!     // logs goes into the transcript. Nothing in it may depend on the time.
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
//! A difference that we want is declared with [`Case::differs`], and then has to
//! be there. Where times, pids and labels get into an output, a named
//! normaliser ([`Normal`]) takes them out, on both sides.
//!
//! `REFERENCE_BIN` and `OURS_BIN` name the directories of the programs; without
//! them `build/reference/usr/bin` (see `tests/fetch-reference`) and `build/bin`
//! are taken. With both the same, the cases check themselves. Some cases want
//! root, strace or mount namespaces, and say so when they are left out.
//!
//! With `CONFORMANCE_SHOW` set, each case's transcript of the reference is
//! printed: have a look when you write one. A case that sees nothing proves
//! nothing.
//!
//! With `CONFORMANCE_BARE` set, all commands run as on a kernel of 2011: see [`bare`].
//!
//! Nothing is left behind: see [`keeper`].

// A test that cannot go on panics, and its case fails.
#![allow(clippy::expect_used, clippy::unwrap_used)]

pub mod bare;
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
pub use normal::{LABELS, Normal, PIDS, SECONDS, STARTS};
pub use process::{Exit, Proc};
pub use service::Status;
pub use side::{Side, Whose};
pub use spawn::Cmd;
pub use suite::Suite;
