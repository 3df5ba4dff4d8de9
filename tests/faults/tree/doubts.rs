//! Without proof, `svc --tree` sends nothing, and continues every process that it has
//! stopped.

use conformance::case::Need;
use conformance::{Case, Side, Status, Whose};

use nix::sys::signal::{Signal, kill};

use super::look::{beside, named, processes, sleepers};
use super::{ALL, FAMILY};
use crate::within;

pub(super) fn cases() -> Vec<Case> {
    let nothing = |what: &str| {
        [
            "end: exit 111".to_owned(),
            "stdout:".to_owned(),
            format!("stderr: svc: warning: {what}"),
            "still there: 1000 1001 1002 1003 1004 1005 2001 2002".to_owned(),
            "stopped: none".to_owned(),
            "record: status up, paused 0, want u".to_owned(),
        ]
    };
    let look = |side: &Side| {
        side.log("still there", sleepers(side, "x"));
        log_stopped(side);
        side.log("record", side.status("x").expect("a record"));
    };
    let injected = |name: &str, fault: &'static str, what: &str| {
        Case::scenario(name, move |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            let svc = side.bin("svc");
            let fault = format!("-einject={fault}");
            let strace = ["/usr/bin/strace", "-o/dev/null", &fault].map(AsRef::as_ref);
            let words = ["-d", "--tree", "--strict", "x"].map(AsRef::as_ref);
            let process = side
                .command(strace.into_iter().chain([svc.as_os_str()]).chain(words))
                .spawn();
            side.log("end", process.wait());
            side.log_output(&process);
            look(side);
        })
        .needs(Need::Strace)
        .promises(&nothing(what).each_ref().map(String::as_str))
    };
    let mut cases = held();
    cases.extend([
        injected(
            "without pidfds",
            "pidfd_open:error=ENOSYS",
            "unable to find all processes of x: system call not available",
        ),
        injected(
            "without pidfds for some",
            "pidfd_open:error=EMFILE:when=4+",
            "unable to find all processes of x: process cannot open more files",
        ),
        injected(
            "supervise does not read once all are stopped",
            "write:error=EIO:when=1",
            "error writing commands to x: input/output error",
        ),
        Case::scenario("without /proc", move |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            let svc = side.bin("svc");
            let script = format!(
                "mount -t tmpfs none /proc && exec {} -d --tree --strict x",
                svc.display()
            );
            let process = side
                .command(["/usr/bin/unshare", "-m", "/bin/sh", "-c", &script])
                .spawn();
            side.log("end", process.wait());
            side.log_output(&process);
            look(side);
        })
        .needs(Need::Namespaces)
        .promises(
            &nothing("unable to find all processes of x: /proc does not show them")
                .each_ref()
                .map(String::as_str),
        ),
        Case::scenario("a pid that may have been used again", |side| {
            side.fake_supervise("x", Status::up(side.own_pid()));
            let svc = side
                .command(["svc", "-k", "--tree", "--strict", "x"])
                .spawn();
            side.log("end", svc.wait());
            let stderr = String::from_utf8_lossy(&svc.stderr()).into_owned();
            let stderr = stderr.replace(&side.own_pid().to_string(), "N");
            side.log("stderr", stderr.trim_end());
            side.log_control("x");
        })
        .promises(&[
            "end: exit 111",
            "stderr: svc: warning: unable to tell whether process N is x: nothing sent",
            "x/supervise/control:",
        ]),
    ]);
    cases
}

fn log_stopped(side: &Side) {
    let stopped = || named(side, "x", |now| now.state == 'T');
    within(|| stopped() == "none");
    side.log("stopped", stopped());
}

/// Stopped processes are continued, whatever happens to svc or supervise.
fn held() -> Vec<Case> {
    let injected = |name: &str, fault: &'static str, log: fn(&Side)| {
        Case::scenario(name, move |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            // After its end no other process may count as the service.
            side.control("x", b"o");
            side.until_status("x", "once", |now| now.want == 0);
            let svc = side.bin("svc");
            let fault = format!("-einject={fault}");
            let strace = ["/usr/bin/strace", "-o/dev/null", &fault].map(AsRef::as_ref);
            let words = ["-k", "--tree", "--strict", "x"].map(AsRef::as_ref);
            let process = side
                .command(strace.into_iter().chain([svc.as_os_str()]).chain(words))
                .spawn();
            side.log("end", process.wait());
            log(side);
            log_stopped(side);
        })
        .needs(Need::Strace)
    };
    vec![
        injected(
            "a signal that ends svc while all are stopped",
            "write:error=EIO:signal=SIGALRM:when=1",
            |side| side.log("still there", sleepers(side, "x")),
        )
        .promises(&[
            "end: killed by SIGALRM",
            "still there: 1000 1001 1002 1003 1004 1005 2001 2002",
            "stopped: none",
        ]),
        // Six are stopped, then five are killed.
        injected(
            "one of the stopped ones can't be killed",
            "pidfd_send_signal:error=EPERM:when=8",
            |side| {
                let left = || sleepers(side, "x").split(' ').count();
                side.log("one left, and who escaped", within(|| left() == 3));
            },
        )
        .promises(&[
            "end: exit 111",
            "one left, and who escaped: true",
            "stopped: none",
        ]),
        Case::scenario("supervise is killed after the command", |side| {
            let _both = beside(side, Whose::Ours, FAMILY, ALL);
            let supervise = processes(side, &["x"], "supervise")[0].pid;
            kill(supervise, Signal::SIGSTOP).expect("a signal");
            let svc = side
                .command(["svc", "-k", "--tree", "--strict", "x"])
                .spawn();
            side.until("the command", || side.unread_control("x") > 0);
            kill(supervise, Signal::SIGKILL).expect("a signal");
            side.log("end", svc.wait());
            log_stopped(side);
            side.log("still there", sleepers(side, "x"));
        })
        .promises(&[
            "end: exit 0",
            "stopped: none",
            "still there: 1000 2001 2002",
        ]),
    ]
}
