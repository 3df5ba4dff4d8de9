//! The operator's command "down", after supervise or the whole tree has ended; a row for each
//! case. If supervise dies alone, its successor wants the same state. A tree that is started
//! anew starts by its `down` files. A service that runs is never started twice.

use conformance::case::Need;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::svscan::{another, kill_all, supervises};

const SLEEPER: &str = "exec sleep 1000";

/// What happens to a tree whose service was told down.
#[derive(Clone, Copy)]
enum Event {
    /// supervise gets this signal; svscan starts another.
    Supervise(Signal),
    /// supervise is told to exit; svscan starts another.
    Exit,
    /// svscan gets this signal, and another one takes over.
    Svscan(Signal),
    /// svscan gets this signal, then supervise; a new tree begins.
    Both(Signal),
}

use Event::{Both, Exit, Supervise, Svscan};
use Signal::{SIGKILL, SIGTERM};

/// The events after which the service stays down, for ours.
const STAYS_DOWN: &[(&str, &[Event])] = &[
    ("supervise killed", &[Supervise(SIGKILL)]),
    (
        "svscan killed and started again, then supervise killed",
        &[Svscan(SIGKILL), Supervise(SIGKILL)],
    ),
    (
        "svscan told to end and started again, then supervise killed",
        &[Svscan(SIGTERM), Supervise(SIGKILL)],
    ),
];

/// The events after which the service starts, on both sides.
const STARTS: &[(&str, &[Event])] = &[
    ("supervise told to end by TERM", &[Supervise(SIGTERM)]),
    ("both told to end", &[Both(SIGTERM)]),
    ("both killed", &[Both(SIGKILL)]),
    ("supervise told to exit", &[Exit]),
];

pub(crate) fn cases() -> Vec<Case> {
    let stays_down = STAYS_DOWN.iter().map(|&(name, events)| {
        row(format!("told down; {name}: stays down"), events, false)
            .promises(&["record: status down, paused 0, want d"])
    });
    let starts = STARTS
        .iter()
        .map(|&(name, events)| row(format!("told down; {name}: starts"), events, true));
    let mut cases: Vec<Case> = stays_down.chain(starts).collect();
    cases.extend([
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
            first.signal(SIGKILL);
            let _ = first.wait();
            side.until("its end", || !side.is_supervised("s/x"));
            let _second = side.command(container).spawn();
            side.log("record", side.until_status("s/x", "up", Status::is_up));
        })
        .needs(Need::Namespaces)
        .without_files(),
    ]);
    cases
}

/// Stops the service, and waits until it is down.
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

    fn happens(&mut self, side: &Side, event: Event) {
        match event {
            Supervise(signal) => {
                let old = supervises(side, "s/x");
                signal_all(&old, signal);
                another(side, "s/x", &old);
            }
            Exit => {
                let old = supervises(side, "s/x");
                side.control("s/x", b"x");
                another(side, "s/x", &old);
            }
            Svscan(signal) => self.restart_svscan(side, signal),
            Both(signal) => self.restart(side, signal),
        }
    }

    /// svscan ends and another begins, which has taken over when this returns.
    fn restart_svscan(&mut self, side: &Side, signal: Signal) {
        self.svscan.signal(signal);
        let _ = self.svscan.wait();
        until_tick(side);
        let detail = || side.read("s/x/supervise/detail");
        let before = detail();
        self.svscan = side.command(["svscan", "s"]).spawn();
        // Our supervise writes the takeover to its detail file; the reference has none.
        if !before.is_empty() {
            side.until("the takeover", || detail() != before);
        }
    }

    /// svscan ends, then supervise, and a new tree begins.
    fn restart(&mut self, side: &Side, signal: Signal) {
        self.svscan.signal(signal);
        let _ = self.svscan.wait();
        signal_all(&supervises(side, "s/x"), signal);
        side.until("its end", || supervises(side, "s/x").is_empty());
        until_tick(side);
        *self = Self::begin(side);
    }
}

fn signal_all(pids: &[i32], signal: Signal) {
    for &pid in pids {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Waits until the kernel's clock ticks differ from those before.
fn until_tick(side: &Side) {
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

fn row(name: String, events: &'static [Event], starts: bool) -> Case {
    Case::scenario(name, move |side| {
        side.service("s/x", SLEEPER);
        let mut tree = Tree::begin(side);
        down(side);
        for &event in events {
            tree.happens(side, event);
        }
        side.until("a supervise", || side.is_supervised("s/x"));
        // A service that is to be started is started at once.
        let record = if starts {
            side.until_status("s/x", "up", Status::is_up)
        } else {
            side.status("s/x").expect("a record")
        };
        side.log("record", record);
        kill_all(&supervises(side, "s/x"));
    })
    .needs(Need::Pidfds)
    .without_files()
}

/// A service that has not ended yet when the tree ends is taken over and not started a second
/// time; it is started again when it has ended.
fn ending() -> Case {
    Case::scenario(
        "told down, and not ended when the tree is started anew: starts once",
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
            tree.happens(side, Both(SIGTERM));
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
