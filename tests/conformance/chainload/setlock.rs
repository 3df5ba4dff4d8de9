//! setlock: the file, the lock, and the descriptor that the next program inherits.

use std::fs::File;

use conformance::{Case, Side};
use nix::fcntl::{Flock, FlockArg};

use super::{common, fault};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["setlock", "lock"]);
    cases.extend(options());
    cases.extend(files());
    cases
}

fn locked(side: &Side) -> Flock<File> {
    let file = File::open(side.file("lock", "")).expect("the file");
    let lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error);
    lock.expect("the lock")
}

/// Holds `lock` for the rest of the case.
fn held(side: &Side) {
    side.hold(locked(side));
}

fn options() -> Vec<Case> {
    let run = |args: &[&str]| Case::new(args.join(" ")).run(args);
    let busy = |args: &[&str]| {
        Case::new(format!("{} (and it is held)", args.join(" ")))
            .setup(held)
            .run(args)
    };
    vec![
        run(&["setlock"]),
        run(&["setlock", "lock"]),
        run(&["setlock", "-n"]),
        run(&["setlock", "-n", "lock"]),
        run(&["setlock", "-x", "lock"]),
        run(&["setlock", "-q", "lock", "echo", "never"]),
        run(&["setlock", "-xq", "lock", "echo", "never"]),
        run(&["setlock", "-qn", "lock", "echo", "never"]),
        run(&["setlock", "-:", "lock", "echo", "never"]),
        run(&["setlock", "-n-", "lock", "echo", "never"]),
        run(&["setlock", "-nNxX", "lock", "echo", "yes"]),
        run(&["setlock", "-n", "-x", "--", "lock", "echo", "yes"]),
        run(&["setlock", "--", "-n", "echo", "yes"]),
        run(&["setlock", "--anything", "lock", "echo", "yes"]),
        run(&["setlock", "-", "echo", "yes"]),
        run(&["setlock", "lock", "echo", "-n", "yes"]),
        busy(&["setlock", "-n", "lock", "echo", "never"]),
        busy(&["setlock", "-nx", "lock", "echo", "never"]),
        busy(&["setlock", "-xn", "lock", "echo", "never"]),
        busy(&["setlock", "-nxX", "lock", "echo", "never"]),
        busy(&["setlock", "-nXx", "lock", "echo", "never"]),
        busy(&["setlock", "-Nn", "lock", "echo", "never"]),
        Case::new("waits for the lock").then(|side| {
            let lock = locked(side);
            let waiting = side.command(["setlock", "lock", "echo", "mine"]).spawn();
            side.until("setlock to wait", || {
                let locks = std::fs::read("/proc/locks").unwrap_or_default();
                let waiter = format!("-> FLOCK  ADVISORY  WRITE {} ", waiting.pid());
                locks
                    .windows(waiter.len())
                    .any(|line| line == waiter.as_bytes())
            });
            side.log("still waiting", waiting.ended().is_none());
            drop(lock);
            side.log("end", waiting.wait());
            side.log_output(&waiting);
        }),
        Case::new("-nN waits for the lock, and -N after -n too").then(|side| {
            side.command(["setlock", "-nN", "lock", "echo", "mine"])
                .run();
        }),
        Case::new("the program holds the lock")
            .run(["setlock", "lock", "setlock", "-n", "lock", "echo", "never"]),
        Case::new("two locks").run([
            "setlock",
            "one",
            "setlock",
            "-n",
            "two",
            "ls",
            "/proc/self/fd",
        ]),
        Case::new("the lock ends with the program")
            .run(["setlock", "lock", "true"])
            .run(["setlock", "-n", "lock", "echo", "free"]),
        fault(
            "the lock fails",
            "flock:error=ENOLCK",
            vec!["setlock", "lock", "echo"],
        ),
        fault(
            "the lock fails, quietly",
            "flock:error=ENOLCK",
            vec!["setlock", "-x", "lock", "echo"],
        ),
        fault(
            "the wait is interrupted",
            "flock:error=EINTR",
            vec!["setlock", "lock", "echo"],
        ),
    ]
}

fn files() -> Vec<Case> {
    vec![
        Case::new("no directory for the file").run(["setlock", "no/lock", "echo", "never"]),
        Case::new("no directory for the file, -x")
            .run(["setlock", "-x", "no/lock", "echo", "never"]),
        Case::new("an empty name").run(["setlock", "", "echo", "never"]),
        Case::new("a directory").run(["setlock", ".", "echo", "never"]),
        Case::new("a file that may not be written").then(|side| {
            side.file("lock", "x");
            side.command(["setlock", "lock", "echo", "never"])
                .unprivileged()
                .run();
        }),
        Case::new("a FIFO without a reader")
            .setup(|side| drop(side.fifo("lock")))
            .run(["setlock", "lock", "echo", "never"]),
        Case::new("a file keeps its bytes and its mode")
            .setup(|side| drop(side.file("lock", "content")))
            .run(["setlock", "lock", "sh", "-c", "echo more >&3"]),
        Case::new("a link is followed")
            .setup(|side| side.symlink("target", "lock"))
            .run(["setlock", "lock", "echo", "yes"]),
        Case::new("a new file's mode, with another umask").then(|side| {
            side.command(["setlock", "lock", "echo", "yes"])
                .umask(0o477)
                .run();
        }),
        Case::new("standard input closed: the lock takes its place").then(|side| {
            side.command(["setlock", "lock", "readlink", "/proc/self/fd/0"])
                .close(0)
                .run();
        }),
        Case::new("standard output closed: the program writes into the lock file").then(|side| {
            side.command(["setlock", "lock", "echo", "into the file"])
                .close(1)
                .run();
        }),
        Case::new("standard error closed, and no such program").then(|side| {
            side.command(["setlock", "lock", "no-such-program"])
                .close(2)
                .run();
        }),
    ]
}
