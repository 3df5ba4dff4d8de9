//! fghack: it ends after the last process that has its pipe.

use conformance::Case;

use super::{common, fault, next};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["fghack"]);
    cases.extend([
        Case::new("no arguments").run(["fghack"]),
        Case::new("what looks like an option is a program").run(["fghack", "-x", "true"]),
        next(&["fghack"], "a child that is killed", &["sh", "-c", "kill -9 $$"]),
        next(&["fghack"], "a child that stops with TERM", &["sh", "-c", "kill $$"]),
        next(
            &["fghack"],
            "waits for a descendant, and exits as the child did",
            &["sh", "-c", "(sleep 0.3; echo late) & exit 3"],
        ),
        next(
            &["fghack"],
            "waits for a descendant that closes the descriptors that a daemon closes",
            &["sh", "-c", "(exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; sleep 0.3; echo late) & exit 0"],
        ),
        next(
            &["fghack"],
            "does not wait for a descendant that closed them all",
            &[
                "perl",
                "-e",
                "use POSIX; if (fork) { exit 4 } POSIX::close($_) for 3 .. 99; sleep 1000",
            ],
        ),
        next(
            &["fghack"],
            "what is written into the pipe is thrown away",
            &["sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo some line of text >&7; i=$((i+1)); done; exit 5"],
        ),
        Case::new("standard input closed: the pipe takes its place").then(|side| {
            side.command(["fghack", "ls", "/proc/self/fd"]).close(0).run();
        }),
        Case::new("no descriptor for the pipe").then(|side| {
            side.command(["fghack", "echo", "never"]).limit(libc::RLIMIT_NOFILE, 4).run();
        }),
        fault("fork fails", "?clone,?clone3,?fork,?vfork:error=EAGAIN", vec!["fghack", "echo", "never"]),
        fault("the pipe fails", "?pipe,pipe2:error=ENFILE", vec!["fghack", "echo", "never"]),
        fault("the wait fails", "wait4:error=EPERM", vec!["fghack", "/bin/true"]),
        fault("the wait is interrupted", "wait4:error=EINTR:when=1", vec!["fghack", "/bin/true"]),
    ]);
    cases
}
