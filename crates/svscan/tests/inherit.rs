//! What children of svscan inherit, and what must not end svscan itself.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use support::{Tree, wait_for, words};

/// What a process inherited, as far as /proc tells, once it has exec'ed `sleep`.
fn facts(pid: u32) -> Option<Vec<String>> {
    let proc = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
    if words(pid).first()? != "sleep" {
        return None;
    }
    let mut facts: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .map(|entry| {
            let entry = entry.expect("a descriptor");
            let target = fs::read_link(entry.path()).expect("a link");
            format!("descriptor {:?} {target:?}", entry.file_name())
        })
        .collect();
    let status = proc("status")?;
    let kept = ["SigBlk", "SigIgn", "NSsid", "Groups", "Umask"];
    facts.extend(
        status
            .lines()
            .filter(|line| kept.iter().any(|kept| line.starts_with(kept)))
            .chain(proc("limits")?.lines())
            // The shell that runs `run` sets this one.
            .chain(
                proc("environ")?
                    .split('\0')
                    .filter(|entry| !entry.starts_with("PWD=")),
            )
            .map(str::to_owned),
    );
    facts.sort_unstable();
    Some(facts)
}

#[test]
fn service_inherits_exactly_what_svscan_did() {
    for setup in [
        "true",
        "trap '' USR1 PIPE XFSZ; ulimit -S -n 200; umask 027; exec 5</dev/zero",
        "trap '' HUP CHLD; exec <&-",
        "exec >&- 2>&-",
    ] {
        let mut tree = Tree::new();
        tree.service("a", "exec sleep 1000");
        let svscan = tree.command();
        let shell = |then: &str| {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("{setup}; exec {then}")])
                .arg(svscan.get_program())
                .args(svscan.get_args())
                .env_clear()
                .envs(
                    svscan
                        .get_envs()
                        .filter_map(|(name, value)| Some((name, value?))),
                )
                .env("ODD", "a=b")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            shell
        };
        let mut direct = shell("sleep 1000").spawn().expect("a shell");
        let expected = wait_for("what a direct exec inherits", || facts(direct.id()));
        direct.kill().expect("kill");
        direct.wait().expect("its end");
        tree.start_as(&mut shell("\"$0\" \"$@\""));
        let status = tree.path("a/supervise/status");
        let service = wait_for("the service", || {
            let record = fs::read(&status).ok()?;
            facts(u32::from_le_bytes(record.get(12..16)?.try_into().ok()?))
        });
        assert_eq!(service, expected, "after {setup}");
    }
}

/// The reference is killed by SIGPIPE.
#[test]
fn runs_on_when_the_reader_of_standard_error_ends() {
    let mut tree = Tree::new();
    let mut command = tree.command();
    command.stderr(Stdio::piped());
    tree.start_as(&mut command);
    drop(tree.stderr());
    symlink("nowhere", tree.path("dangling")).expect("link");
    tree.service("a", "exec sleep 1000");
    tree.supervise("a");
}

/// The reference waits for the reader without end.
#[test]
fn runs_on_when_the_reader_of_standard_error_does_not_read() {
    /// More than a pipe holds, in messages of some 50 bytes.
    const MANY: usize = 3000;
    let mut tree = Tree::new();
    for number in 0..MANY {
        symlink("nowhere", tree.path(&format!("dangling-{number}"))).expect("link");
    }
    let mut command = tree.command();
    command.stderr(Stdio::piped());
    tree.start_as(&mut command);
    tree.service("a", "exec sleep 1000");
    tree.supervise("a");
    // A later message tells how many were dropped.
    let mut stderr = tree.stderr();
    let mut block = [0; 100_000];
    let count = stderr.read(&mut block).expect("messages");
    assert!(block[..count].ends_with(b"\n"));
    symlink("nowhere", tree.path("one-more")).expect("link");
    let mut text = Vec::new();
    wait_for("the count of what was dropped", || {
        let count = stderr.read(&mut block).expect("messages");
        text.extend_from_slice(&block[..count]);
        let text = String::from_utf8_lossy(&text);
        text.contains("messages lost").then_some(())
    });
}
