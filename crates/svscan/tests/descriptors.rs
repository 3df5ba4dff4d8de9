//! A shortage of descriptors: which ones svscan gives up for pipes, and opens again.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::fs;
use std::process::Command;

use support::{Tree, children, is_alive, kill, wait_for};

const SERVICES: usize = 12;
/// Room for the standard descriptors, the lock, the pipes of all services and one that is open
/// during a scan. With one service, at the end of the test, there is room for everything.
const LIMIT: usize = 29;

/// Descriptors that the test itself inherited are closed. They would need room too.
const CLOSE: &str =
    "for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ $fd -le 2 ] || eval \"exec $fd<&-\"; done";

/// The number of descriptors of a process whose link contains `text`, without the standard
/// ones: those are the test's, and may be pipes.
fn count(pid: u32, text: &str) -> usize {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return 0;
    };
    let is_own = |entry: &fs::DirEntry| {
        let number = entry.file_name().to_string_lossy().parse::<u32>();
        number.is_ok_and(|number| number > 2)
    };
    let links = entries
        .flatten()
        .filter(is_own)
        .flat_map(|entry| fs::read_link(entry.path()));
    let is_such = |link: &std::path::PathBuf| link.to_string_lossy().contains(text);
    links.filter(is_such).count()
}

/// Kills a process and its descendants.
fn kill_tree(pid: u32) {
    let below = children(pid);
    // It may have ended.
    kill("KILL", &pid.to_string());
    below.into_iter().for_each(kill_tree);
}

#[test]
fn opens_inotify_and_pidfds_again_when_there_is_room() {
    let mut tree = Tree::new();
    for number in 0..SERVICES {
        tree.service(&format!("{number}"), "exec sleep 1000");
        tree.service(&format!("{number}/log"), "exec cat");
    }
    tree.start();
    let supervises: Vec<[u32; 2]> = (0..SERVICES)
        .map(|number| {
            let name = number.to_string();
            [
                tree.supervise(&name),
                tree.supervise(&format!("{name}/log")),
            ]
        })
        .collect();
    assert!(kill("KILL", &tree.pid().to_string()));
    wait_for("its end", || (!is_alive(tree.pid())).then_some(()));

    let command = tree.command();
    let mut shell = Command::new("bash");
    shell
        .args([
            "-c",
            &format!("{CLOSE}; ulimit -n {LIMIT}; exec \"$0\" \"$@\""),
        ])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stderr(fs::File::create(tree.beside("stderr")).expect("a file"));
    tree.start_as(&mut shell);
    let pid = tree.pid();
    wait_for("all pipes, and nothing that can be given up", || {
        let given_up = ["[eventpoll]", "[pidfd]", "inotify"];
        let none = given_up.iter().all(|kind| count(pid, kind) == 0);
        (none && count(pid, "pipe:") >= 2 * SERVICES).then_some(())
    });

    // Most services go, and their pipes with them.
    for (number, pair) in supervises.iter().enumerate().skip(1) {
        let name = number.to_string();
        fs::rename(tree.path(&name), tree.path(&format!(".{name}"))).expect("rename");
        pair.iter().copied().for_each(kill_tree);
    }
    wait_for("inotify", || (count(pid, "inotify") == 1).then_some(()));
    wait_for("pidfds", || (count(pid, "[eventpoll]") == 1).then_some(()));
    // Both work.
    tree.service(".new", "exec sleep 1000");
    fs::rename(tree.path(".new"), tree.path("new")).expect("rename");
    tree.supervise("new");
    assert!(kill("KILL", &supervises[0][1].to_string()));
    wait_for("another supervise", || {
        tree.supervises("0/log").first().copied()
    });
    assert_eq!(tree.said(), Vec::<String>::new());
}
