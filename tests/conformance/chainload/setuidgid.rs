//! setuidgid: users and groups; it runs nothing if it fails.

use conformance::Case;
use conformance::case::Need;

use super::{common, fault, next};

const WHO: &[&str] = &["grep", "-E", "^(Uid|Gid|Groups)", "/proc/self/status"];

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = common(&["setuidgid", "root"])
        .into_iter()
        .map(|case| case.needs(Need::Root))
        .collect();
    cases.extend([
        Case::new("no arguments").run(["setuidgid"]),
        Case::new("no program").run(["setuidgid", "nobody"]),
        Case::new("no such account").run(["setuidgid", "no-such-account", "echo"]),
        Case::new("an empty account").run(["setuidgid", "", "echo"]),
        Case::new("a number is no account").run(["setuidgid", "1", "echo"]),
        Case::new("an option is no account").run(["setuidgid", "-x", "nobody", "echo"]),
        Case::new("two dashes are no account").run(["setuidgid", "--", "nobody", "echo"]),
        next(&["setuidgid", "nobody"], "a large number", WHO).needs(Need::Root),
        next(&["setuidgid", "daemon"], "a small number", WHO).needs(Need::Root),
        next(&["setuidgid", "root"], "root", WHO).needs(Need::Root),
        next(
            &["setuidgid", "nobody"],
            "there is no way back",
            &[
                "perl",
                "-MPOSIX",
                "-e",
                "print POSIX::setuid(0) ? 1 : 0, POSIX::setgid(0) ? 1 : 0",
            ],
        )
        .needs(Need::Root),
        Case::new("the program is searched as the new user")
            .needs(Need::Root)
            .setup(|side| {
                side.script("private/prog", "echo never");
                side.mode("private", 0o700);
            })
            .run(["setuidgid", "nobody", "private/prog"]),
        Case::new("HOME and USER stay")
            .needs(Need::Root)
            .then(|side| {
                side.command(["setuidgid", "nobody", "cat", "/proc/self/environ"])
                    .env("HOME=/root")
                    .env("USER=root")
                    .run();
            }),
        Case::new("somebody without privileges")
            .needs(Need::Root)
            .then(|side| {
                side.command(["setuidgid", "nobody", "echo", "never"])
                    .unprivileged()
                    .run();
            }),
    ]);
    let failing = |call: &'static str| {
        let inject: &'static str = match call {
            "setgroups" => "setgroups:error=EPERM",
            "setgid" => "setgid:error=EPERM",
            _ => "setuid:error=EPERM",
        };
        fault(
            &format!("{call} fails"),
            inject,
            vec!["setuidgid", "nobody", "echo", "never"],
        )
        .needs(Need::Root)
    };
    cases.extend(["setgroups", "setgid", "setuid"].map(failing));
    // Only ours verifies: the reference runs the program with too many permissions.
    let lying = |call: &'static str, message: &str| {
        let inject: &'static str = match call {
            "setgroups" => "setgroups:retval=0",
            "setgid" => "setgid:retval=0",
            _ => "setuid:retval=0",
        };
        fault(
            &format!("{call} says that all is well, and it is not"),
            inject,
            vec!["setuidgid", "nobody", "echo", "ran"],
        )
        .needs(Need::Root)
        .differs(
            "a change of identity is looked at again",
            &["end: exit 0", "stdout: ran", "stderr:"],
            &["end: exit 111", "stdout:", message],
        )
    };
    cases.extend([
        lying(
            "setgroups",
            "stderr: setuidgid: fatal: unable to setgid: permission denied",
        ),
        lying(
            "setgid",
            "stderr: setuidgid: fatal: unable to setgid: permission denied",
        ),
        lying(
            "setuid",
            "stderr: setuidgid: fatal: unable to setuid: permission denied",
        ),
    ]);
    cases.extend([
        Case::new("-s: the account's other groups")
            .needs(Need::Root)
            .run([
                "setuidgid",
                "-s",
                "root",
                "grep",
                "^Uid",
                "/proc/self/status",
            ])
            .differs(
                "an option of daemontools-encore, which the reference takes for an account",
                &[
                    "end: exit 111",
                    "stdout:",
                    "stderr: setuidgid: fatal: unknown account -s",
                ],
                &["end: exit 0", "stdout: Uid:\\t0\\t0\\t0\\t0", "stderr:"],
            ),
        Case::new("-s without a program")
            .run(["setuidgid", "-s", "root"])
            .differs(
                "an option of daemontools-encore, which the reference takes for an account",
                &[
                    "end: exit 111",
                    "stderr: setuidgid: fatal: unknown account -s",
                ],
                &[
                    "end: exit 100",
                    "stderr: setuidgid: usage: setuidgid account child",
                ],
            ),
    ]);
    cases
}
