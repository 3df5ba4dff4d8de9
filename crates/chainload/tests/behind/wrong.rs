//! Wrong command lines, and a descriptor that is not open.

use std::process::Command;

use crate::place;

fn told(program: &str, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let output = command
        .args(["-c", r#"exec "$@" 3>&-"#, "sh", place::program(program)])
        .args(words);
    let output = output.output().expect("it runs");
    let text = String::from_utf8(output.stderr).expect("text");
    (output.status.code(), text)
}

#[test]
fn a_descriptor_that_is_not_open_is_said_with_the_line_that_opens_it() {
    for (words, number) in [
        (&["notifyfd", "true"][..], 3),
        (&["notifyfd", "--fd=9", "true"], 9),
    ] {
        let wanted = format!(
            "notifyfd: fatal: descriptor {number} is not open; ready-fd = {number} in \
             supervise.toml opens it\n"
        );
        assert_eq!(told(words[0], &words[1..]), (Some(100), wanted));
    }
    let wanted = "healthcheck: fatal: descriptor 3 is not open; ready-fd = 3 in \
                  supervise.toml opens it\n";
    let told_now = told("healthcheck", &["--ready=true", "--", "true"]);
    assert_eq!(told_now, (Some(100), wanted.to_owned()));
    // Nothing is told where there is no check for it.
    assert_eq!(
        told("healthcheck", &["--alive=true", "--", "true"]),
        (Some(0), String::new())
    );
}

#[test]
fn a_wrong_command_line_is_said() {
    for (words, text) in [
        (&["notifyfd"][..], "notifyfd: usage: "),
        (
            &["notifyfd", "-z", "true"],
            "notifyfd: illegal option -- z\nnotifyfd: usage: ",
        ),
        (
            &["notifyfd", "--fd=2", "true"],
            "notifyfd: --fd takes a number from 3 to 255\n",
        ),
        (
            &["notifyfd", "--fd=x", "true"],
            "notifyfd: --fd takes a number from 3 to 255\n",
        ),
        (
            &["notifyfd", "--watchdog=0", "true"],
            "notifyfd: --watchdog takes a number of seconds\n",
        ),
        (
            &["notifyfd", "--watchdog"],
            "notifyfd: option requires an argument -- --watchdog\n",
        ),
        (&["healthcheck", "true"], "healthcheck: usage: "),
        (&["healthcheck", "--ready=true"], "healthcheck: usage: "),
        (
            &["healthcheck", "--ready= ", "true"],
            "healthcheck: --ready takes a program\n",
        ),
        (
            &["healthcheck", "--every=-1", "true"],
            "healthcheck: --every takes a number of seconds\n",
        ),
        (
            &["healthcheck", "--tries=0", "true"],
            "healthcheck: --tries takes a number from 1 to 1000\n",
        ),
    ] {
        let (code, message) = told(words[0], &words[1..]);
        assert_eq!(code, Some(100), "{words:?}");
        assert!(message.starts_with(text), "{words:?}: {message}");
    }
    let path = "/".to_owned() + &"x".repeat(200);
    let (code, _) = told("notifyfd", &["--socket", &path, "true"]);
    assert_eq!(code, Some(100));
}
