//! One binary under many names: which program runs, and what the kernel calls it.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_daemontools-programs");

/// A directory with the binary under the names `svok` and `setlock`.
fn installed() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let svok = dir.path().join("svok");
    copy(BINARY.as_ref(), &svok);
    fs::hard_link(&svok, dir.path().join("setlock")).expect("a link");
    (dir, svok)
}

/// Copies a program, in a process of its own: a file that is open for writing, here or in
/// a child that another test forks meanwhile, can't be executed.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").args([from, to]).status();
    assert!(status.expect("cp runs").success());
}

/// What a program without arguments says, up to its second colon: its usage names it.
fn usage(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(100));
    let text = String::from_utf8(output.stderr).expect("text");
    text.split(": ").take(2).collect::<Vec<_>>().join(": ")
}

#[test]
fn each_link_runs_its_program() {
    let (dir, svok) = installed();
    assert_eq!(usage(&mut Command::new(svok)), "svok: usage");
    let setlock = dir.path().join("setlock");
    assert_eq!(usage(&mut Command::new(setlock)), "setlock: usage");
}

#[test]
fn another_first_word_changes_nothing() {
    let (_dir, svok) = installed();
    for word in ["anything", "setlock", "/usr/bin/setlock", ""] {
        assert_eq!(usage(Command::new(&svok).arg0(word)), "svok: usage");
    }
}

#[test]
fn a_symbolic_link_of_another_name_runs_what_it_leads_to() {
    let (dir, _) = installed();
    let link = dir.path().join("run");
    symlink("svok", &link).expect("a link");
    assert_eq!(usage(&mut Command::new(link)), "svok: usage");
}

#[test]
fn the_interpreter_of_a_script_is_the_program() {
    let (dir, svok) = installed();
    let softlimit = dir.path().join("softlimit");
    fs::hard_link(svok, &softlimit).expect("a link");
    let scripts = dir.path().join("scripts");
    fs::create_dir(&scripts).expect("a directory");
    let script = scripts.join("setlock");
    fs::write(&script, format!("#!{} -x\n", softlimit.display())).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its mode");
    assert!(usage(&mut Command::new(script)).starts_with("softlimit: "));
}

#[test]
fn a_name_that_is_no_programs_is_refused() {
    let (dir, svok) = installed();
    let other = dir.path().join("other");
    copy(&svok, &other);
    assert_eq!(
        usage(&mut Command::new(other)),
        "daemontools-programs: usage"
    );
}

#[test]
fn the_kernel_calls_the_process_by_the_name_of_the_link() {
    let (dir, svok) = installed();
    let tai64n = dir.path().join("tai64n");
    fs::hard_link(svok, &tai64n).expect("a link");
    let mut child = Command::new(&tai64n)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    // Its answer tells that the exec is over.
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(b"x\n").expect("a line");
    let mut answer = [0];
    let stdout = child.stdout.as_mut().expect("its output");
    stdout.read_exact(&mut answer).expect("an answer");
    let process = Path::new("/proc").join(child.id().to_string());
    let comm = fs::read_to_string(process.join("comm")).expect("its name");
    let exe = fs::read_link(process.join("exe")).expect("its file");
    drop(stdin);
    child.wait().expect("its end");
    assert_eq!((comm.as_str(), exe), ("tai64n\n", tai64n));
}

#[test]
fn the_list_tells_what_is_in_the_binary() {
    let list = include_str!("../list");
    let rows = list.lines().filter(|line| !line.starts_with('#'));
    let mut listed: Vec<_> = rows
        .map(|row| row.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row[2] == "daemontools-programs")
        .map(|row| row[0].to_owned())
        .collect();
    listed.sort();
    let mut built = programs::names();
    built.sort();
    assert_eq!(listed, built);
}
