//! envuidgid: two variables of an account.

use conformance::Case;

use super::{common, next};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["envuidgid", "daemon"]);
    let environ = |name: &str, account: &'static str, variables: &'static [&'static str]| {
        Case::new(name).then(move |side| {
            let mut command =
                side.command(["envuidgid", account, "/bin/cat", "/proc/self/environ"]);
            command = command.env_clear();
            for variable in variables {
                command = command.env(*variable);
            }
            command.run();
        })
    };
    cases.extend([
        Case::new("no arguments").run(["envuidgid"]),
        Case::new("no program").run(["envuidgid", "daemon"]),
        Case::new("no such account").run(["envuidgid", "no-such-account", "echo"]),
        Case::new("an empty account").run(["envuidgid", "", "echo"]),
        Case::new("a number is no account").run(["envuidgid", "1", "echo"]),
        Case::new("an option is no account").run(["envuidgid", "-x", "echo"]),
        Case::new("two dashes are no account").run(["envuidgid", "--", "daemon", "echo"]),
        environ("root", "root", &[]),
        environ("nobody, whose numbers are large", "nobody", &["A=1"]),
        environ(
            "the first of a name is replaced, and the last takes its place",
            "daemon",
            &["A=1", "UID=5", "B=2", "GID=6", "UID=7", "C=3", "D=4"],
        ),
        environ("GID before UID", "daemon", &["UID=1", "GID=2"]),
        environ(
            "names that only begin like these",
            "daemon",
            &["UIDX=1", "GID", "XUID=2", "UI=3"],
        ),
        next(
            &["envuidgid", "daemon"],
            "runs as who it was",
            &["id", "-u"],
        ),
        Case::new("somebody without privileges may ask").then(|side| {
            side.command(["envuidgid", "root", "sh", "-c", "echo $UID $GID"])
                .unprivileged()
                .run();
        }),
    ]);
    cases
}
