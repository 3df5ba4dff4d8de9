//! What the program notices of the process behind it, and what is left of that: nothing.

use std::fs;
use std::process::Command;

use crate::place::{PYTHON, Place, Program, until};

/// What a process can see of its own: all but the environment variables of notifyfd.
const ABOUT: &str = r#"
import os, signal, time
try:
    print("child", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("no child")
print(sorted(os.listdir("/proc/self/fd")))
print(os.getcwd(), os.getpgrp() == os.getpid(), os.getsid(0))
for line in open("/proc/self/status"):
    if line.startswith(("SigP", "SigB", "SigI", "Shd", "Umask", "PPid")):
        print(line.strip())
"#;

/// Runs ABOUT after `loader` in a process that blocks SIGCHLD and has closed descriptors.
fn about(place: &Place, loader: &[&str], closed: &str) -> String {
    let script = format!(
        "import os, signal, sys\n\
         signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])\n\
         [os.close(fd) for fd in [{closed}]]\n\
         os.execvp(sys.argv[1], sys.argv[1:])"
    );
    let words = [&[PYTHON, "-c", &script], loader, &[PYTHON, "-c", ABOUT]].concat();
    let mut program: Program = place.start(&words);
    assert_eq!(program.end(), 0, "{}", program.stderr());
    program.stdout()
}

#[test]
fn the_program_sees_no_child_no_signal_and_no_other_descriptor() {
    let place = Place::new();
    for closed in ["", "0", "2", "0, 2"] {
        let alone = about(&place, &[], closed);
        assert!(alone.contains("no child\n"), "{alone}");
        assert_eq!(about(&place, &["notifyfd"], closed), alone, "{closed}");
        let loader = ["healthcheck", "--ready=true", "--alive=true"];
        assert_eq!(about(&place, &loader, closed), alone, "{closed}");
    }
}

#[test]
fn the_reader_of_the_log_is_not_kept_waiting() {
    let place = Place::new();
    let script = r#"
say(b"READY=1")
null = os.open("/dev/null", os.O_RDWR)
os.dup2(null, 1), os.dup2(null, 2)
rest()
"#;
    let mut program = place.notify(&[], script);
    until("it has left standard error", || {
        !links(&program).contains(&"pipe".to_owned())
    });
    // Both pipes end, while the program goes on.
    assert_eq!((program.stdout(), program.stderr()), <_>::default());
    program.behind();
}

#[test]
fn the_process_behind_keeps_what_it_needs_alone() {
    let place = Place::new();
    let script = r#"say(b"READY=1"); rest()"#;
    let program = place.notify(&["--watchdog=1000"], script);
    place.until_ready();
    let mut names = Vec::new();
    until("it has closed the file", || {
        names = links(&program);
        names.len() == 5
    });
    let kept = [
        "/dev/null",
        "/dev/null",
        "anon_inode:[pidfd]",
        "pipe",
        "socket",
    ];
    assert_eq!(names, kept);
    let pid = program.behind();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).expect("its directory");
    assert_eq!(cwd.to_str(), Some("/"));
}

/// What the descriptors of the process behind lead to, without numbers.
fn links(program: &Program) -> Vec<String> {
    let pid = program.behind();
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let links = entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok());
    let mut names: Vec<_> = links
        .map(|link| link.to_string_lossy().into_owned())
        .map(|text| match text.split_once(":[") {
            Some((kind @ ("pipe" | "socket"), _)) => kind.to_owned(),
            _ => text,
        })
        .collect();
    names.sort();
    names
}

#[test]
fn it_ends_with_the_program_and_removes_the_socket() {
    let place = Place::new();
    let script = r#"
print(os.environ["NOTIFY_SOCKET"], flush=True)
s = os.path.dirname(os.environ["NOTIFY_SOCKET"])
print("%o" % os.stat(s).st_mode, flush=True)
os.kill(os.getpid(), 9)
"#;
    let mut program = place.notify(&[], script);
    assert_eq!(program.end(), -9);
    let output = program.stdout();
    let (path, mode) = output.split_once('\n').expect("two lines");
    assert_eq!(mode, "40711\n");
    let directory = std::path::Path::new(path).parent().expect("a directory");
    until("the directory is removed", || !directory.exists());
}

#[test]
fn a_program_that_cannot_be_run_leaves_nothing() {
    let place = Place::new();
    for loader in [&["notifyfd"][..], &["healthcheck", "--ready=false"]] {
        let mut program = place.start(&[loader, &["./none"]].concat());
        assert_eq!(program.end(), 111);
        let wanted = format!(
            "{}: fatal: unable to run ./none: file does not exist\n",
            loader[0]
        );
        assert_eq!(program.stderr(), wanted);
    }
}

#[test]
fn the_socket_is_where_the_operator_wants_it_and_replaces_an_older_one() {
    let place = Place::new();
    let path = place.path("socket");
    let option = format!("--socket={}", path.display());
    for _ in 0..2 {
        let script = r#"print(os.environ["NOTIFY_SOCKET"]); say(b"READY=1")"#;
        let mut program = place.notify(&[&option], script);
        assert_eq!(program.end(), 0);
        assert_eq!(program.stdout(), format!("{}\n", path.display()));
        assert_eq!(place.text("ready"), "\n");
    }
    fs::remove_file(&path).expect("the socket");
    place.file("socket", "somebody's");
    let mut program = place.notify(&[&option], "");
    assert_eq!(program.end(), 111);
    assert_eq!(place.text("socket"), "somebody's");
}

#[test]
fn without_a_run_directory_of_ones_own_it_is_in_tmpdir() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let place = Place::new();
    let script = r#"
import os, sys
os.setgid(65534); os.setuid(65534)
os.execv(sys.argv[1], [sys.argv[1], "sh", "-c", "echo $NOTIFY_SOCKET"])
"#;
    let temporary = place.path("temporary");
    fs::create_dir(&temporary).expect("a directory");
    assert!(
        Command::new("chmod")
            .arg("777")
            .arg(&temporary)
            .status()
            .is_ok()
    );
    // Where nobody may run it.
    let copy = place.path("notifyfd");
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_notifyfd"))
        .arg(&copy)
        .status();
    assert!(copied.expect("cp runs").success());
    for (variable, wanted) in [
        (temporary.to_str(), temporary.as_path()),
        (None, "/tmp".as_ref()),
    ] {
        let mut command = place.command(&[PYTHON, "-c", script, copy.to_str().expect("text")]);
        match variable {
            Some(value) => command.env("TMPDIR", value),
            None => command.env("TMPDIR", "relative"),
        };
        let output = command.output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(
            text.starts_with(&format!("{}/notifyfd.", wanted.display())),
            "{text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
