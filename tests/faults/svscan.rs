//! svscan is killed, and its successor takes over the supervises and their pipes.

mod places;

use std::fs;
use std::path::{Path, PathBuf};

use conformance::process::Entry;
use conformance::service::unread;
use conformance::{Case, Proc, Side, Status, Whose};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(crate) const SLEEPER: &str = "exec sleep 1000";
/// A service that prints the lines of its FIFO `in`.
pub(crate) const ECHO: &str = "exec cat 0<>in";
/// A logger that keeps every line.
pub(crate) const KEEP: &str = "exec cat >>lines";

const QUIET: &[&str] = &["stderr:"];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::scenario("killed, everything keeps its pid and its pipe", |side| {
            let (first, before) = started(side);
            end(&first);
            say(side, "between");
            let second = successor(side);
            say(side, "after");
            side.until("all lines", || lines(side) == "before\nbetween\nafter\n");
            side.log("same pids", pids(side) == before);
            side.log_bytes("stderr", &second.stderr());
        })
        .promises(&["same pids: true", "stderr:"]),
        Case::scenario("a service that is new to it is started", |side| {
            let (first, _) = started(side);
            end(&first);
            side.service("s/z", SLEEPER);
            let second = successor(side);
            side.until_status("s/z", "up", Status::is_up);
            side.log_bytes("stderr", &second.stderr());
        })
        .promises(QUIET),
        Case::scenario("killed many times while the tree starts", |side| {
            // In each round the supervises are at another point of their start.
            tree(side);
            for round in 0..20_u32 {
                let svscan = side.command(["svscan", "s"]).spawn();
                std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 500));
                end(&svscan);
            }
            let _last = successor(side);
            say(side, "line");
            side.until("the line", || lines(side) == "line\n");
            for dir in ["s/x", "s/x/log", "s/y"] {
                side.until("one supervise", || supervises(side, dir).len() == 1);
            }
        })
        .promises(&[]),
        Case::scenario("two at once: the second waits, and takes over", |side| {
            let (first, before) = started(side);
            let second = side.command(["svscan", "s"]).spawn();
            side.until("it waits", || !second.stderr().is_empty());
            side.service("new", SLEEPER);
            side.rename("new", "s/z");
            side.until_status("s/z", "up", Status::is_up);
            end(&first);
            has_pipe(side, &second);
            say(side, "after");
            side.until("all lines", || lines(side) == "before\nafter\n");
            side.log("same pids", pids(side) == before);
            side.log_bytes("stderr", &second.stderr());
            second.signal(Signal::SIGTERM);
            side.log("end", second.wait());
        })
        .promises(&[
            "same pids: true",
            "stderr: svscan: warning: another svscan runs in this directory, waiting for its end",
            "end: killed by SIGTERM",
        ]),
        Case::scenario("one that waits can be told to stop", |side| {
            let (_first, before) = started(side);
            let second = side.command(["svscan", "--orderly", "s"]).spawn();
            side.until("it waits", || !second.stderr().is_empty());
            second.signal(Signal::SIGTERM);
            side.log("end", second.wait());
            side.log("same pids", pids(side) == before);
        })
        .promises(&["end: exit 0", "same pids: true"]),
    ];

    cases.extend([hangs(), takeover_is_told(), changes()]);
    cases.extend(ends());
    cases.extend(losses());
    cases.extend(takeovers());
    cases.extend(doubts());
    cases.extend(places::cases());
    cases
}

/// The exec of one supervise hangs.
fn hangs() -> Case {
    Case::scenario("an exec that hangs delays no other service", |side| {
        let hung = side.hung("fs", &[("supervise", &side.bin("supervise"))]);
        hung.stop();
        tree(side);
        // The name of a logger's supervise is searched in PATH from within the service
        // directory.
        side.symlink(side.path("fs"), "s/x/hung");
        let bin = bin(side, "svscan");
        let bin = Path::new(&bin).parent().expect("a directory").display();
        let svscan = hung.command(side, &["svscan", "s"]);
        let svscan = svscan.env_clear();
        let svscan = svscan.env(format!("PATH=hung:{bin}:/usr/bin:/bin")).spawn();
        for dir in ["s/x", "s/y"] {
            side.until_status(dir, "up", Status::is_up);
        }
        side.service("new", SLEEPER);
        side.rename("new", "s/z");
        side.until_status("s/z", "up", Status::is_up);
        let old = supervises(side, "s/x");
        kill_all(&old);
        another(side, "s/x", &old);
        side.log("the logger waits", supervises(side, "s/x/log").is_empty());
        say(side, "line");
        hung.go_on();
        side.until("its line", || lines(side) == "line\n");
        side.log_bytes("stderr", &svscan.stderr());
    })
    .needs(conformance::case::Need::Namespaces)
    .without_files()
}

/// A supervise is told that another svscan has taken over.
fn takeover_is_told() -> Case {
    Case::scenario("a supervise that is taken over is told so", |side| {
        side.service("s/x", SLEEPER);
        let dir = |name: &str| format!("s/x/supervise/{name}");
        side.hold(side.fifo_reader(dir("ok")));
        side.hold(side.fifo_reader(dir("control")));
        side.file(dir("lock"), "");
        let script = "open(L, '<', 'supervise/lock') or die; flock(L, 2) or die; \
                      $0 = 'supervise'; sleep 1000";
        let supervise = side.command(["/usr/bin/perl", "-e", script]).cwd("s/x");
        let supervise = supervise.spawn();
        let comm = format!("/proc/{}/comm", supervise.pid());
        side.until("its name", || {
            fs::read(&comm).is_ok_and(|name| name == b"supervise\n")
        });
        let _svscan = side.command(["svscan", "s"]).spawn();
        side.until("a byte", || side.unread_control("s/x") > 0);
        side.log_control("s/x");
    })
    .needs(conformance::case::Need::Pidfds)
    .promises(&["s/x/supervise/control: ."])
}

/// Names are made and removed faster than svscan reads them, so it always has something to
/// read.
fn changes() -> Case {
    Case::scenario(
        "ends are handled while the directory changes without end",
        |side| {
            let (svscan, _) = started(side);
            let churn = "while :; do : >s/.a; : >s/.b; rm s/.a s/.b; done";
            let _churn = [0, 1].map(|_| side.command(["/bin/sh", "-c", churn]).spawn());
            // Slow enough that there is a name whenever svscan waits.
            let pid = format!("-p{}", svscan.pid());
            let slow = [
                "/usr/bin/strace",
                "-qq",
                "-o/dev/null",
                "-etrace=read",
                "-einject=read:delay_exit=50000",
                &pid,
            ];
            let _strace = side.command(slow).spawn();
            let status = format!("/proc/{}/status", svscan.pid());
            side.until("the tracer", || {
                fs::read_to_string(&status).is_ok_and(|text| !text.contains("TracerPid:\t0\n"))
            });
            for dir in ["s/x", "s/x/log", "s/y"] {
                let old = supervises(side, dir);
                kill_all(&old);
                another(side, dir, &old);
            }
        },
    )
    .needs(conformance::case::Need::Strace)
    .without_files()
}

/// The end of a supervise that was taken over is handled.
fn ends() -> Vec<Case> {
    let dies = |dir: &'static str, end: &'static str| {
        Case::scenario(
            format!("the supervise of {dir} dies: back on the same pipe"),
            move |side| {
                let (first, before) = started(side);
                self::end(&first);
                let second = successor(side);
                let old = supervises(side, dir);
                let pipe = link(old[0], end);
                kill_all(&old);
                let new = another(side, dir, &old);
                side.log("same pipe", link(new, end) == pipe);
                side.log("our child", is_child(new, &second));
                say(side, "after");
                side.until("all lines", || lines(side) == "before\nafter\n");
                side.log("same pids", pids(side) == before);
                side.log_bytes("stderr", &second.stderr());
            },
        )
        .promises(&[
            "same pipe: true",
            "our child: true",
            "same pids: true",
            "stderr:",
        ])
    };
    vec![
        dies("s/x", "1"),
        dies("s/x/log", "0"),
        Case::scenario("supervises that die again and again lose no line", |side| {
            let (first, before) = started(side);
            end(&first);
            let _second = successor(side);
            let mut said = "before\n".to_owned();
            for round in 0..6 {
                let dir = ["s/x", "s/x/log"][round % 2];
                let old = supervises(side, dir);
                kill_all(&old);
                say(side, &round.to_string());
                said.push_str(&format!("{round}\n"));
                another(side, dir, &old);
            }
            side.until("all lines", || lines(side) == said);
            side.log("same pids", pids(side) == before);
        })
        .promises(&["same pids: true"]),
    ]
}

/// svscan is killed together with others.
fn losses() -> Vec<Case> {
    let lost = |name: &'static str, dirs: &'static [&'static str], processes: bool| {
        Case::scenario(name, move |side| {
            let (first, before) = started(side);
            let pipe = link(supervises(side, "s/x")[0], "1");
            end(&first);
            let mut dead: Vec<i32> = dirs.iter().flat_map(|dir| supervises(side, dir)).collect();
            if processes {
                dead.extend(dirs.iter().map(|dir| pid_of(side, dir)));
            }
            kill_all(&dead);
            // A service that prints to a pipe without a reader dies of SIGPIPE; one that
            // was killed prints nothing.
            if !processes {
                say(side, "between");
            }
            let second = side.command(["svscan", "s"]).spawn();
            for dir in dirs {
                another(side, dir, &dead);
            }
            side.until("the pipe", || has(&second, &pipe));
            for dir in dirs {
                side.until_status(dir, "up", |now| {
                    now.is_up() && (!processes || !dead.contains(&now.pid.cast_signed()))
                });
            }
            say(side, "after");
            side.until("the last line", || lines(side).ends_with("after\n"));
            side.log_bytes("lines", lines(side).replace('\n', " ").trim().as_bytes());
            side.log("same pids", pids(side) == before);
            side.log_bytes("stderr", &second.stderr());
        })
    };
    vec![
        lost(
            "with the service's supervise: the pipe comes from the logger",
            &["s/x"],
            false,
        )
        .promises(&["lines: before between after", "same pids: true", "stderr:"]),
        lost(
            "with the logger's supervise: the pipe comes from the service",
            &["s/x/log"],
            false,
        )
        .promises(&["lines: before between after", "same pids: true", "stderr:"]),
        lost(
            "with both supervises: the pipe comes from their processes",
            &["s/x", "s/x/log"],
            false,
        )
        .promises(&["lines: before between after", "same pids: true", "stderr:"]),
        lost(
            "with the logger and its supervise: a new one on the same pipe",
            &["s/x/log"],
            true,
        )
        .promises(&["lines: before after", "same pids: false", "stderr:"]),
        lost(
            "with the service and its supervise: a new one on the same pipe",
            &["s/x"],
            true,
        )
        .promises(&["lines: before after", "same pids: false", "stderr:"]),
        Case::scenario("a service on a pipe without a reader is connected again", |side| {
            // The reference's svscan on a tree that already runs.
            let (first, _) = started(side);
            let pipe = link(supervises(side, "s/x")[0], "1");
            end(&first);
            let other = side.command_of(Whose::Reference, ["svscan", "s"]).spawn();
            side.until("its complaint", || !other.stderr().is_empty());
            let old = supervises(side, "s/x");
            kill_all(&old);
            // The new supervise has the other pipe; so does the service after its restart.
            let mut new = 0;
            side.until("another pipe", || {
                let found = supervises(side, "s/x");
                new = found.first().copied().unwrap_or(0);
                new != 0 && link(new, "1") != pipe && side.is_supervised("s/x")
            });
            let before = side.status("s/x").expect("a record");
            side.control("s/x", b"k");
            side.until_restarted("s/x", before.pid);
            let lost = link(new, "1");
            // The service prints it while at least svscan has the reading end of the pipe.
            say(side, "unread");
            side.until("it is printed", || taken(side));
            end(&other);
            let ours = side.command(["svscan", "s"]).spawn();
            side.until("the pipe", || has(&ours, &lost));
            say(side, "read");
            side.until("all lines", || lines(side) == "before\nunread\nread\n");
            side.log_bytes("stderr", &ours.stderr());
        })
        .promises(&[
            "stderr: svscan: warning: x: its logger reads another pipe, and joins it when that has ended",
        ]),
    ]
}

/// The replacement of the C original by ours.
fn takeovers() -> Vec<Case> {
    vec![
        Case::scenario("from the C original, one process after the other", |side| {
            tree(side);
            let bin = side.bin_of(Whose::Reference, "svscan");
            let bin = bin.parent().expect("a directory").display();
            let theirs = side
                .command_of(Whose::Reference, ["svscan", "s"])
                .env_clear()
                .env(format!("PATH={bin}:/usr/bin:/bin"))
                .spawn();
            up(side);
            let before = pids(side);
            say(side, "0");
            side.until("its line", || lines(side) == "0\n");
            let mut said = "0\n".to_owned();
            let mut line = |number: u32| {
                said.push_str(&format!("{number}\n"));
                say(side, &number.to_string());
                said.clone()
            };
            end(&theirs);
            line(1);
            let ours = successor(side);
            line(2);
            let program = self::bin(side, "supervise");
            for (number, dir) in (3..).zip(["s/x", "s/x/log", "s/y"]) {
                let old = supervises(side, dir);
                kill_all(&old);
                line(number);
                let new = another(side, dir, &old);
                let exe = fs::read_link(format!("/proc/{new}/exe")).expect("it runs");
                assert_eq!(exe.to_string_lossy(), program, "ours");
            }
            let all = line(6);
            side.until("all lines", || lines(side) == all);
            side.log("same pids", pids(side) == before);
            side.log_bytes("stderr", &ours.stderr());
        })
        .promises(&["same pids: true", "stderr:"]),
    ]
}

/// A failure is reported once.
fn doubts() -> Vec<Case> {
    let without = |call: &'static str, text: &'static str| {
        Case::scenario(
            format!("without {call} it reports that once and runs on"),
            move |side| {
                let (first, before) = started(side);
                end(&first);
                let program = side.bin("svscan");
                let inject = format!("-einject={call}:error=ENOSYS");
                let strace = ["/usr/bin/strace", "-o/dev/null", &inject];
                let words = strace.iter().map(AsRef::as_ref);
                let words = words.chain([program.as_os_str(), "s".as_ref()]);
                let second = side.command(words).spawn();
                let acquire = "unable to acquire";
                side.until("it tries as the reference", || {
                    String::from_utf8_lossy(&second.stderr())
                        .matches(acquire)
                        .count()
                        >= 4
                });
                say(side, "after");
                side.until("all lines", || lines(side) == "before\nafter\n");
                side.log("same pids", pids(side) == before);
                let stderr = String::from_utf8_lossy(&second.stderr()).into_owned();
                for line in stderr.lines().filter(|line| line.starts_with("svscan")) {
                    let name = line.split(": ").last().expect("a part");
                    side.log("says", line.replace(name, "WHY"));
                }
            },
        )
        .needs(conformance::case::Need::Strace)
        .promises(&["same pids: true", text])
    };
    vec![without(
        "pidfd_open",
        "says: svscan: warning: unable to take over running supervises: x: WHY",
    )]
}

/// A service with a logger and one without, in `s`.
pub(crate) fn tree(side: &Side) {
    side.service("s/x", ECHO);
    side.fifo("s/x/in");
    side.service("s/x/log", KEEP);
    side.service("s/y", SLEEPER);
}

fn up(side: &Side) {
    for dir in ["s/x", "s/x/log", "s/y"] {
        side.until_status(dir, "up", Status::is_up);
        side.until("it is supervised", || side.is_supervised(dir));
    }
}

/// The tree under svscan, with one line logged; gives the pids too.
pub(crate) fn started(side: &Side) -> (Proc, [u32; 3]) {
    tree(side);
    let svscan = side.command(["svscan", "s"]).spawn();
    up(side);
    say(side, "before");
    side.until("its line", || lines(side) == "before\n");
    (svscan, pids(side))
}

/// Starts another svscan, which has taken over when this returns.
fn successor(side: &Side) -> Proc {
    let svscan = side.command(["svscan", "s"]).spawn();
    has_pipe(side, &svscan);
    svscan
}

/// Waits until a svscan has taken over.
fn has_pipe(side: &Side, svscan: &Proc) {
    side.until("svscan has the pipe", || {
        let found = supervises(side, "s/x");
        found.len() == 1 && has(svscan, &link(found[0], "1"))
    });
}

fn end(process: &Proc) {
    process.signal(Signal::SIGKILL);
    let _ = process.wait();
}

pub(crate) fn kill_all(pids: &[i32]) {
    for &pid in pids {
        match kill(Pid::from_raw(pid), Signal::SIGKILL) {
            // A supervise that could not get the lock has exited since it was found.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{pid} can't be killed: {error}"),
        }
    }
}

/// Makes the service `x` print a line.
pub(crate) fn say(side: &Side, line: &str) {
    let path = side.path("s/x/in");
    let mut options = fs::OpenOptions::new();
    let mut file = options.read(true).write(true).open(path).expect("a FIFO");
    // Kept open: a FIFO that no process has open loses its bytes.
    std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).expect("room");
    side.hold(file);
}

/// Whether the service has printed all lines of its FIFO and waits for more.
fn taken(side: &Side) -> bool {
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).write(true).open(side.path("s/x/in"));
    let empty = unread(&file.expect("a FIFO")) == 0;
    empty && Entry::of(pid_of(side, "s/x")).is_some_and(|entry| entry.state == 'S')
}

/// The lines in its log.
pub(crate) fn lines(side: &Side) -> String {
    fs::read_to_string(side.path("s/x/log/lines")).unwrap_or_default()
}

fn pid_of(side: &Side, dir: &str) -> i32 {
    side.status(dir).expect("a record").pid.cast_signed()
}

pub(crate) fn pids(side: &Side) -> [u32; 3] {
    ["s/x", "s/x/log", "s/y"].map(|dir| side.status(dir).expect("a record").pid)
}

fn bin(side: &Side, name: &str) -> String {
    side.bin(name).display().to_string()
}

/// The supervises that work in a directory.
pub(crate) fn supervises(side: &Side, dir: &str) -> Vec<i32> {
    let dir: PathBuf = side.path(dir);
    let is_it = |process: &Path| {
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == dir)
            && fs::read(process.join("comm")).is_ok_and(|name| name == b"supervise\n")
            && fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with("supervise"))
    };
    let table = fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let found = table.filter(|entry| is_it(&entry.path()));
    let pids = found.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| Entry::of(pid).is_some_and(|entry| entry.state != 'Z'))
        .collect()
}

/// Waits for a supervise of a directory that is none of `old`.
pub(crate) fn another(side: &Side, dir: &str, old: &[i32]) -> i32 {
    let mut new = None;
    side.until("another supervise", || {
        let found = supervises(side, dir);
        new = found.into_iter().find(|pid| !old.contains(pid));
        new.is_some() && side.is_supervised(dir)
    });
    new.expect("until returns when it is there")
}

fn is_child(pid: i32, parent: &Proc) -> bool {
    Entry::of(pid).is_some_and(|entry| entry.parent.as_raw() == parent.pid())
}

pub(crate) fn link(pid: i32, number: &str) -> String {
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}"));
    link.map(|link| link.display().to_string())
        .unwrap_or_default()
}

/// Whether a process has a pipe open, twice: both ends.
pub(crate) fn has(process: &Proc, pipe: &str) -> bool {
    let Ok(fds) = fs::read_dir(format!("/proc/{}/fd", process.pid())) else {
        return false;
    };
    let links = fds.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    pipe.starts_with("pipe:") && links.filter(|link| link.to_string_lossy() == pipe).count() == 2
}
