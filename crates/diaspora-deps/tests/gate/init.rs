//! The gate as process 1 of a pid namespace, as in a container, where the kernel drops the
//! signals that it does not catch.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use crate::folder::{Folder, Running, config, redis, wait_for};

/// `unshare` with these namespaces; `None` where the kernel allows none.
pub(crate) fn unshare(namespaces: &[&str]) -> Option<Command> {
    for user in [&[][..], &["--map-root-user"]] {
        let mut command = Command::new("unshare");
        command.args(user).args(namespaces).stderr(Stdio::null());
        if command
            .arg("true")
            .status()
            .is_ok_and(|done| done.success())
        {
            // A test that a shell has put in the background ignores INT.
            let mut command = Command::new("env");
            command.args(["--default-signal=INT", "unshare"]);
            command.args(user).args(namespaces);
            return Some(command);
        }
    }
    eprintln!("skipped: no namespaces can be made here");
    None
}

/// `command` in these namespaces.
pub(crate) fn inside(namespaces: &[&str], command: &Command) -> Option<Command> {
    let mut outer = unshare(namespaces)?;
    outer.arg(command.get_program()).args(command.get_args());
    outer.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer.stdin(Stdio::null());
    Some(outer)
}

pub(crate) fn child(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

#[test]
fn process_1_obeys_term_and_int() {
    for (name, number) in [("TERM", 15), ("INT", 2)] {
        let (port, connections) = redis("-LOADING not yet\r\n");
        let text = config(port) + "[service.x]\nneeds = [\"redis\"]\nexec = [\"true\"]\n";
        let folder = Folder::new(&text);
        for words in [&["wait", "-a", "0", "redis"][..], &["exec", "x"]] {
            let before = connections.load(Ordering::SeqCst);
            let namespaces = ["--pid", "--fork", "--kill-child"];
            let Some(mut outer) = inside(&namespaces, &folder.gate(words)) else {
                return;
            };
            let mut outer = Running::start(outer.stdout(Stdio::null()));
            wait_for("probe", || {
                (connections.load(Ordering::SeqCst) > before).then_some(())
            });
            let gate = child(outer.0.id()).unwrap().to_string();
            let sent = Command::new("kill").args(["-s", name, &gate]).status();
            assert!(sent.unwrap().success());
            let status = wait_for("end", || outer.0.try_wait().unwrap());
            assert_eq!(status.code(), Some(128 + number), "{status}");
        }
    }
}

#[test]
fn the_program_of_process_1_has_the_default_actions() {
    let text =
        "[service.x]\nexec = [\"grep\", \"-E\", \"^(Sig[BCI]|NSpid)\", \"/proc/self/status\"]\n";
    let folder = Folder::new(text);
    let report = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let signals: Vec<String> = text.lines().map(str::to_owned).collect();
        signals
    };
    let command = folder.gate(&["exec", "x"]);
    let Some(mut inner) = inside(&["--pid", "--fork"], &command) else {
        return;
    };
    let mut bare = unshare(&["--pid", "--fork"]).unwrap();
    bare.args(["grep", "-E", "^(Sig[BCI]|NSpid)", "/proc/self/status"]);
    let signals = report(&mut inner);
    let is_1 = |line: &String| line.starts_with("NSpid") && line.ends_with("\t1");
    assert!(signals.iter().any(is_1), "{signals:?}");
    assert_eq!(signals[1..], report(&mut bare)[1..]);
}
