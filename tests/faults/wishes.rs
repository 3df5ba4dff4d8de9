//! What of "the operator's wish survives" is kept, a case a row. A supervise that died
//! alone has a successor that wants what it wanted; a tree that begins anew starts by
//! its `down` files; what runs is never started twice.

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::svscan::{another, kill_all, supervises};

const SLEEPER: &str = "exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let alone = &["record: status down, paused 0, want d"];
    vec![
        row("supervise killed: stays down", alone, |side, tree| {
            tree.kill_supervise(side, Signal::SIGKILL);
        }),
        row(
            "svscan killed and started again, then supervise killed: stays down",
            alone,
            |side, tree| {
                tree.svscan_again(side, Signal::SIGKILL);
                tree.kill_supervise(side, Signal::SIGKILL);
            },
        ),
        row(
            "svscan told to end and started again, then supervise killed: stays down",
            alone,
            |side, tree| {
                tree.svscan_again(side, Signal::SIGTERM);
                tree.kill_supervise(side, Signal::SIGKILL);
            },
        ),
        // From here on as the reference.
        row(
            "supervise told to end by TERM: starts",
            &[],
            |side, tree| {
                tree.kill_supervise(side, Signal::SIGTERM);
            },
        ),
        row("both told to end: starts", &[], |side, tree| {
            tree.end(side, [Signal::SIGTERM; 2]);
        }),
        row("both killed: starts", &[], |side, tree| {
            tree.end(side, [Signal::SIGKILL; 2]);
        }),
        row("told to leave: starts", &[], |side, tree| {
            let old = supervises(side, "s/x");
            side.control("s/x", b"x");
            another(side, "s/x", &old);
            let _ = tree;
        }),
        ending(),
        Case::scenario("told down; copied: the copy starts", |side| {
            side.service("s/x", SLEEPER);
            let _tree = Tree::begin(side);
            down(side);
            let copy = ["/bin/cp", "-a", "s/x", "y"];
            side.command(copy).run();
            let _supervise = side.command(["supervise", "y"]).spawn();
            side.log("record", side.until_status("y", "up", Status::is_up));
        })
        .without_files(),
        Case::scenario("told down; the container started again: starts", |side| {
            side.service("s/x", SLEEPER);
            let container = [
                "/usr/bin/unshare",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "supervise",
                "s/x",
            ];
            let first = side.command(container).spawn();
            side.until_status("s/x", "up", Status::is_up);
            down(side);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            side.until("its end", || !side.is_supervised("s/x"));
            let _second = side.command(container).spawn();
            side.log("record", side.until_status("s/x", "up", Status::is_up));
        })
        .needs(Need::Namespaces)
        .without_files(),
    ]
}

/// Tells the service to be down, and waits until it is.
fn down(side: &Side) {
    side.until_status("s/x", "up", Status::is_up);
    side.control("s/x", b"d");
    side.until_status("s/x", "down", |now| now.is_down() && now.want == b'd');
}

struct Tree {
    svscan: Proc,
}

impl Tree {
    fn begin(side: &Side) -> Self {
        let svscan = side.command(["svscan", "s"]).spawn();
        side.until("a supervise", || side.is_supervised("s/x"));
        Self { svscan }
    }

    fn kill_supervise(&mut self, side: &Side, signal: Signal) {
        let old = supervises(side, "s/x");
        for &pid in &old {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        another(side, "s/x", &old);
    }

    /// svscan ends and another begins, which has taken over before this returns.
    fn svscan_again(&mut self, side: &Side, signal: Signal) {
        self.svscan.signal(signal);
        let _ = self.svscan.wait();
        later(side);
        let told = || side.read("s/x/supervise/detail");
        let before = told();
        self.svscan = side.command(["svscan", "s"]).spawn();
        // Ours notes that it was taken over; the reference's has nobody to tell it.
        if !before.is_empty() {
            side.until("the takeover", || told() != before);
        }
    }

    /// svscan ends, then supervise, and a new tree begins.
    fn end(&mut self, side: &Side, [first, second]: [Signal; 2]) {
        self.svscan.signal(first);
        let _ = self.svscan.wait();
        let old = supervises(side, "s/x");
        for &pid in &old {
            let _ = kill(Pid::from_raw(pid), second);
        }
        side.until("its end", || supervises(side, "s/x").is_empty());
        later(side);
        *self = Self::begin(side);
    }
}

/// Waits until the kernel tells times apart from those before.
fn later(side: &Side) {
    let ticks = || std::fs::read_to_string("/proc/uptime").expect("uptime");
    let before = ticks();
    let mut changes = 0;
    let mut last = before;
    side.until("another tick", || {
        let now = ticks();
        changes += usize::from(now != last);
        last = now;
        changes > 1
    });
}

fn row(
    name: &'static str,
    promise: &'static [&'static str],
    event: impl Fn(&Side, &mut Tree) + Send + Sync + 'static,
) -> Case {
    let case = Case::scenario(format!("told down; {name}"), move |side| {
        side.service("s/x", SLEEPER);
        let mut tree = Tree::begin(side);
        down(side);
        event(side, &mut tree);
        side.until("a supervise", || side.is_supervised("s/x"));
        // What is to be started is started at once.
        let settled = if promise.is_empty() {
            side.until_status("s/x", "up", Status::is_up)
        } else {
            side.status("s/x").expect("a record")
        };
        side.log("record", settled);
        kill_all(&supervises(side, "s/x"));
    })
    .needs(Need::Pidfds)
    .without_files();
    if promise.is_empty() {
        case
    } else {
        case.promises(promise)
    }
}

/// A service on its way down when the tree ends is taken over, not started beside, and
/// starts again when it has ended.
fn ending() -> Case {
    Case::scenario(
        "told down, and still ending when the tree began anew: once, and up again",
        |side| {
            side.service(
                "s/x",
                "echo >>starts; trap : TERM; while [ ! -e go ]; do sleep 0.02; done; rm go",
            );
            let mut tree = Tree::begin(side);
            let first = side.until_status("s/x", "up", Status::is_up);
            side.until("its start", || !side.read("s/x/starts").is_empty());
            side.control("s/x", b"d");
            side.until_status("s/x", "wanted down", |now| now.want == b'd');
            tree.end(side, [Signal::SIGTERM; 2]);
            let adopted = side.status("s/x").map(|now| now.pid) == Some(first.pid);
            side.file("s/x/go", "");
            side.until_status("s/x", "another", |now| now.is_up() && now.pid != first.pid);
            side.log("taken over", adopted);
            side.log("starts", side.read("s/x/starts").len());
        },
    )
    .needs(Need::Pidfds)
    .promises(&["taken over: true", "starts: 2"])
}
