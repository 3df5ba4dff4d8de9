//! Every signal that stops, and stops that services do not obey.

use std::fs;

use crate::support::{Tree, is_alive, wait_for};
use crate::{
    As, BOTH, STAYS, can_be_first, output, signal, start, svinit, svinit_below, wait_for_line,
};

/// A service that ignores TERM.
const STUBBORN: &str = "trap '' TERM; echo up; while :; do sleep 0.02; done";

#[test]
fn every_signal_that_an_image_may_name_stops_all_in_order() {
    for which in BOTH {
        if which == As::First && !can_be_first() {
            continue;
        }
        for name in ["TERM", "INT", "QUIT", "USR1", "PWR", "WINCH", "RTMIN+3"] {
            let mut tree = Tree::new();
            tree.service("one", STAYS);
            tree.service("two", STAYS);
            start(&mut tree, which, &["TREE"]);
            wait_for_line(&tree, "one: up");
            wait_for_line(&tree, "two: up");
            signal(&tree, name);
            assert_eq!(tree.end(), 0, "{which:?}, {name}");
            let said = output(&tree);
            assert!(
                said.contains(&"one: down".to_owned()),
                "{which:?}, {name}: {said:?}"
            );
            assert!(
                tree.said().is_empty(),
                "{which:?}, {name}: {:?}",
                tree.said()
            );
        }
    }
}

#[test]
fn the_end_of_a_main_service_in_a_stop_tells_nobody_again() {
    let mut tree = Tree::new();
    let (out, said) = (tree.beside("stdout"), tree.beside("stderr"));
    let until = |text: &str, file: &std::path::Path| {
        format!(
            "until grep -q '{text}' {}; do sleep 0.02; done",
            file.display()
        )
    };
    // It ends when the other has been told once, and that goes on until svinit has seen this
    // end, and would have told it again.
    let waits = until("slow: told", &out);
    tree.service(
        "main",
        &format!(
            "trap '{}; exit 2' TERM; echo up; while :; do sleep 0.02; done",
            waits.replace('\'', "\"")
        ),
    );
    let ends = until("main has ended for good", &said);
    tree.service(
        "slow",
        &format!("trap 'echo told' TERM\necho up\n{ends}\nsleep 0.2\nsleep 0.2"),
    );
    start(&mut tree, As::Other, &["--main=main", "TREE"]);
    wait_for_line(&tree, "main: up");
    wait_for_line(&tree, "slow: up");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 2);
    let told = output(&tree)
        .iter()
        .filter(|line| *line == "slow: told")
        .count();
    assert_eq!(told, 1);
}

#[test]
fn a_service_that_ignores_term_is_killed_and_named_at_the_limit() {
    for option in [true, false] {
        let mut tree = Tree::new();
        tree.service("polite", STAYS);
        tree.service("stubborn", STUBBORN);
        let words: &[&str] = match option {
            true => &["--stop-timeout=0.5", "TREE"],
            false => &["TREE"],
        };
        let mut command = svinit(&tree, As::Other, words);
        tree.start_as(command.env("SVINIT_STOP_TIMEOUT", "0.25"));
        wait_for_line(&tree, "polite: up");
        wait_for_line(&tree, "stubborn: up");
        signal(&tree, "TERM");
        assert_eq!(tree.end(), 0);
        let limit = if option { "0.5" } else { "0.25" };
        assert_eq!(
            tree.said(),
            [format!("svinit: warning: killed after {limit} s: stubborn")]
        );
    }
}

#[test]
fn a_second_signal_kills_at_once() {
    let mut tree = Tree::new();
    tree.service("stubborn", STUBBORN);
    tree.service("other", STAYS);
    start(&mut tree, As::Other, &["--stop-timeout=1000", "TREE"]);
    wait_for_line(&tree, "stubborn: up");
    wait_for_line(&tree, "other: up");
    signal(&tree, "TERM");
    // The first was taken when the other service is down.
    wait_for_line(&tree, "other: down");
    signal(&tree, "INT");
    assert_eq!(tree.end(), 0);
}

#[test]
fn a_program_that_ignores_term_is_killed_at_the_limit() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    let text = STUBBORN.replace("up", "program");
    start(
        &mut tree,
        As::Other,
        &["--stop-timeout=0.5", "TREE", "--", "sh", "-c", &text],
    );
    wait_for_line(&tree, "program");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 137);
    assert!(
        tree.said()
            .contains(&"svinit: warning: killed after 0.5 s: sh".to_owned())
    );
}

#[test]
fn what_services_leave_behind_is_ended_and_one_that_holds_a_pipe_keeps_no_logger_waiting() {
    for (what, trap) in [("obeys", ""), ("ignores TERM", "trap \"\" TERM; ")] {
        let mut tree = Tree::new();
        let left = tree.beside("left");
        let text = format!(
            "setsid sh -c '{trap}echo $$ >{0}.new; mv {0}.new {0}; while :; do sleep 0.02; done' &\n{STAYS}",
            left.display()
        );
        tree.service("one", &text);
        tree.service("two", STAYS);
        start(&mut tree, As::Other, &["--stop-timeout=0.5", "TREE"]);
        wait_for_line(&tree, "one: up");
        let pid = wait_for("the process that is left", || {
            fs::read_to_string(&left).ok()?.trim().parse().ok()
        });
        assert!(is_alive(pid));
        signal(&tree, "TERM");
        assert_eq!(tree.end(), 0, "{what}");
        assert!(!is_alive(pid), "{what}");
        assert!(output(&tree).contains(&"one: down".to_owned()));
    }
}

#[test]
fn a_program_that_was_not_started_by_it_is_left_alone() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    let mut bystander = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .expect("sleep");
    start(&mut tree, As::Other, &["TREE"]);
    wait_for("up", || {
        output(&tree).contains(&"up".to_owned()).then_some(())
    });
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
    assert!(is_alive(bystander.id()));
    bystander.kill().expect("kill");
    bystander.wait().expect("wait");
}

#[test]
fn processes_of_another_namespace_s_proc_are_not_taken_for_its_own() {
    if !can_be_first() {
        return;
    }
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    tree.service("two", STAYS);
    // A pid namespace without a /proc of its own.
    let before = ["unshare", "--pid", "--fork", "--kill-child"];
    let words = ["--stop-timeout=1000", "TREE"];
    let mut command = svinit_below(&tree, &before, As::Other, &words);
    tree.start_as(&mut command);
    wait_for_line(&tree, "one: up");
    wait_for_line(&tree, "two: up");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
}
