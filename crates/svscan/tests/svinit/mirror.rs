//! Services whose directories can't be written.

use std::fs;

use crate::support::{Tree, programs, script, wait_for};
use crate::{As, STAYS, can_be_first, code, output, signal, svinit_below, wait_for_line};

/// Runs svinit in a mount namespace in which the tree is read-only; false where none can be
/// made.
fn start_read_only(tree: &mut Tree, which: As, words: &[&str]) -> bool {
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
    let before = ["unshare", "--mount", &wrapper.display().to_string()];
    let mut command = svinit_below(tree, &before, which, words);
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
    if !start_read_only(&mut tree, As::Other, &[&option, "TREE"]) {
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
    if !start_read_only(&mut tree, As::Other, &[&option, "TREE"]) {
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
    if !start_read_only(&mut tree, As::Other, &["--state=/no-such", "TREE"]) {
        return;
    }
    assert_eq!(tree.end(), 111);
    assert_eq!(
        tree.said(),
        ["svinit: fatal: unable to use --state=/no-such: file does not exist"]
    );
}

#[test]
fn clients_find_a_mirrored_service_by_the_path_of_its_directory_and_by_its_name() {
    if !can_be_first() {
        return;
    }
    let mut tree = Tree::new();
    tree.service("one", STAYS);
    tree.service("two", STAYS);
    let (state, bin) = (tree.beside("state"), tree.beside("bin"));
    // One of an earlier run, which is in the image.
    let old = tree.path("one/supervise");
    for directory in [&state, &bin, &old] {
        fs::create_dir(directory).expect("mkdir");
    }
    for client in ["svwait", "svok", "svc", "svstat"] {
        fs::copy(programs().join("daemontools-programs"), bin.join(client)).expect("copy");
    }
    let script = tree.beside("clients");
    let text = "PATH=$1:$PATH\ncd /\nfor service in $2/one two; do\n\
        svwait --up --timeout=30 $service && svok $service || exit 1\n\
        svstat $service\nsvc -d --wait $service || exit 2\nsvstat $service\ndone\n\
        svok three\n";
    crate::support::script(&script, text);
    let option = format!("--state={}", state.display());
    let (script, bin) = (script.display().to_string(), bin.display().to_string());
    let words = [&option, "TREE", "--", &script, &bin, "TREE"];
    if !start_read_only(&mut tree, As::First, &words) {
        return;
    }
    // svok of a service that is not there.
    assert_eq!(tree.end(), 111, "{:?}", tree.said());
    let states: Vec<String> = output(&tree)
        .into_iter()
        .filter(|line| line.contains(" seconds"))
        .map(|line| line.replace(&tree.path("").display().to_string(), "TREE"))
        .collect();
    let words = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let states: Vec<String> = states.iter().map(words).collect();
    assert_eq!(
        states,
        ["TREE/one: up", "TREE/one: down", "two: up", "two: down"]
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
