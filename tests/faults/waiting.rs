//! svwait and `svc --wait=ready`, under the supervise of either side: one that begins,
//! leaves, is killed, loses its directory; and a kernel without inotify.

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status, Whose};
use nix::sys::signal::Signal;

const SLEEPER: &str = "exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![policies(), removed(), refused(), bare()];
    for (daemon, kind) in [
        (Whose::Ours, "our supervise"),
        (Whose::Reference, "their supervise"),
    ] {
        cases.extend([life(daemon, kind), killed(daemon, kind), gate(daemon, kind)]);
    }
    cases
}

fn supervise(side: &Side, whose: Whose) -> Proc {
    side.command_of(whose, ["supervise", "x"]).spawn()
}

fn spawn(side: &Side, words: &[&str]) -> Proc {
    let all = ["svwait", "--timeout=60"].iter().chain(words);
    let process = side.command(all).spawn();
    let stat = format!("/proc/{}/stat", process.pid());
    side.until("svwait waits", || {
        std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(" (svwait) S"))
    });
    process
}

/// Logs how a svwait ended and what it said, but for what it says after a second.
fn log(side: &Side, label: &str, process: &Proc) {
    side.log(label, process.wait());
    let stderr = String::from_utf8_lossy(&process.stderr()).into_owned();
    for line in stderr
        .lines()
        .filter(|line| !line.contains(": waiting for "))
    {
        side.log("says", line);
    }
}

/// Every condition, as supervise brings it about.
fn life(daemon: Whose, kind: &str) -> Case {
    Case::scenario(format!("{kind}: every condition is reached"), move |side| {
        side.service("x", SLEEPER);
        let ready = spawn(side, &["x"]);
        let supervise = supervise(side, daemon);
        log(side, "ready", &ready);
        let down = spawn(side, &["--down", "x"]);
        side.control("x", b"d");
        log(side, "down", &down);
        let up = spawn(side, &["--up", "x"]);
        side.control("x", b"u");
        log(side, "up", &up);
        let before = side.status("x").map(|status| status.pid);
        let restart = ["svc", "-du", "--wait=ready", "--timeout=60", "x"];
        log(side, "restarted", &side.command(restart).spawn());
        let after = side.status("x").map(|status| status.pid);
        side.log("another process", before != after);
        let gone = spawn(side, &["--gone", "x"]);
        side.control("x", b"dx");
        log(side, "gone", &gone);
        side.log("supervise", supervise.wait());
    })
    .promises(&[
        "ready: exit 0",
        "down: exit 0",
        "up: exit 0",
        "restarted: exit 0",
        "another process: true",
        "gone: exit 0",
        "supervise: exit 0",
    ])
}

/// supervise is killed while svwait waits, and another one comes.
fn killed(daemon: Whose, kind: &str) -> Case {
    let name = format!("{kind}: killed, and another one begins");
    Case::scenario(name, move |side| {
        side.service("x", SLEEPER);
        side.file("x/down", "");
        let first = supervise(side, daemon);
        side.until("it is supervised", || side.is_supervised("x"));
        let [up, gone] = [&["--up", "x"], &["--gone", "x"]].map(|words| spawn(side, words));
        first.signal(Signal::SIGKILL);
        let _ = first.wait();
        log(side, "gone", &gone);
        let _second = supervise(side, daemon);
        side.until("it is supervised", || side.is_supervised("x"));
        side.control("x", b"u");
        log(side, "up", &up);
    })
    .promises(&["gone: exit 0", "up: exit 0"])
}

/// A service that waits for another one by itself.
fn gate(daemon: Whose, kind: &str) -> Case {
    let name = format!("{kind}: a service that is its own gate");
    Case::scenario(name, move |side| {
        side.service("x", SLEEPER);
        side.service("y", "exec svwait --timeout=60 ../x -- sleep 1000");
        let _gated = side.command_of(daemon, ["supervise", "y"]).spawn();
        let is = |status: &Status, name: &str| {
            std::fs::read_to_string(format!("/proc/{}/comm", status.pid))
                .is_ok_and(|comm| comm.trim_end() == name)
        };
        let waiting = side.until_status("y", "it waits", |status| is(status, "svwait"));
        let _supervise = supervise(side, daemon);
        let open = side.until_status("y", "it runs", |status| is(status, "sleep"));
        side.log("same process", waiting.pid == open.pid);
        let down = |name| {
            let words = ["svwait", "--timeout=60", "--down", name];
            side.command(words).spawn()
        };
        // svwait is ended as any service.
        side.control("x", b"d");
        log(side, "down", &down("x"));
        side.control("y", b"t");
        side.until_status("y", "it waits again", |status| is(status, "svwait"));
        side.control("y", b"d");
        log(side, "down", &down("y"));
    })
    .promises(&["same process: true", "down: exit 0", "down: exit 0"])
}

/// What our supervise tells of services with a policy.
fn policies() -> Case {
    Case::scenario("ready, finished and failed as supervise says", |side| {
        side.service("x", "read go <go; echo >&3; exec sleep 1000");
        side.fifo("x/go");
        side.service("once", "read go <go");
        side.fifo("once/go");
        side.service("bad", "exit 1");
        for (name, more) in [
            ("x", ""),
            ("once", "restart = \"on-failure\"\n"),
            ("bad", "give-up = 2\n"),
        ] {
            side.file(
                format!("{name}/supervise.toml"),
                format!("ready-fd = 3\n{more}"),
            );
            let _ = side.command(["supervise", name]).spawn();
        }
        let ready = spawn(side, &["x", "once"]);
        let up = side.command(["svwait", "--timeout=60", "--up", "x", "once"]);
        log(side, "up", &up.spawn());
        side.log("not ready", ready.ended().is_none());
        for name in ["x/go", "once/go"] {
            side.append(name, b"\n");
        }
        log(side, "ready", &ready);
        log(
            side,
            "failed",
            &side.command(["svwait", "--timeout=60", "bad"]).spawn(),
        );
        let again = ["svc", "-u", "--wait=ready", "--timeout=60", "bad"];
        log(side, "again", &side.command(again).spawn());
        let down = ["svwait", "--timeout=60", "--down", "bad", "once"];
        log(side, "down", &side.command(down).spawn());
    })
    .promises(&[
        "up: exit 0",
        "not ready: true",
        "ready: exit 0",
        "failed: exit 100",
        "says: svwait: fatal: bad has failed; svc -u starts it",
        "again: exit 100",
        "says: svc: warning: bad has failed",
        "down: exit 0",
    ])
}

/// The directory goes, and supervise in it stays.
fn removed() -> Case {
    Case::scenario("a directory that is removed is said", |side| {
        side.service("x", SLEEPER);
        let supervise = supervise(side, Whose::Ours);
        side.until_status("x", "up", Status::is_up);
        let down = spawn(side, &["--down", "x"]);
        // supervise makes its files again, until the directory has gone.
        side.until("it can be removed", || {
            std::fs::remove_dir_all(side.path("x")).is_ok()
        });
        log(side, "down", &down);
        side.log("supervise lives", supervise.ended().is_none());
    })
    .promises(&[
        "down: exit 100",
        "says: svwait: fatal: unable to wait for x: file does not exist",
        "supervise lives: true",
    ])
}

/// A user without rights, and one who may read what svstat reads.
fn refused() -> Case {
    Case::scenario("what may not be read is said", |side| {
        side.service("x", SLEEPER);
        side.mkdir("x/supervise");
        side.mode("x/supervise", 0o755);
        let _supervise = supervise(side, Whose::Ours);
        side.until_status("x", "up", Status::is_up);
        side.until("it is supervised", || side.is_supervised("x"));
        let svwait = || {
            let words = ["svwait", "--timeout=60", "x"];
            side.command(words).unprivileged().spawn()
        };
        log(side, "refused", &svwait());
        side.mode("x/supervise/ok", 0o622);
        log(side, "allowed", &svwait());
        side.mode("x/supervise", 0o700);
        log(side, "refused", &svwait());
    })
    .needs(Need::Root)
    .promises(&[
        "refused: exit 111",
        "says: svwait: fatal: unable to open x/supervise/ok: access denied",
        "allowed: exit 0",
        "refused: exit 111",
        "says: svwait: fatal: unable to open x/supervise/ok: access denied",
    ])
}

/// Without inotify it looks again and again.
fn bare() -> Case {
    Case::scenario("a kernel without inotify", |side| {
        side.service("x", SLEEPER);
        let svwait = |condition| {
            let words = ["svwait", "--timeout=60", condition, "x"];
            side.command(words).bare().spawn()
        };
        let ready = svwait("--ready");
        let supervise = supervise(side, Whose::Ours);
        log(side, "ready", &ready);
        let gone = svwait("--gone");
        side.control("x", b"dx");
        log(side, "gone", &gone);
        side.log("supervise", supervise.wait());
    })
    .promises(&["ready: exit 0", "gone: exit 0", "supervise: exit 0"])
}
