//! Trees with programs of both sides: after an upgrade, old daemons run with new clients,
//! and after a downgrade the reverse. On the reference's side all programs are the
//! reference's.

use conformance::{Case, PIDS, Proc, SECONDS, STARTS, Side, Status, Whose};

use Whose::{Ours, Reference};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (clients, daemon) in [(Ours, Reference), (Reference, Ours)] {
        let kind = match clients {
            Ours => "our clients, their supervise",
            Reference => "their clients, our supervise",
        };
        for letters in [
            "-d", "-u", "-o", "-p", "-c", "-h", "-t", "-k", "-du", "-x", "-dx", "-pdu",
        ] {
            cases.push(Case::scenario(
                format!("{kind}: svc {letters}"),
                move |side| {
                    steer(side, clients, daemon, letters);
                },
            ));
        }
        cases.push(Case::scenario(format!("{kind}: a life"), move |side| {
            life(side, clients, daemon);
        }));
        cases.push(Case::scenario(format!("{kind}: the lock"), move |side| {
            side.recorder("x");
            let first = supervise(side, daemon);
            side.command_of(clients, ["supervise", "x"]).run();
            side.log("rest", side.until_rest("x", &first));
        }));
        cases.push(Case::scenario(
            format!("{kind}: taking over"),
            move |side| {
                side.recorder("x");
                for whose in [daemon, clients, daemon] {
                    let supervise = supervise(side, whose);
                    side.command_of(clients, ["svc", "-dx", "x"]).run();
                    side.log("end", supervise.wait());
                    side.log("status", side.status("x").expect("a record"));
                }
            },
        ));
    }
    for (scan, watch) in [(Ours, Reference), (Reference, Ours)] {
        let kind = match scan {
            Ours => "our svscan, their supervise",
            Reference => "their svscan, our supervise",
        };
        cases.push(Case::scenario(format!("{kind}: a tree"), move |side| {
            tree(side, scan, watch);
        }));
        cases.push(Case::scenario(
            format!("{kind}: svc -dx in a hidden directory"),
            move |side| {
                side.recorder("s/x");
                side.service("s/x/log", "exec cat > out");
                let _svscan = svscan(side, scan, watch);
                side.until("it is ready", || side.read("s/x/signals").ends_with(b"\n"));
                side.until_status("s/x/log", "up", Status::is_up);
                side.rename("s/x", "s/.x");
                side.command_of(watch, ["svc", "-dx", ".", "log"])
                    .cwd("s/.x")
                    .run();
                side.until("both are gone", || {
                    !side.is_supervised("s/.x") && !side.is_supervised("s/.x/log")
                });
            },
        ));
    }
    cases
        .into_iter()
        .map(|case| case.normal(&[PIDS, SECONDS, STARTS]))
        .collect()
}

fn supervise(side: &Side, whose: Whose) -> Proc {
    let supervise = side
        .command_of(whose, ["supervise", "x"])
        .spawn_until("supervise is ready", |_| side.is_supervised("x"));
    side.until_rest("x", &supervise);
    supervise
}

/// A call of svc, followed by svstat and svok.
fn steer(side: &Side, clients: Whose, daemon: Whose, letters: &str) {
    side.recorder("x");
    let supervise = supervise(side, daemon);
    side.command_of(clients, ["svc", letters, "x"]).run();
    side.log("rest", side.until_rest("x", &supervise));
    side.command_of(clients, ["svstat", "x"]).run();
    side.command_of(clients, ["svok", "x"]).run();
}

/// The clients of both sides by turns, up and down.
fn life(side: &Side, clients: Whose, daemon: Whose) {
    side.recorder("x");
    let supervise = supervise(side, daemon);
    for (whose, letters) in [
        (clients, "-p"),
        (daemon, "-c"),
        (clients, "-d"),
        (daemon, "-o"),
        (clients, "-kd"),
    ] {
        side.command_of(whose, ["svc", letters, "x"]).run();
        if letters == "-o" {
            side.until_status("x", "up", Status::is_up);
        }
        side.log("rest", side.until_rest("x", &supervise));
        side.command_of(clients, ["svstat", "x"]).run();
        side.command_of(daemon, ["svstat", "x"]).run();
    }
    side.command_of(clients, ["svc", "-x", "x"]).run();
    side.log("end", supervise.wait());
    side.command_of(clients, ["svstat", "x"]).run();
    side.command_of(clients, ["svok", "x"]).run();
}

fn svscan(side: &Side, scan: Whose, watch: Whose) -> Proc {
    side.mkdir("path");
    side.symlink(side.bin_of(watch, "supervise"), "path/supervise");
    let path = format!("PATH={}:/usr/bin:/bin", side.path("path").display());
    side.command_of(scan, ["svscan", "s"])
        .env_clear()
        .env(path)
        .spawn()
}

fn tree(side: &Side, scan: Whose, watch: Whose) {
    side.service(
        "s/x",
        "echo start >> starts\nwc -l < starts\nexec sleep 1000",
    );
    side.service("s/x/log", "exec cat >> lines");
    side.service("s/y", "exec sleep 1000");
    let svscan = svscan(side, scan, watch);
    for name in ["s/x", "s/x/log", "s/y"] {
        side.log(name, side.until_status(name, "up", Status::is_up));
    }
    side.until("a line", || side.read("s/x/log/lines") == b"1\n");
    let old = side.status("s/x").expect("a record").pid;
    side.command_of(scan, ["svc", "-k", "s/x"]).run();
    side.until_restarted("s/x", old);
    side.until("two lines", || side.read("s/x/log/lines") == b"1\n2\n");
    let old = side.status("s/y").expect("a record").pid;
    side.command_of(scan, ["svc", "-dx", "s/y"]).run();
    side.log("y again", side.until_restarted("s/y", old));
    side.command_of(scan, ["svstat", "s/x", "s/x/log", "s/y"])
        .run();
    side.command_of(watch, ["svstat", "s/x", "s/x/log", "s/y"])
        .run();
    side.log_output(&svscan);
}
