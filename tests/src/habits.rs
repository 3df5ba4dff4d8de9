//! Habits of operators: scripts and commands of working installations. Each must have the
//! same result with ours as with the reference.
//!
//! A habit is one function: it runs the operator's steps on a [`Side`] and checks the result.
//! Add it to its file and to the list there. The suite runs each habit once on each side
//! ([`cases`]). `make habits` runs each many times and prints a table, since most failures
//! here are rare.

mod arrive;
mod leave;
mod logs;
mod restart;
mod shared;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::case::{Case, message};
use crate::process::Exit;
use crate::service::Status;
use crate::side::{Programs, Side, Whose};
use crate::{Proc, suite};

/// The right result, or the difference from it.
pub type Outcome = Result<(), String>;

/// A habit of operators.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    /// A short description.
    pub name: &'static str,
    steps: fn(&Side) -> Outcome,
}

impl Habit {
    const fn new(name: &'static str, steps: fn(&Side) -> Outcome) -> Self {
        Self { name, steps }
    }

    /// Runs it once in the directory `root`, which is made and removed.
    ///
    /// # Errors
    /// The difference from the right result.
    pub fn attempt(&self, whose: Whose, programs: &Programs, root: &Path) -> Outcome {
        let side = Side::new(whose, programs, root.to_owned(), &[]);
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.steps)(&side)));
        let end = catch_unwind(AssertUnwindSafe(|| side.kill_all()));
        match (outcome, end) {
            (Ok(outcome), Ok(())) => outcome,
            (Err(payload), _) | (_, Err(payload)) => Err(message(&*payload).to_owned()),
        }
    }
}

/// All habits.
#[must_use]
pub fn all() -> Vec<Habit> {
    [
        leave::HABITS,
        restart::HABITS,
        shared::HABITS,
        arrive::HABITS,
        logs::HABITS,
    ]
    .concat()
}

/// All habits as cases of the suite: each must have the right result on both sides.
#[must_use]
pub fn cases() -> Vec<Case> {
    let case = |habit: Habit| {
        Case::scenario(habit.name, move |side| {
            side.log("end", (habit.steps)(side).err().unwrap_or("right".into()));
        })
        .without_files()
    };
    all().into_iter().map(case).collect()
}

/// Both sides' programs, copied below `root`.
///
/// # Errors
/// The program that is missing.
pub fn programs(root: &Path) -> Result<Programs, String> {
    suite::programs(root)
}

/// A service that shows when a scan has happened, see [`until_scan`].
const MARKER: &str = "s/marker";

/// svscan on `s`, with the marker up.
fn scan(side: &Side) -> Proc {
    side.service(MARKER, "exec sleep 1000");
    let svscan = side.command(["svscan", "s"]).spawn();
    side.until_status(MARKER, "up", Status::is_up);
    svscan
}

/// Waits for the next scan of svscan: it starts a supervise that has exited as it was told
/// to.
fn until_scan(side: &Side) {
    let old = side.until_status(MARKER, "up", Status::is_up);
    side.control(MARKER, b"dx");
    side.until_restarted(MARKER, old.pid);
}

/// Runs a shell script in the side's directory, with its programs.
fn shell(side: &Side, script: &str) {
    let end = side.command(["/bin/sh", "-ec", script]).spawn().wait();
    assert_eq!(end, Exit::Code(0), "{script}");
}

/// The lines of a file.
fn lines(side: &Side, path: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&side.read(path)).into_owned();
    text.lines().map(str::to_owned).collect()
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: &T, right: &T) -> Outcome {
    if seen == right {
        Ok(())
    } else {
        Err(format!("{what}: {seen:?} instead of {right:?}"))
    }
}
