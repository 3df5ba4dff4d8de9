//! Services whose directories can't be written.

use std::fs;

use crate::support::{Tree, script, wait_for};
use crate::{As, STAYS, code, output, signal, svinit, wait_for_line};

/// Runs svinit in a mount namespace in which the tree is read-only; false where none can be
/// made.
fn start_read_only(tree: &mut Tree, words: &[&str]) -> bool {
    let can = std::process::Command::new("unshare")
        .args(["--mount", "true"])
        .stderr(std::process::Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespace can be made here");
        return false;
    }
    let wrapper = tree.beside("wrapper");
    let directory = tree.path("");
    script(
        &wrapper,
        &format!(
            "mount --bind {0} {0} && mount -o remount,bind,ro {0} && exec \"$@\"",
            directory.display()
        ),
    );
    let inner = svinit(tree, As::Other, words);
    let mut command = std::process::Command::new("unshare");
    command
        .arg("--mount")
        .arg(&wrapper)
        .arg(inner.get_program())
        .args(inner.get_args());
    command
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(std::process::Stdio::null())
        .stdout(fs::File::create(tree.beside("stdout")).expect("a file"))
        .stderr(fs::File::create(tree.beside("stderr")).expect("a file"));
    tree.start_as(&mut command);
    true
}

#[test]
fn services_of_a_read_only_directory_run_in_a_mirror_and_nothing_is_written_into_it() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    tree.service("logged", STAYS);
    let log = tree.beside("log");
    tree.service("logged/log", &format!("exec cat >{}", log.display()));
    let state = tree.beside("state");
    fs::create_dir(&state).expect("mkdir");
    let option = format!("--state={}", state.display());
    if !start_read_only(&mut tree, &[&option, "TREE"]) {
        return;
    }
    wait_for_line(&tree, "one: up");
    wait_for("the log", || {
        (fs::read_to_string(&log).ok()? == "up\n").then_some(())
    });
    assert!(state.join("svinit/one/supervise/status").exists());
    assert!(!tree.path("one/supervise").exists());
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
    assert_eq!(fs::read_to_string(&log).expect("a log"), "up\ndown\n");
}

#[test]
fn a_service_that_appears_in_the_read_only_directory_appears_in_the_mirror() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    let state = tree.beside("state");
    fs::create_dir(&state).expect("mkdir");
    let option = format!("--state={}", state.display());
    if !start_read_only(&mut tree, &[&option, "TREE"]) {
        return;
    }
    wait_for("up", || {
        output(&tree).contains(&"up".to_owned()).then_some(())
    });
    let later = tree.beside("later");
    tree.make(&later, STAYS);
    // It is read-only only inside.
    fs::rename(&later, tree.path("later")).expect("rename");
    signal(&tree, "HUP");
    wait_for_line(&tree, "later: up");
    signal(&tree, "TERM");
    assert_eq!(tree.end(), 0);
}

#[test]
fn where_the_state_cannot_be_kept_it_says_what_to_do() {
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    if !start_read_only(&mut tree, &["--state=/no-such", "TREE"]) {
        return;
    }
    assert_eq!(tree.end(), 111);
    assert_eq!(
        tree.said(),
        ["svinit: fatal: unable to use --state=/no-such: file does not exist"]
    );
}

#[test]
fn a_directory_that_can_be_written_needs_no_mirror() {
    let mut tree = Tree::new();
    tree.service("main", "exit 2");
    let state = tree.beside("state");
    fs::create_dir(&state).expect("mkdir");
    let option = format!("--state={}", state.display());
    assert_eq!(
        code(&mut tree, As::Other, &[&option, "--main=main", "TREE"]),
        2
    );
    assert!(!state.join("svinit").exists());
}
