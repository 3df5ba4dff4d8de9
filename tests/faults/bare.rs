//! Old and restricted kernels: without pidfds, inotify, epoll and other newer calls;
//! without `/proc`. Everything works as in the reference; a missing proof is reported.

use conformance::case::Need;
use conformance::{Case, Cmd, PIDS, Proc, SECONDS, Side, Status};
use nix::sys::signal::Signal;

use crate::within;

const SLEEPER: &str = "exec sleep 1000";

/// The missing features.
#[derive(Clone, Copy, Debug)]
enum World {
    Calls,
    Proc,
    Both,
}

const WORLDS: [World; 3] = [World::Calls, World::Proc, World::Both];

impl World {
    const fn name(self) -> &'static str {
        match self {
            Self::Calls => "without new system calls",
            Self::Proc => "without /proc",
            Self::Both => "without both",
        }
    }

    const fn has_proc(self) -> bool {
        matches!(self, Self::Calls)
    }

    /// A command with this kernel.
    fn command<'a>(self, side: &'a Side, words: &[&str]) -> Cmd<'a> {
        let command = if self.has_proc() {
            side.command(words)
        } else {
            let program = side.bin(words[0]).display().to_string();
            let script = "mount -t tmpfs none /proc && exec \"$@\"";
            let unshare = [
                "/usr/bin/unshare",
                "-m",
                "/bin/sh",
                "-c",
                script,
                "sh",
                &program,
            ];
            side.command(unshare.iter().chain(&words[1..]))
        };
        match self {
            Self::Proc => command,
            Self::Calls | Self::Both => command.bare(),
        }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for world in WORLDS {
        cases.extend([tree(world), commands(world), logger(world)]);
        cases.extend([unproven_service(world), unproven_tree(world)]);
    }
    let needs = |case: Case| case.needs(Need::Namespaces).without_files();
    cases.into_iter().map(needs).collect()
}

/// svscan with old services, new ones, and ones that die.
fn tree(world: World) -> Case {
    Case::scenario(
        format!("a tree under svscan, {}", world.name()),
        move |side| {
            side.service("s/x", "echo line; exec sleep 1000");
            side.service("s/x/log", "exec multilog s4096 ./main");
            side.service("s/y", SLEEPER);
            let svscan = world.command(side, &["svscan", "s"]).spawn();
            let log = || side.read("s/x/log/main/current");
            side.until("a line", || log() == b"line\n");
            side.until_status("s/y", "up", Status::is_up);
            side.service("z", SLEEPER);
            side.rename("z", "s/z");
            side.until_status("s/z", "up", Status::is_up);
            side.service("s/w", SLEEPER);
            side.until_status("s/w", "up", Status::is_up);
            // Its supervise exits and is restarted on the same pipe.
            let before = side.status("s/x").expect("a record");
            world.command(side, &["svc", "-dx", "s/x"]).run();
            side.until_restarted("s/x", before.pid);
            side.until("another line", || log() == b"line\nline\n");
            svscan.signal(Signal::SIGTERM);
            side.log("end", svscan.wait());
            side.log("left", side.is_supervised("s/y"));
            // A logger reports that it has no journal if the kernel does not tell the
            // boot. A scan that comes between the making of w and of its run starts it
            // early, without inotify and in the reference.
            let stderr = String::from_utf8_lossy(&svscan.stderr()).into_owned();
            let others = stderr.lines().filter(|line| {
                !line.contains("unable to keep") && !line.contains("unable to start w/run")
            });
            side.log("stderr", others.collect::<Vec<_>>().join("\n"));
        },
    )
}

/// supervise, svc, svok, svstat.
fn commands(world: World) -> Case {
    Case::scenario(format!("every command, {}", world.name()), move |side| {
        side.recorder("x");
        let supervise = world
            .command(side, &["supervise", "x"])
            .spawn_until("supervise is ready", |_| side.is_supervised("x"));
        side.until_status("x", "up", Status::is_up);
        side.until_rest("x", &supervise);
        world.command(side, &["svstat", "x"]).run();
        for letter in ["-h", "-a", "-i", "-p", "-c", "-o", "-u", "-t", "-d", "-o"] {
            let offset = side.read("x/signals").len();
            let old = side.status("x").expect("a record");
            world.command(side, &["svc", letter, "x"]).run();
            match letter {
                "-t" => drop(side.until_restarted("x", old.pid)),
                "-o" if old.is_down() => drop(side.until_status("x", "up", Status::is_up)),
                _ => {}
            }
            side.log("rest", side.until_rest("x", &supervise));
            side.log("signals", side.recorded("x", offset));
        }
        world.command(side, &["svok", "x"]).run();
        world.command(side, &["svc", "-dx", "x"]).run();
        side.log("end", supervise.wait());
        world.command(side, &["svok", "x"]).run();
        world.command(side, &["svstat", "x"]).run();
        side.log_bytes("stderr", &supervise.stderr());
    })
    .normal(&[PIDS, SECONDS])
}

/// multilog: stamps, a processor, rotations, and an end.
fn logger(world: World) -> Case {
    let case = Case::scenario(format!("multilog, {}", world.name()), move |side| {
        let all = crate::sweep::multilog::numbered(300);
        let words = ["multilog", "s4096", "n100", "!cat", "./log"];
        let multilog = world.command(side, &words).stdin(all.clone()).spawn();
        side.log("end", multilog.wait());
        let log = side.path("log");
        side.log("all lines", crate::sweep::multilog::contents(&log) == all);
        side.log_bytes("stderr", &multilog.stderr());
    });
    if world.has_proc() {
        return case;
    }
    case.differs(
        "nothing tells one boot from another",
        &["stderr:"],
        &["stderr: multilog: warning: unable to keep ./log/.pending: system call not available"],
    )
}

/// A supervise that can't prove which process is the service.
fn unproven_service(world: World) -> Case {
    Case::scenario(
        format!("an adoption that it can't prove, {}", world.name()),
        move |side| {
            side.service("x", SLEEPER);
            let first = world.command(side, &["supervise", "x"]).spawn();
            let before = side.until_status("x", "up", Status::is_up);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let second = world.command(side, &["supervise", "x"]).spawn();
            side.until_restarted("x", before.pid);
            say(side, &second, &before.pid.to_string());
        },
    )
    .promises(&[
        "stderr: supervise: warning: unable to tell whether process N is x: not taking it over",
    ])
}

/// A svscan that can't find the running supervises. As in the reference, its own
/// supervises can't get the lock.
fn unproven_tree(world: World) -> Case {
    let text = match world {
        World::Calls => {
            "stderr: svscan: warning: unable to take over running supervises: x: system call not available"
        }
        World::Proc | World::Both => {
            "stderr: svscan: warning: unable to take over running supervises: x: file does not exist"
        }
    };
    Case::scenario(
        format!("a tree that it can't take over, {}", world.name()),
        move |side| {
            side.service("s/x", SLEEPER);
            let first = world.command(side, &["svscan", "s"]).spawn();
            let before = side.until_status("s/x", "up", Status::is_up);
            first.signal(Signal::SIGKILL);
            let _ = first.wait();
            let second = world.command(side, &["svscan", "s"]).spawn();
            let refused = "supervise: fatal: unable to acquire x/supervise/lock: temporary failure";
            let stderr = || String::from_utf8_lossy(&second.stderr()).into_owned();
            side.until("its refusal", || stderr().matches(refused).count() >= 2);
            side.log(
                "same pid",
                side.status("s/x").map(|now| now.pid) == Some(before.pid),
            );
            let own: Vec<_> = stderr()
                .lines()
                .filter(|line| line.starts_with("svscan"))
                .map(str::to_owned)
                .collect();
            side.log("stderr", own.join("\n"));
            // The new one gets the lock when the old one has ended.
            side.control("s/x", b"dx");
            side.log(
                "in charge",
                within(|| {
                    side.status("s/x")
                        .is_some_and(|now| now.is_up() && now.pid != before.pid)
                }),
            );
        },
    )
    .promises(&["same pid: true", text, "in charge: true"])
}

fn say(side: &Side, process: &Proc, pid: &str) {
    let stderr = String::from_utf8_lossy(&process.stderr()).replace(pid, "N");
    side.log("stderr", stderr.trim_end());
}
