//! `diaspora_svc` without a supervise: the command line, the configuration, exit codes.

use std::fs;
use std::process::Command;

use crate::folder::Folder;

/// Runs it; gives its exit code, output and errors.
fn run(folder: &Folder, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_diaspora_svc"))
        .args(words)
        .env("DIASPORA_DEPS_DIR", folder.path(""))
        .env("DIASPORA_DEPS_SERVICES", folder.path("services.toml"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_bad_action_and_a_service_without_supervise_are_reported() {
    let folder = Folder::new("");
    for words in [&[][..], &["dance"], &["stop", "--wait"]] {
        let (code, out, err) = run(&folder, words);
        assert!(code == 1 && out.is_empty() && !err.is_empty());
    }
    let line = "99thin_2: supervise not running\n".to_owned();
    assert_eq!(run(&folder, &["statusall"]), (100, line, String::new()));
    let line = "diaspora_svc: warning: unable to control 99thin_2: supervise not running\n";
    let expected = (100, String::new(), line.to_owned());
    assert_eq!(run(&folder, &["stopall"]), expected);
}

/// Nothing is stopped in an order that nobody has written; the status is told all the same.
#[test]
fn a_configuration_that_is_not_understood_is_an_error_and_status_is_told() {
    let folder = Folder::new("[service.x]\nown = [\"thim\"]\n");
    let fault = format!(
        "{}:1: service \"x\" is Diaspora's own beside \"thim\", which is unknown: did you mean \"thin\"?\n",
        folder.path("services.toml").display()
    );
    let (code, out, err) = run(&folder, &["stopall"]);
    assert_eq!((code, out.as_str()), (100, ""));
    assert_eq!(err, format!("diaspora_svc: fatal: {fault}"));
    let (code, out, err) = run(&folder, &["status"]);
    assert_eq!(
        (code, out.as_str()),
        (100, "99thin_2: supervise not running\n")
    );
    assert_eq!(err, format!("diaspora_svc: warning: {fault}"));
}

#[test]
fn the_plain_forms_obey_the_operators_word() {
    let folder = Folder::new("[service.thin]\nown = false\n[service.mine]\nown = [\"thin\"]\n");
    fs::create_dir(folder.path("50mine")).unwrap();
    let (_, out, _) = run(&folder, &["status"]);
    assert_eq!(out, "50mine: supervise not running\n");
    let (_, out, _) = run(&folder, &["statusall"]);
    assert_eq!(out.lines().count(), 2, "{out}");
}
