//! `svc --tree`: all processes of a service get the signals, and no other process does.

mod doubts;
mod look;

use conformance::{Case, Status, Whose};
use nix::sys::signal::{Signal, kill};

use crate::within;
use look::{beside, end_supervises, is_alive, lines, named, pids, processes, sleepers};

/// A service with processes of every kind: a child and a grandchild in the group that it
/// shares with supervise; one in a session of its own; one of that session whose parent
/// has ended; and two daemons that have left the service's tree.
const FAMILY: &str = "\
sh -c 'sleep 1001 & exec sleep 1002' &
setsid sleep 1003 &
setsid sh -c '(sleep 1004 &); exec sleep 1005' &
(setsid sleep 2001 &)
(sleep 2002 &)
exec sleep 1000";
const MEMBERS: &str = "1000 1001 1002 1003 1004 1005";
const ESCAPED: &str = "2001 2002";
const ALL: &str = "1000 1001 1002 1003 1004 1005 2001 2002";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for whose in [Whose::Ours, Whose::Reference] {
        cases.extend(both(whose));
    }
    cases.extend(ways());
    cases.extend(doubts::cases());
    cases
}

/// The cases with a supervise of either side.
fn both(whose: Whose) -> Vec<Case> {
    let end = |letters: &'static str| {
        let name = format!("{letters} reaches all, {whose:?}'s supervise");
        Case::scenario(name, move |side| {
            let _both = beside(side, whose, FAMILY, ALL);
            let neighbour = side.status("y").expect("a record");
            side.command(["svc", letters, "--tree", "--wait", "x"])
                .run();
            side.log("left", sleepers(side, "x"));
            side.log("beside it", sleepers(side, "y"));
            side.log("same", side.status("y") == Some(neighbour));
        })
    };
    let run = |letters| format!("run: svc {letters} --tree --wait x");
    let rest = ["end: exit 0", "stdout:", "stderr:"];
    let still = ["beside it: 1000 1001 1002", "same: true"];
    let promise = |letters: &'static str, left: &str| {
        let lines: Vec<String> = [run(letters)]
            .into_iter()
            .chain(rest.map(String::from))
            .chain([format!("left: {left}")])
            .chain(still.map(String::from))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        end(letters).promises(&lines)
    };
    vec![
        promise("-d", ESCAPED),
        promise("-dk", ESCAPED),
        promise("-dx", ESCAPED),
        Case::scenario(
            format!("no old process runs when the new one starts, {whose:?}'s supervise"),
            move |side| {
                let _both = beside(side, whose, "sleep 1001 & exec sleep 1000", "1000 1001");
                let before = side.status("x").expect("a record");
                let old = pids(side, "x");
                side.command(["svc", "-du", "--tree", "--wait", "x"]).run();
                let now = side.status("x").expect("a record");
                side.log("another", now.is_up() && now.pid != before.pid);
                side.log("old", old.iter().filter(|&&pid| is_alive(pid)).count());
            },
        )
        .promises(&[
            "run: svc -du --tree --wait x",
            rest[0],
            rest[1],
            rest[2],
            "another: true",
            "old: 0",
        ]),
        Case::scenario(
            format!("supervise is first to signal, {whose:?}'s supervise"),
            move |side| {
                // The service ends when its child does. If it ended earlier it would be
                // started again, and the next one would get the signal.
                let run = "echo >>starts; sleep 1001 & wait";
                let _both = beside(side, whose, run, "1001");
                let supervise = processes(side, &["x"], "supervise")[0].pid;
                kill(supervise, Signal::SIGSTOP).expect("a signal");
                let svc = side.command(["svc", "-t", "--tree", "x"]).spawn();
                side.until("the command", || side.unread_control("x") > 0);
                side.log("meanwhile", sleepers(side, "x"));
                kill(supervise, Signal::SIGCONT).expect("a signal");
                side.log("end", svc.wait());
                side.until("another", || side.read("x/starts").len() > 1);
                side.log("starts", side.read("x/starts").len());
            },
        )
        .promises(&["meanwhile: 1001", "end: exit 0", "starts: 2"]),
        Case::scenario(
            format!("pgrphack: orphans too, {whose:?}'s supervise"),
            move |side| {
                let run = "exec pgrphack sh -c '(sleep 1001 &); (sh -c \"sleep 1002; :\" &); exec sleep 1000'";
                let _both = beside(side, whose, run, "1000 1001 1002");
                side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
                side.log("left", sleepers(side, "x"));
                side.log("beside it", sleepers(side, "y"));
            },
        )
        .promises(&[
            "run: svc -d --tree --wait x",
            rest[0],
            rest[1],
            rest[2],
            "left: none",
            still[0],
        ]),
        Case::scenario(
            format!("p stops all, c continues all, {whose:?}'s supervise"),
            move |side| {
                let _both = beside(side, whose, FAMILY, ALL);
                for letters in ["-p", "-c"] {
                    side.command(["svc", letters, "--tree", "x"]).run();
                    let stopped = if letters == "-p" { MEMBERS } else { "none" };
                    side.log("obeyed", within(|| named(side, "x", |now| now.state == 'T') == stopped));
                }
            },
        )
        .promises(&[
            "run: svc -p --tree x",
            rest[0],
            rest[1],
            rest[2],
            "obeyed: true",
            "run: svc -c --tree x",
            rest[0],
            rest[1],
            rest[2],
            "obeyed: true",
        ]),
    ]
}

/// The order of stopping and signalling.
fn ways() -> Vec<Case> {
    vec![
        Case::scenario("each gets a signal once", |side| {
            let note = |name: &str| format!("trap 'echo {name} >>hups' HUP; echo {name} >>ready");
            let wait = "while :; do sleep 0.05; done";
            let run = format!("./child &\n{}\n{wait}", note("main"));
            side.script("x/child", &format!("{}\n{wait}", note("child")));
            side.service("x", &run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("both", || lines(side, "x/ready") == "child main");
            side.command(["svc", "-h", "--tree", "x"]).run();
            let all = within(|| lines(side, "x/hups") == "child main");
            side.log("both", all);
            side.command(["svc", "-dk", "--tree", "--wait", "x"]).run();
            side.log("once", lines(side, "x/hups"));
        })
        .promises(&[
            "run: svc -h --tree x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "both: true",
            "run: svc -dk --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "once: child main",
        ]),
        Case::scenario("a service that forks without end leaves no process", |side| {
            // Its children become orphans at once, so none is found by its parent.
            let run = "exec pgrphack sh -c 'while :; do (sleep 1001 &); done'";
            side.service("x", run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("some", || pids(side, "x").len() > 20);
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log("left", sleepers(side, "x"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "left: none",
        ]),
        Case::scenario("a process that handles the signal is left alone", |side| {
            let run = "trap 'sleep 0.2; echo done >>answer; exit' TERM; echo >>ready; while :; do sleep 0.05; done";
            side.service("x", run);
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("it", || side.exists("x/ready"));
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log_bytes("answer", &side.read("x/answer"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "answer: done",
        ]),
        Case::scenario("processes that stay are waited for and reported", |side| {
            let stay = "trap \"\" TERM; echo >>ready; while :; do sleep 0.05; done";
            side.service("x", &format!("sh -c '{stay}' &\nexec sleep 1000"));
            let _supervise = side.command(["supervise", "x"]).spawn();
            side.until("it", || side.exists("x/ready"));
            side.command(["svc", "-d", "--tree", "--wait", "--timeout=0.5", "x"])
                .run();
            side.log("record", side.status("x").expect("a record"));
        })
        .promises(&[
            "run: svc -d --tree --wait --timeout=0.5 x",
            "end: exit 111",
            "stdout:",
            "stderr: svc: warning: x still has processes: timed out",
            "record: status down, paused 0, want d",
        ]),
        Case::scenario("after supervise was killed, by the record's time", |side| {
            let first = beside(side, Whose::Ours, FAMILY, ALL);
            end_supervises(side);
            drop(first);
            let _successor = side.command(["supervise", "x"]).spawn();
            side.until("a successor", || side.is_supervised("x"));
            side.command(["svc", "-d", "--tree", "--wait", "x"]).run();
            side.log("left", sleepers(side, "x"));
            side.log("beside it", sleepers(side, "y"));
        })
        .promises(&[
            "run: svc -d --tree --wait x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "left: 2001 2002",
            "beside it: 1000 1001 1002",
        ]),
        Case::scenario("a service that is down gets the command", |side| {
            side.fake_supervise("x", Status::down());
            side.command(["svc", "-dt", "--tree", "x"]).run();
            side.log_control("x");
        })
        .promises(&[
            "run: svc -dt --tree x",
            "end: exit 0",
            "stdout:",
            "stderr:",
            "x/supervise/control: dt",
        ]),
    ]
}
