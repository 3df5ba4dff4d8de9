//! Where the output of services goes.

use std::fs;

use crate::support::{Tree, children, is_alive, kill, wait_for, words};
use crate::{As, STAYS, output, signal, start, wait_for_line};

/// Whether a process is this program.
fn is_called(pid: u32, name: &str) -> bool {
    words(pid).first().is_some_and(|word| word == name)
}

#[test]
fn lines_get_names_where_there_are_several_services_and_those_with_loggers_keep_theirs() {
    let mut tree = Tree::new();
    tree.service("one", &format!("echo problem >&2; {STAYS}"));
    tree.service("two", STAYS);
    tree.service("logged", STAYS);
    let log = tree.beside("log");
    tree.service("logged/log", &format!("exec cat >{}", log.display()));
    start(&mut tree, As::Other, &["TREE"]);
    for line in ["one: problem", "one: up", "two: up"] {
        wait_for_line(&tree, line);
    }
    wait_for("the log", || {
        (fs::read_to_string(&log).ok()? == "up\n").then_some(())
    });
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
    assert_eq!(fs::read_to_string(&log).expect("a log"), "up\ndown\n");
    let mut said = output(&tree);
    said.sort();
    assert_eq!(
        said,
        [
            "one: down",
            "one: problem",
            "one: up",
            "two: down",
            "two: up"
        ]
    );
}

#[test]
fn a_single_service_and_plain_ones_have_the_descriptors_of_svinit() {
    for (names, words) in [
        (&["one"][..], &["TREE"][..]),
        (&["one", "two"], &["--plain", "TREE"]),
    ] {
        let mut tree = Tree::new();
        for name in names {
            tree.service(name, STAYS);
        }
        start(&mut tree, As::Other, words);
        let ups = || output(&tree).iter().filter(|line| *line == "up").count();
        wait_for("all", || (ups() == names.len()).then_some(()));
        signal(&tree, "TERM");
        assert_eq!(tree.end(), 0);
    }
}

#[test]
fn a_service_that_comes_later_gets_its_name_even_beside_a_single_one() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    start(&mut tree, As::Other, &["TREE"]);
    wait_for_line(&tree, "up");
    let later = tree.beside("later");
    tree.make(&later, STAYS);
    fs::rename(&later, tree.path("later")).expect("rename");
    wait_for_line(&tree, "later: up");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
}

#[test]
fn nothing_is_lost_when_svprefix_is_killed() {
    let mut tree = Tree::new();
    tree.service(
        "count",
        "i=0; while test $i -lt 2000; do echo $i; i=$((i+1)); done; exec sleep 1000",
    );
    tree.service("other", STAYS);
    start(&mut tree, As::Other, &["TREE"]);
    for number in [100, 500, 1000] {
        wait_for_line(&tree, &format!("count: {number}"));
        let is_it = |&pid: &u32| words(pid) == ["svprefix", "count"];
        let prefix = children(tree.pid()).into_iter().find(is_it);
        if let Some(pid) = prefix {
            kill("KILL", &pid.to_string());
        }
    }
    wait_for_line(&tree, "count: 1999");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
    let said = output(&tree);
    for number in 0..2000 {
        assert!(
            said.contains(&format!("count: {number}")),
            "{number} is missing"
        );
    }
}

#[test]
fn a_program_may_open_its_standard_output_after_it_gave_up_root() {
    let can = std::process::Command::new("setpriv")
        .args(["--reuid=12345", "--regid=12345", "--clear-groups", "true"])
        .status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no right to change the user");
        return;
    }
    let mut tree = Tree::new();
    tree.service(
        "one",
        "setpriv --reuid=12345 --regid=12345 --clear-groups sh -c 'echo opened >/proc/self/fd/1'\n\
         exec sleep 1000",
    );
    tree.service("two", STAYS);
    start(&mut tree, As::Other, &["TREE"]);
    wait_for_line(&tree, "one: opened");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
}

#[test]
fn services_read_nothing_and_are_in_groups_of_their_own() {
    let mut tree = Tree::new();
    tree.service(
        "one",
        "if read line; then echo \"read $line\"; else echo end; fi; exec sleep 1000",
    );
    tree.service("two", STAYS);
    let mut command = crate::svinit(&tree, As::Other, &["TREE"]);
    command.stdin(std::process::Stdio::piped());
    tree.start_as(&mut command);
    wait_for_line(&tree, "one: end");
    let group = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
        let fields = stat.rsplit(')').next().expect("fields").to_owned();
        fields
            .split_whitespace()
            .nth(2)
            .expect("a group")
            .to_owned()
    };
    // Between its fork and its exec a child has the words of svinit.
    let pids = wait_for("two supervises and two svprefixes", || {
        let pids = children(tree.pid());
        let begun = |&pid: &u32| is_called(pid, "supervise") || is_called(pid, "svprefix");
        (pids.len() == 4 && pids.iter().all(begun)).then_some(pids)
    });
    for pid in pids {
        assert_eq!(group(pid), pid.to_string(), "{:?}", words(pid));
    }
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
}

#[test]
fn after_a_kill_the_next_svinit_goes_on_with_services_and_their_lines() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    tree.service("two", STAYS);
    start(&mut tree, As::Other, &["TREE"]);
    wait_for_line(&tree, "one: up");
    wait_for_line(&tree, "two: up");
    let mut prefixes = children(tree.pid());
    prefixes.retain(|&pid| is_called(pid, "svprefix"));
    assert_eq!(prefixes.len(), 2);
    signal(&tree, "KILL");
    assert_eq!(tree.end(), 137);
    for pid in prefixes {
        wait_for("the end of its svprefix", || (!is_alive(pid)).then_some(()));
    }
    start(&mut tree, As::Other, &["TREE"]);
    // The supervises are adopted, no children: the next ones are svprefixes alone.
    wait_for("the next svprefixes", || {
        let all = children(tree.pid());
        (all.len() == 2 && all.iter().all(|&pid| is_called(pid, "svprefix"))).then_some(())
    });
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
    let mut said = output(&tree);
    said.sort();
    assert_eq!(said, ["one: down", "two: down"], "{:?}", tree.said());
}
