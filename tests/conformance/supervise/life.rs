//! A running supervise: signals to itself, children that it did not start, services that
//! end by themselves.

use std::time::Duration;

use conformance::process::{Entry, all};
use conformance::{Case, STARTS, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = signals();
    cases.extend(children());
    cases.extend(services());
    cases
        .into_iter()
        .map(|case| case.normal(&[STARTS]))
        .collect()
}

/// Signals to supervise: the reference has no handlers, so they end it; the service runs
/// on.
fn signals() -> Vec<Case> {
    use Signal::*;
    let mut cases: Vec<Case> = [
        SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGKILL,
    ]
    .into_iter()
    .map(|signal| {
        Case::scenario(
            format!("{signal} ends it and the service lives on"),
            move |side| {
                side.recorder("x");
                let supervise = side.supervise("x");
                let rest = side.until_rest("x", &supervise);
                supervise.signal(signal);
                side.log("end", supervise.wait());
                side.log("supervised", side.is_supervised("x"));
                let pid = i32::try_from(rest.status.pid).expect("a pid");
                side.log("service", Entry::of(pid).expect("it runs").state);
                side.command(["svok", "x"]).run();
                side.log("signals", side.recorded("x", 0));
            },
        )
    })
    .collect();
    cases.extend([SIGCHLD, SIGWINCH, SIGURG, SIGCONT].map(|signal| {
        Case::scenario(format!("{signal} is nothing to it"), move |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.until_rest("x", &supervise);
            supervise.signal(signal);
            side.log_command("x", &supervise, b"h");
        })
    }));
    cases.push(Case::scenario(
        "stopped and continued, it obeys what came meanwhile",
        |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.until_rest("x", &supervise);
            supervise.signal(SIGSTOP);
            side.until("stopped", || {
                Entry::of(supervise.pid()).is_some_and(|entry| entry.state == 'T')
            });
            side.control("x", b"hd");
            supervise.signal(SIGCONT);
            side.log("rest", side.until_rest("x", &supervise));
            side.log("signals", side.recorded("x", 0));
        },
    ));
    cases
}

fn children() -> Vec<Case> {
    let zombies = |parent: i32| {
        let table = all();
        table
            .iter()
            .filter(|entry| entry.parent.as_raw() == parent && entry.state == 'Z')
            .count()
    };
    vec![
        Case::scenario("children that it did not start are reaped", move |side| {
            side.recorder("x");
            // The shell's child becomes a child of supervise, and ends while supervise
            // runs.
            let script = "(until [ -e go ]; do sleep 0.05; done) & exec supervise x";
            let supervise = side
                .command(["/bin/sh", "-c", script])
                .spawn_until("ready", |_| side.status("x").is_some());
            let before = side.until_rest("x", &supervise);
            side.file("go", "");
            let children = || {
                all()
                    .iter()
                    .filter(|entry| entry.parent.as_raw() == supervise.pid())
                    .count()
            };
            side.until("the other child is gone", || children() == 1);
            side.log("zombies", zombies(supervise.pid()));
            assert_eq!(
                side.until_rest("x", &supervise),
                before,
                "the service did not notice"
            );
            side.log_command("x", &supervise, b"t");
        }),
        Case::scenario(
            "a child that ended before it began is reaped",
            move |side| {
                side.recorder("x");
                let supervise = side
                    .command(["/bin/sh", "-c", "true & sleep 0.1; exec supervise x"])
                    .spawn_until("ready", |_| side.status("x").is_some());
                side.log("rest", side.until_rest("x", &supervise));
                side.log_command("x", &supervise, b"t");
                side.log("zombies", zombies(supervise.pid()));
            },
        ),
        Case::scenario("a stopped service has not ended", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            let rest = side.until_rest("x", &supervise);
            kill(
                Pid::from_raw(i32::try_from(rest.status.pid).expect("a pid")),
                Signal::SIGSTOP,
            )
            .expect("it runs");
            side.until_state(rest.status.pid, 'T');
            side.log("rest", side.until_rest("x", &supervise));
            side.log_command("x", &supervise, b"c");
        }),
        Case::scenario("grandchildren are left alone", |side| {
            side.service("x", "sleep 1000 &\necho $! > child\nexec sleep 1000");
            let supervise = side.command(["supervise", "x"]).spawn();
            side.until("the grandchild", || side.read("x/child").ends_with(b"\n"));
            let text = String::from_utf8(side.read("x/child")).expect("a number");
            let grandchild: i32 = text.trim().parse().expect("a number");
            side.control("x", b"dx");
            side.log("end", supervise.wait());
            side.log("grandchild runs", Entry::of(grandchild).is_some());
        })
        .without_files(),
    ]
}

fn kill_service(side: &Side, signal: Signal) -> u32 {
    let status = side.until_status("x", "up", Status::is_up);
    kill(
        Pid::from_raw(i32::try_from(status.pid).expect("a pid")),
        signal,
    )
    .expect("it runs");
    status.pid
}

fn services() -> Vec<Case> {
    vec![
        Case::scenario("a service that is killed comes back", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            for _ in 0..2 {
                side.until_rest("x", &supervise);
                let old = kill_service(side, Signal::SIGKILL);
                side.until_restarted("x", old);
                side.log("rest", side.until_rest("x", &supervise));
            }
            side.log_output(&supervise);
        }),
        Case::scenario("a service that is killed once stays down", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.until_rest("x", &supervise);
            side.log_command("x", &supervise, b"o");
            kill_service(side, Signal::SIGKILL);
            side.until_status("x", "down", Status::is_down);
            side.log("rest", side.until_rest("x", &supervise));
        }),
        Case::scenario(
            "a service that ends at once is started again and again",
            |side| {
                side.service("x", "echo started >> log\nexit 3");
                let supervise = side.command(["supervise", "x"]).spawn();
                side.until("three starts", || side.read("x/log").len() >= 24);
                side.control("x", b"d");
                let status = side.until_status("x", "down for good", |status| {
                    status.is_down() && status.want == b'd'
                });
                side.log("status", status);
                side.log_output(&supervise);
            },
        )
        .without_files(),
        Case::scenario("a service that ends at once, once", |side| {
            side.file("x/down", "");
            side.service("x", "echo started >> log");
            let supervise = side.supervise("x");
            for starts in 1..=2 {
                side.control("x", b"o");
                side.until("it ran", || {
                    side.read("x/log").len() == 8 * starts
                        && side.status("x").is_some_and(|status| status.is_down())
                        && side.unread_control("x") == 0
                });
                side.log("status", side.status("x").expect("a record"));
            }
            side.control("x", b"x");
            side.log("end", supervise.wait());
        }),
        Case::scenario("a crash loop goes down and exits", |side| {
            side.service("x", "kill -SEGV $$");
            let supervise = side.supervise("x");
            side.control("x", b"dx");
            side.log("end", supervise.wait());
            side.log("status", side.status("x").expect("a record"));
            side.log_output(&supervise);
        }),
        Case::scenario("the service directory moved away and back", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.until_rest("x", &supervise);
            side.rename("x", "y");
            side.log_command("y", &supervise, b"t");
            side.rename("y", "x");
            side.log_command("x", &supervise, b"t");
        }),
        Case::scenario("a new run is taken at the next start", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            let rest = side.until_rest("x", &supervise);
            side.service("new", "echo new > mark\nexec sleep 1000");
            side.rename("new/run", "x/run");
            side.control("x", b"t");
            side.until_restarted("x", rest.status.pid);
            side.until("the new run", || side.read("x/mark") == b"new\n");
            side.log("status", side.status("x").expect("a record"));
        }),
        Case::scenario("every record that a reader sees is whole", |side| {
            side.recorder("x");
            let supervise = side.supervise("x");
            side.until_rest("x", &supervise);
            let path = side.path("x/supervise/status");
            let mut looks = 0;
            for commands in [&b"pcpcpcpcpcpc"[..], b"ouououououou", b"k"] {
                side.control("x", commands);
                while side.unread_control("x") != 0 {
                    let length = std::fs::read(&path).expect("always a record").len();
                    assert_eq!(length, 18);
                    looks += 1;
                    std::thread::sleep(Duration::from_micros(100));
                }
            }
            assert!(looks > 0 || side.unread_control("x") == 0);
            side.log("rest", side.until_rest("x", &supervise));
        })
        .without_files(),
    ]
}
