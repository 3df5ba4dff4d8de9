//! The end of a supervise that was taken over, and its service if two share its directory.

use conformance::{Case, Side, Status};

use super::{
    SLEEPER, another, end, has_pipe, kill_all, lines, say, started, successor, supervises,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scenario("taken over: one told to exit waits for the scan", |side| {
            side.service("s/z", SLEEPER);
            let (first, _) = started(side);
            side.until_status("s/z", "up", Status::is_up);
            end(&first);
            let _second = successor(side);
            // When this one is back a scan has just happened; else it was killed for
            // nothing.
            side.control("s/z", b"dx");
            another(side, "s/z", &supervises(side, "s/z"));
            side.control("s/y", b"dx");
            side.until("it has left", || !side.is_supervised("s/y"));
            // A supervise that is killed meanwhile is back before.
            let old = supervises(side, "s/x");
            kill_all(&old);
            another(side, "s/x", &old);
            side.log("the one that was told", side.is_supervised("s/y"));
            side.until_status("s/y", "up again", Status::is_up);
        })
        .promises(&["the one that was told: false"]),
        Case::scenario(
            "taken over: a logger that two services lead to is its own service's",
            |side| {
                let (first, before) = started(side);
                // Some of them are found before it, in any order.
                for name in ["a", "b", "z"] {
                    side.service(name, "exec cat 0<>in");
                    side.fifo(format!("{name}/in"));
                    side.symlink("../x/log", format!("{name}/log"));
                    side.rename(name, format!("s/{name}"));
                    side.until_status(format!("s/{name}"), "up", Status::is_up);
                }
                end(&first);
                let second = side.command(["svscan", "s"]).spawn();
                has_pipe(side, &second);
                say(side, "after");
                side.until("all lines", || lines(side) == "before\nafter\n");
                // Each of the others has tried to get the lock, and svscan keeps its pipe.
                side.until("refusals", || refusals(&second) >= 3);
                side.log("same pids", super::pids(side) == before);
                side.log("parted", second_says(&second, "reads another pipe"));
            },
        )
        .promises(&["same pids: true", "parted: false"]),
        Case::scenario(
            "taken over: a service that is another's logger stays a service",
            |side| {
                let (first, before) = started(side);
                for number in 0..6 {
                    let name = format!("a{number}");
                    side.service(&name, SLEEPER);
                    side.symlink("../y", format!("{name}/log"));
                    side.rename(&name, format!("s/{name}"));
                    side.until_status(format!("s/{name}"), "up", Status::is_up);
                }
                let own = owner_of_y(side);
                end(&first);
                let second = successor(side);
                side.until("refusals", || refusals(&second) >= 6);
                side.log("same pids", super::pids(side) == before);
                side.log("same supervise", owner_of_y(side) == own);
            },
        )
        .promises(&["same pids: true", "same supervise: true"]),
    ]
}

fn owner_of_y(side: &Side) -> i32 {
    let pid = side.status("s/y").expect("a record").pid.cast_signed();
    let entry = conformance::process::Entry::of(pid).expect("it runs");
    entry.parent.as_raw()
}

fn refusals(svscan: &conformance::Proc) -> usize {
    let said = String::from_utf8_lossy(&svscan.stderr()).into_owned();
    said.matches("unable to acquire").count()
}

fn second_says(svscan: &conformance::Proc, what: &str) -> bool {
    String::from_utf8_lossy(&svscan.stderr()).contains(what)
}
