//! What svscan starts and keeps running. The comment of a test says where the reference
//! fails it.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use support::{Tree, children, is_alive, kill, lines, wait_for, words};

const SLEEP: &str = "exec sleep 1000";

#[test]
fn starts_directories_and_links_to_them_and_nothing_else() {
    let mut tree = Tree::new();
    tree.service("plain", SLEEP);
    tree.service(".hidden", SLEEP);
    fs::write(tree.path("file"), "").expect("write");
    tree.make(&tree.beside("target"), SLEEP);
    symlink(tree.beside("target"), tree.path("link")).expect("link");
    symlink(tree.beside("nowhere"), tree.path("dangling")).expect("link");
    symlink("plain", tree.path("alias")).expect("link");
    tree.start();
    tree.supervise("link");
    wait_for("a warning", || tree.said().first().cloned());
    let services = wait_for("two supervises", || {
        let all = children(tree.pid());
        let all: Vec<_> = all.into_iter().map(words).collect();
        (all.len() == 2).then_some(all)
    });
    assert!(services.contains(&vec!["supervise".to_owned(), "link".to_owned()]));
    assert_eq!(
        tree.said(),
        ["svscan: warning: unable to stat dangling: file does not exist"]
    );
    // Its working directory is the scan directory: tools look for that.
    let cwd = fs::read_link(format!("/proc/{}/cwd", tree.pid())).expect("cwd");
    assert_eq!(cwd, fs::canonicalize(tree.path("")).expect("the tree"));
}

#[test]
fn pipe_to_the_logger_outlives_both_supervises() {
    let mut tree = Tree::new();
    let run = "echo started; read line <go; echo $line; exec sleep 1000";
    tree.service("talker", run);
    assert!(mkfifo(&tree.path("talker/go")));
    tree.service("talker/log", "exec cat >>caught");
    tree.start();
    let caught = tree.path("talker/log/caught");
    assert_eq!(tree.wait_lines(&caught, 1), ["started"]);
    // The logger and its supervise die; the service says something meanwhile.
    let log = tree.supervise("talker/log");
    let cats = children(log);
    assert!(kill("KILL", &log.to_string()));
    for cat in cats {
        kill("KILL", &cat.to_string());
        wait_for("its end", || (!is_alive(cat)).then_some(()));
    }
    fs::write(tree.path("talker/go"), "while nobody read\n").expect("write");
    assert_eq!(
        tree.wait_lines(&caught, 2),
        ["started", "while nobody read"]
    );
    // The service and its supervise die; what comes next is on the same pipe.
    let service = tree.supervise("talker");
    let sleeps = children(service);
    assert!(kill("KILL", &service.to_string()));
    for sleep in sleeps {
        kill("KILL", &sleep.to_string());
    }
    assert_eq!(tree.wait_lines(&caught, 3)[2], "started");
}

/// The reference starts 1000 and reports that there are too many.
#[test]
fn starts_more_than_a_thousand_services() {
    const MANY: usize = 1100;
    let mut tree = Tree::new();
    for number in 0..MANY {
        let path = tree.path(&format!("service-{number}"));
        fs::create_dir(&path).expect("mkdir");
        fs::write(path.join("down"), "").expect("write");
    }
    tree.start();
    wait_for("all supervises", || {
        (children(tree.pid()).len() == MANY).then_some(())
    });
    assert_eq!(tree.said(), Vec::<String>::new());
}

#[test]
fn restarts_a_killed_supervise_while_its_name_is_listed() {
    let mut tree = Tree::new();
    tree.start();
    tree.service("a", SLEEP);
    fs::write(tree.path("a/down"), "").expect("write");
    let first = tree.supervise("a");
    assert!(kill("KILL", &first.to_string()));
    let second = wait_for("another supervise", || {
        tree.supervises("a").into_iter().find(|&pid| pid != first)
    });
    assert_ne!(first, second);
    // Gone from the directory: not started again.
    fs::rename(tree.path("a"), tree.path(".a")).expect("rename");
    assert!(kill("KILL", &second.to_string()));
    tree.service("b", SLEEP);
    tree.supervise("b");
    wait_for("one child", || {
        (children(tree.pid()).len() == 1).then_some(())
    });
}

#[test]
fn service_runs_on_when_its_name_is_hidden_or_its_link_changed() {
    let mut tree = Tree::new();
    tree.service("a", SLEEP);
    tree.make(&tree.beside("one"), SLEEP);
    tree.make(&tree.beside("two"), SLEEP);
    symlink(tree.beside("one"), tree.path("link")).expect("link");
    tree.start();
    let a = tree.supervise("a");
    let one = tree.supervise("link");
    fs::rename(tree.path("a"), tree.path(".a")).expect("rename");
    symlink(tree.beside("two"), tree.path(".new")).expect("link");
    fs::rename(tree.path(".new"), tree.path("link")).expect("rename");
    // The new target is a service of its own.
    let two = tree.supervise("link");
    assert_ne!(one, two);
    // By its new name it is the same service.
    fs::rename(tree.path(".a"), tree.path("again")).expect("rename");
    tree.service("last", SLEEP);
    tree.supervise("last");
    assert!(is_alive(a) && is_alive(one));
    assert_eq!(children(tree.pid()).len(), 4);
    assert!(kill("KILL", &a.to_string()));
    tree.supervise("again");
}

/// The reference starts it half-made if its scan comes just then. svscan would do so each
/// time if it did not wait for the directory to stay unchanged.
#[test]
fn directory_that_is_being_filled_is_not_started_without_its_logger() {
    let mut tree = Tree::new();
    tree.start();
    tree.service("probe", SLEEP);
    tree.supervise("probe");
    for round in 0..3 {
        let name = format!("new{round}");
        let path = tree.path(&name);
        tree.service(&name, "echo up; exec sleep 1000");
        fs::create_dir(path.join("log")).expect("mkdir");
        // Another service comes and runs while this one waits for `log/run`.
        tree.service(&format!("other{round}"), SLEEP);
        tree.supervise(&format!("other{round}"));
        assert_eq!(tree.supervises(&name), []);
        tree.service(&format!("{name}/log"), "exec cat >>caught");
        assert_eq!(tree.wait_lines(&path.join("log/caught"), 1), ["up"]);
        assert_eq!(lines(&path.join("log/caught")).len(), 1);
    }
    assert_eq!(lines(&tree.beside("stdout")), Vec::<String>::new());
}

/// The reference leaves it without a logger.
#[test]
fn logger_added_later_gets_the_output_and_other_services_run_on() {
    let mut tree = Tree::new();
    tree.service("a", "echo $$ >>starts; echo up; exec sleep 1000");
    tree.service("b", SLEEP);
    tree.start();
    let first = tree.supervise("a");
    let neighbour = tree.supervise("b");
    tree.wait_lines(&tree.path("a/starts"), 1);
    tree.service("a/log", "exec cat >>caught");
    assert_eq!(tree.wait_lines(&tree.path("a/log/caught"), 1), ["up"]);
    assert_eq!(lines(&tree.path("a/starts")).len(), 2);
    assert_ne!(tree.supervise("a"), first);
    assert_eq!(tree.supervise("b"), neighbour);
}

/// The reference starts a second copy beside the first.
#[test]
fn directory_removed_and_made_again_is_one_service_and_no_line_is_lost() {
    let mut tree = Tree::new();
    let history = tree.beside("history");
    let caught = tree.beside("caught");
    let run = |version: &str| {
        format!(
            "echo start {version} >>{h}\necho hello {version}\n\
             trap 'echo bye {version}; echo stop {version} >>{h}; kill $!; exit' TERM\n\
             sleep 1000 & wait",
            h = history.display()
        )
    };
    // As multilog: what it has read it writes before it obeys TERM.
    let log = format!(
        "trap over=1 TERM\nwhile [ -z \"$over\" ] && read -r line\ndo echo \"$line\" >>{}\ndone",
        caught.display()
    );
    tree.service("a", &run("1"));
    tree.service("a/log", &log);
    tree.service("b", SLEEP);
    tree.start();
    tree.wait_lines(&caught, 1);
    let neighbour = tree.supervise("b");
    for version in ["2", "3"] {
        // supervise may be writing there at the same time.
        wait_for("its removal", || fs::remove_dir_all(tree.path("a")).ok());
        tree.service("a", &run(version));
        tree.service("a/log", &log);
        wait_for("the new version", || {
            lines(&history)
                .contains(&format!("start {version}"))
                .then_some(())
        });
    }
    tree.wait_lines(&caught, 5);
    assert_eq!(
        lines(&history),
        ["start 1", "stop 1", "start 2", "stop 2", "start 3"]
    );
    assert_eq!(
        lines(&caught),
        ["hello 1", "bye 1", "hello 2", "bye 2", "hello 3"]
    );
    assert_eq!(tree.supervise("b"), neighbour);
    wait_for("three supervises", || {
        (children(tree.pid()).len() == 3).then_some(())
    });
}

fn mkfifo(path: &std::path::Path) -> bool {
    std::process::Command::new("mkfifo")
        .arg(path)
        .status()
        .is_ok_and(|status| status.success())
}
