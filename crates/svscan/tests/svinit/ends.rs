//! Main services and the program: the exit code is theirs.

use std::path::Path;

use crate::support::{Tree, kill, wait_for};
use crate::{As, BOTH, STAYS, can_be_first, code, control, output, signal, start, wait_for_line};

fn worlds() -> impl Iterator<Item = As> {
    BOTH.into_iter()
        .filter(|&which| which == As::Other || can_be_first())
}

/// [`STAYS`], and makes a file once it obeys.
fn stays_and_makes(file: &Path) -> String {
    STAYS.replace("; while", &format!("; touch {}; while", file.display()))
}

#[test]
fn the_exit_code_is_that_of_the_main_service_and_others_are_stopped_in_order() {
    for which in worlds() {
        for (text, expected) in [
            ("exit 0", 0),
            ("exit 3", 3),
            ("exit 111", 111),
            ("exit 112", 112),
            ("kill -9 $$", 137),
            ("kill -15 $$", 143),
        ] {
            let mut tree = Tree::new();
            let ready = tree.beside("ready");
            tree.service("other", &stays_and_makes(&ready));
            let text = format!(
                "until test -e {}; do sleep 0.02; done; {text}",
                ready.display()
            );
            tree.service("main", &text);
            let had = code(&mut tree, which, &["--main=main", "TREE"]);
            assert_eq!(had, expected, "{which:?}, {text}");
            let last = format!("svinit: main has ended for good, exit code {expected}");
            assert_eq!(tree.said(), [last], "{which:?}");
            assert_eq!(output(&tree), ["other: up", "other: down"], "{which:?}");
        }
    }
}

#[test]
fn a_main_service_with_a_policy_ends_all_only_when_it_has_ended_for_good() {
    let mut tree = Tree::new();
    tree.service("other", STAYS);
    tree.service("main", "echo run; exit 4");
    std::fs::write(
        tree.path("main/supervise.toml"),
        "restart = \"on-failure\"\ngive-up = 2\n",
    )
    .expect("write");
    assert_eq!(code(&mut tree, As::Other, &["--main", "main", "TREE"]), 4);
    let runs = output(&tree)
        .iter()
        .filter(|line| *line == "main: run")
        .count();
    assert_eq!(runs, 2);
}

#[test]
fn the_first_of_several_main_services_decides() {
    let mut tree = Tree::new();
    tree.service("slow", "trap 'exit 5' TERM; while :; do sleep 0.02; done");
    let ready = tree.path("slow/supervise/status");
    let text = format!(
        "until test -s {}; do sleep 0.02; done; exit 6",
        ready.display()
    );
    tree.service("quick", &text);
    let words = ["--main=slow", "--main=quick", "TREE"];
    assert_eq!(code(&mut tree, As::Other, &words), 6);
}

#[test]
fn after_a_stop_that_was_asked_for_the_exit_code_is_that_of_the_main_service_or_0() {
    for (words, expected) in [(&["TREE"][..], 0), (&["--main=main", "TREE"], 9)] {
        let mut tree = Tree::new();
        tree.service("other", STAYS);
        tree.service(
            "main",
            "trap 'exit 9' TERM; echo up; while :; do sleep 0.02; done",
        );
        start(&mut tree, As::Other, words);
        wait_for_line(&tree, "main: up");
        signal(&tree, "TERM");
        assert_eq!(tree.end(), expected);
    }
}

#[test]
fn a_supervise_that_is_killed_is_no_end_of_its_main_service() {
    let mut tree = Tree::new();
    tree.service("other", STAYS);
    let go = tree.beside("go");
    let text = format!(
        "echo up; until test -e {}; do sleep 0.02; done; exit 7",
        go.display()
    );
    tree.service("main", &text);
    start(&mut tree, As::Other, &["--main=main", "TREE"]);
    wait_for_line(&tree, "main: up");
    let main = || {
        let mut children = crate::support::children(tree.pid()).into_iter();
        children.find(|&pid| crate::support::words(pid) == ["supervise", "--main", "main"])
    };
    let first = wait_for("its supervise", main);
    assert!(kill("KILL", &first.to_string()));
    let second = wait_for("the next", || main().filter(|&pid| pid != first));
    // It has adopted the service when it obeys.
    control(&tree, "main", "c");
    assert_ne!(first, second);
    std::fs::write(&go, "").expect("write");
    assert_eq!(tree.end(), 7);
    let ups = output(&tree)
        .iter()
        .filter(|line| *line == "main: up")
        .count();
    assert_eq!(ups, 1);
}

#[test]
fn the_program_runs_once_with_the_descriptors_of_svinit_and_its_end_ends_all() {
    for which in worlds() {
        for (text, expected) in [("exit 0", 0), ("exit 8", 8), ("kill -9 $$", 137)] {
            let mut tree = Tree::new();
            let ready = tree.beside("ready");
            tree.service("other", &stays_and_makes(&ready));
            tree.service("two", STAYS);
            let text = format!(
                "until test -e {}; do sleep 0.02; done; echo \"$0\"; {text}",
                ready.display()
            );
            let words = ["TREE", "--", "sh", "-c", &text, "word"];
            assert_eq!(
                code(&mut tree, which, &words),
                expected,
                "{which:?}, {text}"
            );
            let said = output(&tree);
            assert_eq!(said.iter().filter(|line| *line == "word").count(), 1);
            assert!(said.contains(&"other: down".to_owned()), "{said:?}");
        }
    }
}

#[test]
fn the_program_works_where_svinit_was_started() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    let place = tree.beside("work");
    std::fs::create_dir(&place).expect("mkdir");
    crate::support::script(&place.join("program"), "pwd >where; exit 3");
    let mut command = crate::svinit(&tree, As::Other, &["TREE", "--", "./program"]);
    tree.start_as(command.current_dir(&place));
    assert_eq!(tree.end(), 3);
    let place = place.canonicalize().expect("a directory");
    let said = std::fs::read_to_string(place.join("where")).expect("a file");
    assert_eq!(said.trim_end(), place.to_string_lossy());
}

#[test]
fn a_program_that_is_not_there_ends_all_with_111() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    assert_eq!(
        code(&mut tree, As::Other, &["TREE", "--", "./no-such"]),
        111
    );
    assert_eq!(
        tree.said(),
        [
            "svinit: warning: unable to run ./no-such: file does not exist",
            "svinit: ./no-such has ended for good, exit code 111",
        ]
    );
}

#[test]
fn what_it_cannot_begin_with_is_named() {
    let mut tree = Tree::new();
    let directory = tree.path("").display().to_string();
    for (words, expected, said) in [
        (&["/no-such"][..], 111, "svinit: fatal: unable to chdir to /no-such: file does not exist".to_owned()),
        (
            &["--main=web", "TREE"],
            111,
            format!("svinit: fatal: --main=web is no service of {directory}: file does not exist"),
        ),
        (
            &["--main=a/b", "TREE"],
            100,
            "svinit: fatal: --main=a/b: this takes the name of a service, as it is in the directory".to_owned(),
        ),
        (
            &["--stop-timeout=soon", "TREE"],
            100,
            "svinit: fatal: --stop-timeout takes a number of seconds".to_owned(),
        ),
    ] {
        assert_eq!(code(&mut tree, As::Other, words), expected, "{words:?}");
        assert_eq!(tree.said(), [said], "{words:?}");
    }
    for words in [&["TREE", "more"][..], &["TREE", "--"], &["--wrong", "TREE"]] {
        assert_eq!(code(&mut tree, As::Other, words), 100, "{words:?}");
    }
    let mut command = crate::svinit(&tree, As::Other, &["TREE"]);
    tree.start_as(command.env("SVINIT_STOP_TIMEOUT", "soon"));
    assert_eq!(tree.end(), 100);
    assert_eq!(
        tree.said(),
        ["svinit: fatal: SVINIT_STOP_TIMEOUT takes a number of seconds"]
    );
}
