//! svscan, svscanboot and svscan-stop against local users. (Other users' processes in
//! `/etc/service` are among the conformance cases of svscanboot, since the reference's has
//! no other directory.)

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;

use conformance::case::Need;
use conformance::service::unread;
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::Signal;

use crate::impostor::{self, called, is_undisturbed, locks};

const SLEEPER: &str = "exec sleep 1000";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        lock("nobody has locked the directory", "none", &locks(".")),
        lock(
            "nobody has locked the directory, in a process called svscan",
            "svscan",
            &locks("."),
        ),
    ];
    cases.extend(takeovers());
    cases.extend(controls());
    cases.push(stop());
    cases
}

/// A lock that needs only read permission on the directory.
fn lock(name: &'static str, called_as: &'static str, lines: &str) -> Case {
    let lines = lines.to_owned();
    Case::scenario(name, move |side| {
        side.service("s/x", SLEEPER);
        let stranger = called(side, called_as, "s", &lines).unprivileged();
        let stranger = impostor::start(side, stranger, called_as);
        let svscan = side.command(["svscan", "s"]).spawn();
        side.until_status("s/x", "up", Status::is_up);
        let said = String::from_utf8_lossy(&svscan.stderr()).into_owned();
        let pid = format!("process {}", stranger.pid());
        side.log("stderr", said.replace(&pid, "process N"));
    })
    .needs(Need::Root)
    .differs(
        "it would have locked the directory",
        &["stderr:"],
        &[
            "stderr: svscan: warning: the lock of this directory is held by process N, \
             which is not ours: going on without it",
        ],
    )
    .without_files()
}

/// Only our own processes are taken over.
fn takeovers() -> Vec<Case> {
    vec![
        Case::scenario("nobody's supervise in a directory that he owns", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/log", SLEEPER);
            let (_, write) = pipe(side);
            let pipe = link_of(&write);
            strangers_supervise(side, "s/x");
            let lines = format!(
                "sysopen(K, 'supervise/ok', O_RDWR); sysopen(C, 'supervise/control', O_RDWR); {}",
                locks("supervise/lock")
            );
            let supervise = called(side, "supervise", "s/x", &lines).unprivileged();
            let supervise = impostor::start(side, supervise.pass(1, write), "supervise");
            let svscan = side.command(["svscan", "s"]).spawn();
            side.until_status("s/x/log", "up", Status::is_up);
            let refused = b"supervise: fatal: unable to acquire x/supervise/lock";
            side.until("a supervise of its own", || {
                svscan
                    .stderr()
                    .windows(refused.len())
                    .any(|at| at == refused)
            });
            side.log("the stranger's pipe", has(&svscan, &pipe));
            side.log("undisturbed", is_undisturbed(&supervise));
            log_own(side, &svscan);
        })
        .needs(Need::Root)
        .differs(
            "it would have been taken over",
            &[],
            &["says: svscan: warning: unable to take over running supervises: x: no such process"],
        )
        .without_files(),
        Case::scenario("records that nobody has written", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/log", SLEEPER);
            // Two processes of root with a pipe between them.
            let (read, write) = pipe(side);
            let pipe = link_of(&read);
            let other = |number, end: File| {
                let sleep = side.command(["/bin/sleep", "1000"]);
                sleep.pass(number, end).spawn()
            };
            for (dir, process) in [("s/x", other(1, write)), ("s/x/log", other(0, read))] {
                let pid = process.pid().unsigned_abs();
                side.file(
                    format!("{dir}/supervise/status"),
                    Status::up(pid).ago(0).pack(),
                );
                side.give_away(format!("{dir}/supervise/status"));
                side.give_away(format!("{dir}/supervise"));
            }
            let svscan = side.command(["svscan", "s"]).spawn();
            for dir in ["s/x", "s/x/log"] {
                side.until("it is supervised", || side.is_supervised(dir));
            }
            side.log("their pipe", has(&svscan, &pipe));
            log_own(side, &svscan);
        })
        .needs(Need::Root)
        .differs(
            "it would have been believed",
            &[],
            &[
                "says: svscan: warning: supervise/ of x is writable by others: \
                 its record is not believed",
            ],
        )
        .without_files(),
        Case::scenario("a FIFO with a name is none of svscan's pipes", |side| {
            side.service("s/x", SLEEPER);
            let fifo = side.fifo("theirs");
            side.give_away("theirs");
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).open(&fifo).expect("a FIFO");
            let supervise = side.command(["supervise", "x"]).cwd("s").pass(1, file);
            let _supervise = supervise.spawn();
            side.until_status("s/x", "up", Status::is_up);
            side.service("s/x/log", SLEEPER);
            let svscan = side.command(["svscan", "s"]).spawn();
            side.until_status("s/x/log", "up", Status::is_up);
            side.log("the FIFO", has(&svscan, &fifo.display().to_string()));
        })
        .needs(Need::Root)
        .without_files(),
    ]
}

/// svscan writes only to its supervises.
fn controls() -> Vec<Case> {
    let planted = |name: &str, plant: fn(&Side) -> File| {
        Case::scenario(name, move |side| {
            side.service("s/x", SLEEPER);
            let svscan = side.command(["svscan", "--orderly", "s"]).spawn();
            side.until_status("s/x", "up", Status::is_up);
            // So that svscan changes nothing meanwhile.
            let supervise = supervise_of(&svscan);
            nix::sys::signal::kill(supervise, Signal::SIGSTOP).expect("it runs");
            let control = side.path("s/x/supervise/control");
            let own = File::options().read(true).write(true).open(&control);
            let own = own.expect("its FIFO");
            fs::remove_file(&control).expect("it is there");
            let victim = plant(side);
            svscan.signal(Signal::SIGTERM);
            side.until("the command", || unread(&own) > 0 || length(&victim) > 0);
            nix::sys::signal::kill(supervise, Signal::SIGCONT).expect("it runs");
            side.log("written elsewhere", length(&victim));
            side.log("end", svscan.wait());
        })
        .needs(Need::Root)
        .promises(&["written elsewhere: 0", "end: exit 0"])
    };
    vec![
        planted("a link in place of control is not followed", |side| {
            let fifo = side.fifo("victim");
            side.symlink(&fifo, "s/x/supervise/control");
            let mut options = OpenOptions::new();
            options.read(true).write(true).open(fifo).expect("a FIFO")
        }),
        planted("a file in place of control is not written", |side| {
            let path = side.file("s/x/supervise/control", "");
            File::open(path).expect("a file")
        }),
    ]
}

/// The script that stops a tree.
fn stop() -> Case {
    Case::scenario(
        "svscan-stop: nobody's svscan and svscanboot do not count",
        |side| {
            side.service("s/x", SLEEPER);
            let open = "sysopen(D, '.', O_RDONLY) or die;";
            let [one, two] = ["svscan", "svscanboot"].map(|name| {
                let stranger = called(side, name, "s", open).unprivileged();
                impostor::start(side, stranger, name)
            });
            let strangers = [one, two, impostor::su(side, "svscan", "s")];
            let svscan = side.command(["svscan", "s"]).spawn();
            side.until_status("s/x", "up", Status::is_up);
            side.until("it is supervised", || side.is_supervised("s/x"));
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../boot/svscan-stop");
            let script = fs::read_to_string(script).expect("the script");
            let bin = side.bin("svc");
            let bin = bin.parent().expect("a directory").display();
            let script = script.replace("\nbin=/usr/bin\n", &format!("\nbin={bin}\n"));
            side.executable("svscan-stop", script);
            let stop = side.command(["./svscan-stop", "-t", "20", "s"]).spawn();
            side.log("end", stop.wait());
            side.log_bytes("stderr", &stop.stderr());
            side.log("svscan", svscan.wait());
            side.log(
                "strangers",
                strangers.iter().filter(|one| is_undisturbed(one)).count(),
            );
        },
    )
    .needs(Need::Root)
    .promises(&[
        "end: exit 0",
        "stderr:",
        "svscan: killed by SIGTERM",
        "strangers: 3",
    ])
}

/// A `supervise/` with its files, all owned by nobody.
fn strangers_supervise(side: &Side, dir: &str) {
    for name in ["ok", "control"] {
        side.fifo(format!("{dir}/supervise/{name}"));
    }
    side.file(format!("{dir}/supervise/lock"), "");
    for name in ["/ok", "/control", "/lock", ""] {
        side.give_away(format!("{dir}/supervise{name}"));
    }
}

/// A pipe that stays open to the end of the case.
fn pipe(side: &Side) -> (File, File) {
    let (read, write) = side.pipe();
    for end in [&read, &write] {
        side.hold(end.try_clone().expect("a descriptor"));
    }
    (read, write)
}

fn link_of(file: &File) -> String {
    let link = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    link.expect("an open file").display().to_string()
}

/// Whether a process has a file open.
fn has(process: &Proc, file: &str) -> bool {
    let fds = fs::read_dir(format!("/proc/{}/fd", process.pid())).expect("it runs");
    let mut links = fds.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    links.any(|link| link.to_string_lossy() == file)
}

/// Logs svscan's own messages.
fn log_own(side: &Side, svscan: &Proc) {
    let said = String::from_utf8_lossy(&svscan.stderr()).into_owned();
    for line in said.lines().filter(|line| line.starts_with("svscan: ")) {
        side.log("says", line);
    }
}

fn supervise_of(svscan: &Proc) -> nix::unistd::Pid {
    let all = conformance::process::all();
    let child = all
        .iter()
        .find(|entry| entry.parent.as_raw() == svscan.pid());
    child.expect("a supervise").pid
}

/// The number of bytes in a FIFO or a file.
fn length(file: &File) -> u64 {
    let about = file.metadata().expect("facts");
    match about.is_file() {
        true => about.len(),
        false => u64::from(unread(file).unsigned_abs()),
    }
}
