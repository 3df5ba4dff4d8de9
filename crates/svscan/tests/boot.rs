//! svscanboot, with our programs in a directory on its search path: in a mount namespace,
//! where the kernel allows one.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::fs;
use std::process::{Command, Stdio};

use support::{Tree, children, kill, lines, programs, script, wait_for, words};

/// Starts svscanboot on a tree; false where no namespace can be made.
fn boot(tree: &mut Tree) -> bool {
    let bin = tree.beside("bin");
    fs::create_dir(&bin).expect("mkdir");
    for program in ["svscanboot", "svscan", "supervise", "readproctitle"] {
        fs::copy(programs().join(program), bin.join(program)).expect("copy");
    }
    // In place of svc, which is another package's: writes down its arguments.
    let calls = tree.beside("svc-calls");
    script(
        &bin.join("svc"),
        &format!("echo \"$*\" >>{}", calls.display()),
    );
    let run = format!(
        "mount --bind {} /usr/local/bin && exec /usr/local/bin/svscanboot {}",
        bin.display(),
        tree.path("").display()
    );
    for user in [&[][..], &["--map-root-user"]] {
        let mut command = Command::new("unshare");
        command.args(user).arg("--mount").stderr(Stdio::null());
        if !command.arg("true").status().is_ok_and(|s| s.success()) {
            continue;
        }
        let mut command = Command::new("unshare");
        command.args(user).args(["--mount", "sh", "-c", &run]);
        command.current_dir(tree.beside("")).env("STRAY", "1");
        tree.start_as(&mut command);
        return true;
    }
    eprintln!("skipped: no mount namespace can be made here");
    false
}

/// The child of svscanboot with that name.
fn child(tree: &Tree, name: &str) -> Option<u32> {
    let mut pids = children(tree.pid()).into_iter();
    pids.find(|&pid| words(pid).first().is_some_and(|word| word == name))
}

fn descriptor(pid: u32, number: u32) -> String {
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("a descriptor");
    link.to_string_lossy().into_owned()
}

fn environment(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/environ")).expect("an environment")
}

#[test]
fn both_programs_start_with_a_clean_environment_after_old_services_were_ended() {
    let mut tree = Tree::new();
    for name in ["a", "b", ".hidden"] {
        tree.service(name, "exec sleep 1000");
        tree.service(&format!("{name}/log"), "exec cat");
    }
    fs::remove_dir_all(tree.path("b/log")).expect("rm");
    if !boot(&mut tree) {
        return;
    }
    let svscan = wait_for("svscan", || child(&tree, "svscan"));
    let reader = wait_for("readproctitle", || child(&tree, "readproctitle"));
    for pid in [svscan, reader] {
        assert_eq!(
            environment(pid),
            "PATH=/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin\0"
        );
    }
    assert_eq!(words(svscan)[1..], [tree.path("").display().to_string()]);
    assert_eq!(
        words(reader),
        ["readproctitle", "service", "errors:", &".".repeat(400)]
    );
    let pipe = descriptor(svscan, 2);
    assert!(pipe.starts_with("pipe:"));
    for (pid, expected) in [
        (svscan, ["/dev/null", &pipe, &pipe]),
        (reader, [&pipe, "/dev/null", "/dev/null"]),
        (tree.pid(), ["/dev/null"; 3]),
    ] {
        for (number, expected) in (0..).zip(expected) {
            assert_eq!(descriptor(pid, number), expected, "{number} of {pid}");
        }
    }
    let calls = lines(&tree.beside("svc-calls"));
    let mut services: Vec<_> = calls[0].split(' ').collect();
    services[1..].sort_unstable();
    let scan = tree.path("").display().to_string();
    assert_eq!(
        services,
        ["-dx", &format!("{scan}/a"), &format!("{scan}/b")]
    );
    assert_eq!(calls[1..], [format!("-dx {scan}/a/log")]);
}

/// The reference never notices that svscan has died.
#[test]
fn killed_program_is_started_again_on_the_same_pipe() {
    let mut tree = Tree::new();
    if !boot(&mut tree) {
        return;
    }
    let svscan = wait_for("svscan", || child(&tree, "svscan"));
    let reader = wait_for("readproctitle", || child(&tree, "readproctitle"));
    let pipe = descriptor(reader, 0);
    assert!(kill("KILL", &reader.to_string()));
    let reader = wait_for("another readproctitle", || {
        child(&tree, "readproctitle").filter(|&pid| pid != reader)
    });
    assert_eq!(descriptor(reader, 0), pipe);
    assert!(kill("KILL", &svscan.to_string()));
    let svscan = wait_for("another svscan", || {
        child(&tree, "svscan").filter(|&pid| pid != svscan)
    });
    assert_eq!(descriptor(svscan, 2), pipe);
    // Its messages are in the title of the new readproctitle.
    std::os::unix::fs::symlink("nowhere", tree.path("dangling")).expect("link");
    let told = "svscan: warning: unable to stat dangling: file does not exist\n";
    wait_for("the message in the title", || {
        words(reader).last()?.ends_with(told).then_some(())
    });
    // Services are ended only before the first start.
    assert_eq!(lines(&tree.beside("svc-calls")), Vec::<String>::new());
}
