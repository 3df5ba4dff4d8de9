//! `-- program`: what it becomes, and what that inherits.

use std::fs;

use daemontools::servicedir::detail::Stage;

use crate::place::{Place, Waiting};

#[test]
fn becomes_the_program_in_the_same_process() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Ready);
    let script = r#"echo $$; exec "$svwait" s -- sh -c 'echo $$ "$@"' sh one --two -- three"#;
    let output = place.shell(script).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let (first, second) = text.split_once('\n').expect("two lines");
    assert_eq!(second, format!("{first} one --two -- three\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_exit_code_is_that_of_the_program() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Ready);
    let told = place.run(&["s", "--", "sh", "-c", "exit 7"]);
    assert_eq!(told, (7, String::new(), String::new()));
    let text = "svwait: fatal: unable to run no-such-program: file does not exist\n";
    let told = place.run(&["s", "--", "no-such-program"]);
    assert_eq!(told, (111, String::new(), text.to_owned()));
}

#[test]
fn the_program_does_not_run_when_it_is_not_reached() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Starting);
    let made = place.path("made");
    let made = made.to_str().expect("text");
    assert_eq!(place.run(&["--timeout=0", "s", "--", "touch", made]).0, 111);
    assert_eq!(place.run(&["none", "--", "touch", made]).0, 100);
    assert!(!fs::exists(made).expect("an answer"));
}

#[test]
fn any_prints_the_name_before_it_becomes_the_program() {
    let place = Place::new();
    let _ok = place.staged("s", Stage::Ready);
    let told = place.run(&["--any", "s", "--", "echo", "then"]);
    assert_eq!(told, (0, "s\nthen\n".to_owned(), String::new()));
}

/// What a process has: its descriptors, signals, environment and directory.
const ABOUT: &str = r#"
    for fd in 0 1 2 3 4 5 6 7 8 9; do
        [ ! -e /proc/$$/fd/$fd ] || echo "$fd $(readlink /proc/$$/fd/$fd)"
    done
    grep -E '^(SigIgn|SigBlk|Umask)' /proc/self/status
    tr '\0' '\n' </proc/$$/environ
    readlink /proc/$$/cwd
"#;

/// A shell that prepares its process, then `svwait` for `s` or nothing, then [`ABOUT`].
/// The answer goes to descriptor 5.
fn about(prepare: &str, gate: &str) -> String {
    format!(
        "exec 5>answer 4</dev/null\ntrap '' PIPE\numask 027\n{prepare}\n\
         exec {gate} sh -c \"$ABOUT\" >&5"
    )
}

#[test]
fn the_program_inherits_what_svwait_did() {
    for prepare in ["", "exec <&-", "exec <&- 2>&-", "exec 2>&-"] {
        let place = Place::new();
        let _ok = place.staged("s", Stage::Starting);
        let answer = |gate: &str, ready: bool| {
            let mut shell = place.shell(&about(prepare, gate));
            shell.env("ABOUT", ABOUT).env("WITHOUT", "");
            if ready {
                let mut child = shell.spawn().expect("it runs");
                assert!(child.wait().expect("its end").success());
            } else {
                // It has inotify open when it becomes the program.
                let waiting = Waiting::spawn(&mut shell);
                place.set_stage("s", Stage::Ready);
                assert_eq!(waiting.end().0, 0);
            }
            // The shell's own variable of the last command.
            let text = fs::read_to_string(place.path("answer")).expect("its answer");
            let lines = text.lines().filter(|line| !line.starts_with("_="));
            let mut lines: Vec<_> = lines
                // Pipes of the test have other numbers each time.
                .map(|line| line.split("pipe:").next().unwrap_or(line).to_owned())
                .collect();
            lines.sort();
            lines
        };
        let alone = answer("", true);
        assert!(alone.len() > 5, "{alone:?}");
        assert_eq!(answer("\"$svwait\" s --", false), alone, "{prepare:?}");
    }
}
