//! svinit: whose end is the end of all, how it stops, and where the output of services goes;
//! as process 1 of a pid namespace, and as any other process.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod mirror;
mod output;
mod stop;

use std::fs;
use std::process::{Command, Stdio};

use support::{Tree, kill, programs, wait_for, words};

/// Which process svinit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    /// Process 1 of a pid namespace.
    First,
    /// Any other.
    Other,
}

pub(crate) const BOTH: [As; 2] = [As::First, As::Other];

/// A service that stays up until TERM, and says so.
pub(crate) const STAYS: &str =
    "trap 'echo down; exit 0' TERM; echo up; while :; do sleep 0.02; done";

/// Whether a pid namespace can be made here.
pub(crate) fn can_be_first() -> bool {
    let unshare = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "true"])
        .stderr(Stdio::null())
        .status();
    let can = unshare.is_ok_and(|status| status.success());
    if !can {
        eprintln!("skipped in part: no pid namespace can be made here");
    }
    can
}

/// The command for svinit with these words, in which TREE is the scan directory.
pub(crate) fn svinit(tree: &Tree, which: As, words: &[&str]) -> Command {
    svinit_below(tree, &[], which, words)
}

/// The same, started by the command `before`.
pub(crate) fn svinit_below(tree: &Tree, before: &[&str], which: As, words: &[&str]) -> Command {
    let unshare: &[&str] = match which {
        As::Other => &[],
        As::First => &["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
    };
    let program = programs().join("svinit").display().to_string();
    let directory = tree.path("").display().to_string();
    let words = words.iter().map(|word| word.replace("TREE", &directory));
    let mut all = [before, unshare]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .chain([program])
        .chain(words);
    let mut command = Command::new(all.next().expect("a program"));
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs().display());
    command
        .args(all)
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(fs::File::create(tree.beside("stdout")).expect("a file"))
        .stderr(fs::File::create(tree.beside("stderr")).expect("a file"));
    command
}

/// Starts it.
pub(crate) fn start(tree: &mut Tree, which: As, words: &[&str]) {
    let mut command = svinit(tree, which, words);
    tree.start_as(&mut command);
}

/// Runs it to its end; gives the exit code.
pub(crate) fn code(tree: &mut Tree, which: As, words: &[&str]) -> i32 {
    start(tree, which, words);
    tree.end()
}

/// svinit's own pid, which is not that of the command where that makes a namespace.
pub(crate) fn pid(tree: &Tree) -> u32 {
    wait_for("svinit", || {
        let is_it = |&pid: &u32| {
            words(pid)
                .first()
                .is_some_and(|word| word.ends_with("svinit"))
        };
        let mut pids = vec![tree.pid()];
        pids.extend(support::children(tree.pid()));
        pids.into_iter().find(is_it)
    })
}

/// Signals svinit.
pub(crate) fn signal(tree: &Tree, name: &str) {
    assert!(kill(name, &pid(tree).to_string()));
}

/// Waits for a line of the container's standard output.
pub(crate) fn wait_for_line(tree: &Tree, line: &str) {
    wait_for(line, || {
        output(tree).iter().any(|have| have == line).then_some(())
    });
}

/// The lines of its standard output.
pub(crate) fn output(tree: &Tree) -> Vec<String> {
    support::lines(&tree.beside("stdout"))
}

/// Sends commands to the supervise of a service.
pub(crate) fn control(tree: &Tree, name: &str, commands: &str) {
    let fifo = tree.path(name).join("supervise/control");
    wait_for("a supervise", || fs::write(&fifo, commands).ok());
}
