//! svscan: which directories become services, and pipes that outlive both ends.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use conformance::case::Need;
use conformance::process::{Entry, all};
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = arguments();
    cases.extend(entries());
    cases.extend(changes());
    cases.extend(logs());
    cases.extend(pipes());
    cases.extend(life());
    cases
}

const SLEEPER: &str = "exec sleep 1000";

/// svscan on `s`, and all of these up.
fn scan(side: &Side, up: &[&str]) -> Proc {
    side.mkdir("s");
    let svscan = side.command(["svscan", "s"]).spawn();
    for name in up {
        side.until_status(format!("s/{name}"), "up", Status::is_up);
    }
    svscan
}

/// Logs the different lines that a tree said, sorted: which process was first,
/// and how often it said so, differs from run to run.
fn log_said(side: &Side, svscan: &Proc) {
    let text = svscan.stderr();
    let lines: BTreeSet<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        side.log_bytes("said", line);
    }
}

/// Waits until svscan has looked at its directory again: a service that it did
/// not know before is up.
fn until_scanned(side: &Side, marker: &str) {
    // Made elsewhere and moved, for svscan must not see it half done.
    side.service("new", SLEEPER);
    side.rename("new", format!("s/{marker}"));
    side.until_status(format!("s/{marker}"), "up", Status::is_up);
}

fn supervised(side: &Side, name: &str) {
    side.log(
        &format!("{name} supervised"),
        side.is_supervised(format!("s/{name}")),
    );
}

fn arguments() -> Vec<Case> {
    vec![
        Case::new("no such directory").run(["svscan", "s"]),
        Case::new("a file")
            .setup(|side| {
                side.file("s", "");
            })
            .run(["svscan", "s"]),
        Case::new("an option is a name").run(["svscan", "-x"]),
        Case::new("two dashes are a name").run(["svscan", "--", "s"]),
        Case::new("an empty name").run(["svscan", ""]),
        Case::new("no permission to enter").then(|side| {
            side.mkdir("s");
            side.mode("s", 0);
            side.command(["svscan", "s"]).unprivileged().run();
            side.mode("s", 0o755);
        }),
        Case::scenario("the working directory without an argument", |side| {
            side.service("s/x", SLEEPER);
            let svscan = side.command(["svscan"]).cwd("s").spawn();
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("further arguments do not count", |side| {
            side.service("s/x", SLEEPER);
            side.service("t/x", SLEEPER);
            let svscan = side.command(["svscan", "s", "t"]).spawn();
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            until_scanned(side, "again");
            side.log("t", side.exists("t/x/supervise"));
            log_said(side, &svscan);
        }),
        Case::scenario("its working directory is the scan directory", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let cwd = fs::read_link(format!("/proc/{}/cwd", svscan.pid())).expect("it runs");
            side.log("directory", cwd.display());
            let comm = fs::read(format!("/proc/{}/comm", svscan.pid())).expect("it runs");
            side.log_bytes("name", &comm);
        }),
        Case::scenario("supervise gets one argument, the name", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/log", "exec cat");
            let svscan = scan(side, &["x", "x/log"]);
            let mut seen = BTreeSet::new();
            for entry in all()
                .iter()
                .filter(|entry| entry.parent.as_raw() == svscan.pid())
            {
                let pid = entry.pid;
                let words = fs::read(format!("/proc/{pid}/cmdline")).expect("it runs");
                let cwd = fs::read_link(format!("/proc/{pid}/cwd")).expect("it runs");
                seen.insert((words, cwd));
            }
            for (words, cwd) in seen {
                side.log_bytes("child", &words);
                side.log("in", cwd.display());
            }
        }),
    ]
}

fn entries() -> Vec<Case> {
    vec![
        Case::scenario(
            "dot names, files and links to files are not services",
            |side| {
                side.service("s/x", SLEEPER);
                side.service("s/.hidden", SLEEPER);
                side.service("s/..two", SLEEPER);
                side.file("s/file", "");
                side.executable("s/run", "#!/bin/sh\n");
                side.symlink("file", "s/link");
                side.fifo("s/fifo");
                let svscan = scan(side, &["x"]);
                until_scanned(side, "again");
                log_said(side, &svscan);
            },
        ),
        Case::scenario("links are followed", |side| {
            side.service("elsewhere/x", SLEEPER);
            side.service("elsewhere/.dot", SLEEPER);
            side.mkdir("s");
            side.symlink("../elsewhere/x", "s/relative");
            side.symlink(side.path("elsewhere/.dot"), "s/absolute");
            let svscan = scan(side, &["relative", "absolute"]);
            log_said(side, &svscan);
        }),
        Case::scenario("links that lead nowhere are said", |side| {
            side.service("s/x", SLEEPER);
            side.symlink("gone", "s/dangling");
            side.symlink("loop", "s/loop");
            side.symlink("x/run/beneath", "s/beneath");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
        }),
        Case::scenario("two links to one directory are one service", |side| {
            side.service("elsewhere", SLEEPER);
            side.mkdir("s");
            side.symlink("../elsewhere", "s/a");
            side.symlink("../elsewhere", "s/b");
            let svscan = scan(side, &["a"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("children", children(&svscan));
        }),
        Case::scenario("names of odd bytes", |side| {
            for name in [
                &b"a b"[..],
                b"line\nbreak",
                b"\xff\xfe",
                b"-d",
                b"*",
                b"'\"",
            ] {
                let name = side.path("s").join(OsStr::from_bytes(name));
                side.executable(name.join("run"), format!("#!/bin/sh\n{SLEEPER}\n"));
            }
            let svscan = side.command(["svscan", "s"]).spawn();
            for name in [
                &b"a b"[..],
                b"line\nbreak",
                b"\xff\xfe",
                b"-d",
                b"*",
                b"'\"",
            ] {
                let path = side.path("s").join(OsStr::from_bytes(name));
                side.log_bytes("name", name);
                side.log("status", side.until_status(path, "up", Status::is_up));
            }
            log_said(side, &svscan);
        }),
        Case::scenario("a name of 255 bytes", |side| {
            let name = "n".repeat(255);
            side.service(&format!("s/{name}"), SLEEPER);
            let svscan = scan(side, &[&name]);
            log_said(side, &svscan);
        }),
        Case::scenario("a name of 255 bytes with a log", |side| {
            let name = "n".repeat(255);
            side.service(&format!("s/{name}"), SLEEPER);
            side.service(&format!("s/{name}/log"), "exec cat > out");
            let svscan = scan(side, &[&name, &format!("{name}/log")]);
            log_said(side, &svscan);
        }),
        Case::scenario("hundreds of services", |side| {
            for number in 0..200 {
                side.service(&format!("s/x{number}"), SLEEPER);
                side.file(format!("s/x{number}/down"), "");
            }
            let svscan = scan(side, &[]);
            side.until("all are supervised", || {
                (0..200).all(|number| side.status(format!("s/x{number}")).is_some())
            });
            side.log("children", children(&svscan));
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a directory without run", |side| {
            side.service("s/x", SLEEPER);
            side.mkdir("s/empty");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a service that is down stays down", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            side.file("s/x/down", "");
            let _svscan = scan(side, &["y"]);
            until_scanned(side, "again");
            side.log("x", side.status("s/x").expect("a record"));
        }),
        Case::scenario("a scan directory that cannot be read", |side| {
            side.mkdir("s");
            side.mode("s", 0o711);
            let svscan = side.command(["svscan", "s"]).unprivileged().spawn();
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
            side.log("ended", svscan.ended().is_some());
        })
        .needs(Need::Root),
        Case::scenario("a service that cannot be supervised", |side| {
            side.service("s/x", SLEEPER);
            side.file("s/x/supervise", "in the way");
            side.service("s/y", SLEEPER);
            let svscan = scan(side, &["y"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        }),
    ]
}

fn children(svscan: &Proc) -> usize {
    let table = all();
    table
        .iter()
        .filter(|entry| entry.parent.as_raw() == svscan.pid() && entry.state != 'Z')
        .count()
}

fn changes() -> Vec<Case> {
    vec![
        Case::scenario(
            "an empty directory does not end it, and a new service is found",
            |side| {
                let svscan = scan(side, &[]);
                until_scanned(side, "first");
                until_scanned(side, "second");
                side.log("ended", svscan.ended().is_some());
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a supervise that is gone is started again", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let old = side.status("s/x").expect("a record");
            side.control("s/x", b"dx");
            let new = side.until_restarted("s/x", old.pid);
            side.log("x", new);
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a service hidden and told to exit is not started again",
            |side| {
                side.service("s/x", SLEEPER);
                side.service("s/x/log", "exec cat > out");
                let svscan = scan(side, &["x", "x/log"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/.x");
                until_scanned(side, "again");
                assert_eq!(
                    side.status("s/.x"),
                    Some(before),
                    "the move disturbs nothing"
                );
                // As the manual page says: from within the moved directory.
                side.command(["svc", "-dx", ".", "log"]).cwd("s/.x").run();
                side.until("both are gone", || {
                    !side.is_supervised("s/.x") && !side.is_supervised("s/.x/log")
                });
                until_scanned(side, "once more");
                supervised(side, ".x");
                supervised(side, ".x/log");
                log_said(side, &svscan);
            },
        ),
        Case::scenario(
            "a link hidden and told to exit is not started again",
            |side| {
                side.service("elsewhere/x", SLEEPER);
                side.mkdir("s");
                side.symlink("../elsewhere/x", "s/x");
                let svscan = scan(side, &["x"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/.x");
                until_scanned(side, "again");
                assert_eq!(
                    side.status("s/.x"),
                    Some(before),
                    "the move disturbs nothing"
                );
                side.control("s/.x", b"dx");
                side.until("it is gone", || !side.is_supervised("s/.x"));
                until_scanned(side, "once more");
                supervised(side, ".x");
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a link to another directory is another service", |side| {
            side.service("one", SLEEPER);
            side.service("two", SLEEPER);
            side.mkdir("s");
            side.symlink("../one", "s/x");
            let svscan = scan(side, &["x"]);
            let before = side.status("one").expect("a record");
            side.symlink("../two", "s/.next");
            side.rename("s/.next", "s/x");
            side.log("two", side.until_status("two", "up", Status::is_up));
            assert_eq!(side.status("one"), Some(before), "the old one goes on");
            log_said(side, &svscan);
        }),
        Case::scenario("a renamed service is the same service", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let before = side.status("s/x").expect("a record");
            side.rename("s/x", "s/y");
            until_scanned(side, "again");
            assert_eq!(side.status("s/y"), Some(before), "it goes on");
            side.log("children", children(&svscan));
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a renamed service that exits comes back under its new name",
            |side| {
                side.service("s/x", SLEEPER);
                let svscan = scan(side, &["x"]);
                let before = side.status("s/x").expect("a record");
                side.rename("s/x", "s/y");
                until_scanned(side, "again");
                side.control("s/y", b"dx");
                side.until_restarted("s/y", before.pid);
                side.log("children", children(&svscan));
                log_said(side, &svscan);
            },
        ),
        Case::scenario("a service removed after its end is forgotten", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            let svscan = scan(side, &["x", "y"]);
            side.rename("s/x", "s/.x");
            until_scanned(side, "again");
            side.control("s/.x", b"dx");
            side.until("it is gone", || !side.is_supervised("s/.x"));
            side.remove("s/.x");
            until_scanned(side, "once more");
            log_said(side, &svscan);
            side.log("children", children(&svscan));
        }),
        Case::scenario("a file that becomes a directory is found", |side| {
            side.file("s/x", "");
            let svscan = scan(side, &[]);
            until_scanned(side, "again");
            side.remove("s/x");
            side.service("new", SLEEPER);
            side.rename("new", "s/x");
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("a dangling link whose target appears is found", |side| {
            side.mkdir("s");
            side.symlink("../elsewhere", "s/x");
            let svscan = scan(side, &[]);
            until_scanned(side, "again");
            side.service("new", SLEEPER);
            side.rename("new", "elsewhere");
            side.log("x", side.until_status("s/x", "up", Status::is_up));
            log_said(side, &svscan);
        }),
        Case::scenario("the scan directory renamed", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            side.rename("s", "t");
            side.service("new", SLEEPER);
            side.rename("new", "t/y");
            side.log("y", side.until_status("t/y", "up", Status::is_up));
            log_said(side, &svscan);
        }),
    ]
}

fn logs() -> Vec<Case> {
    vec![
        Case::scenario("a service and its log", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            side.service("s/x/log", "exec cat >> out");
            let svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("s/x/log/out") == b"started\n");
            log_said(side, &svscan);
        }),
        Case::scenario("log is a link to a directory", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            side.service("logger", "exec cat >> out");
            side.symlink("../../logger", "s/x/log");
            let _svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("logger/out") == b"started\n");
        }),
        Case::scenario("the service is a link, and has a log", |side| {
            side.service("real", "echo started\nexec sleep 1000");
            side.service("real/log", "exec cat >> out");
            side.mkdir("s");
            side.symlink("../real", "s/x");
            let _svscan = scan(side, &["x", "x/log"]);
            side.until("a line", || side.read("real/log/out") == b"started\n");
        }),
        Case::scenario("log is a file", |side| {
            side.service("s/x", SLEEPER);
            side.file("s/x/log", "");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
        Case::scenario("log is a dangling link", |side| {
            side.service("s/x", SLEEPER);
            side.symlink("gone", "s/x/log");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
        Case::scenario("log has no run", |side| {
            side.service("s/x", SLEEPER);
            side.mkdir("s/x/log");
            let svscan = scan(side, &["x"]);
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("a log in a directory that is itself called log", |side| {
            side.service("s/log", "echo started\nexec sleep 1000");
            side.service("s/log/log", "exec cat >> out");
            let _svscan = scan(side, &["log", "log/log"]);
            side.until("a line", || side.read("s/log/log/out") == b"started\n");
        }),
        Case::scenario("a log that is added later", |side| {
            side.service("s/x", "echo started\nexec sleep 1000");
            let _svscan = scan(side, &["x"]);
            side.service("new", "exec cat > out");
            side.rename("new", "s/x/log");
            // The reference looks every 5 s, and would have seen it by then.
            let enough = Instant::now() + Duration::from_secs(12);
            while Instant::now() < enough && !side.is_supervised("s/x/log") {
                std::thread::sleep(Duration::from_millis(20));
            }
            supervised(side, "x/log");
        })
        .without_files()
        .differs(
            "it is picked up without a restart of anything else",
            &["x/log supervised: false"],
            &["x/log supervised: true"],
        ),
        Case::scenario("a hidden log directory is none", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/x/.log", "exec cat");
            let svscan = scan(side, &["x"]);
            until_scanned(side, "again");
            log_said(side, &svscan);
            side.log("output", output(side, "s/x", 1));
        }),
    ]
}

/// What kind of thing a service's descriptor is.
fn output(side: &Side, dir: &str, number: u32) -> String {
    let pid = side.until_status(dir, "up", Status::is_up).pid;
    let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("an open descriptor");
    let text = link.to_string_lossy().into_owned();
    match text.split_once(":[") {
        Some((kind, _)) => kind.to_owned(),
        None => text.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

/// A tree whose service says at each start the next number, and whose log
/// appends to `lines`.
fn pair(side: &Side) -> Proc {
    side.service(
        "s/x",
        "echo start >> starts\nwc -l < starts\nexec sleep 1000",
    );
    side.service("s/x/log", "exec cat >> lines");
    let svscan = scan(side, &["x", "x/log"]);
    until_lines(side, 1);
    svscan
}

/// Waits for the lines 1 to `count` in the log: none lost, none twice.
fn until_lines(side: &Side, count: usize) {
    let expected: String = (1..=count).map(|number| format!("{number}\n")).collect();
    side.until(&format!("{count} lines"), || {
        side.read("s/x/log/lines") == expected.as_bytes()
    });
}

fn end_process(side: &Side, dir: &str) -> u32 {
    let pid = side.until_status(dir, "up", Status::is_up).pid;
    kill(
        Pid::from_raw(i32::try_from(pid).expect("a pid")),
        Signal::SIGKILL,
    )
    .expect("it runs");
    pid
}

fn pipes() -> Vec<Case> {
    let pipe_of = |side: &Side, dir: &str, number: u32| {
        let pid = side.until_status(dir, "up", Status::is_up).pid;
        fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("an open descriptor")
    };
    let steps = |name: &str, step: fn(&Side)| {
        Case::scenario(name, move |side| {
            let svscan = pair(side);
            let before = pipe_of(side, "s/x", 1);
            step(side);
            assert_eq!(pipe_of(side, "s/x", 1), before, "the same pipe");
            assert_eq!(pipe_of(side, "s/x/log", 0), before, "on both sides");
            side.log_file("s/x/log/lines");
            log_said(side, &svscan);
        })
        .without_files()
    };
    vec![
        steps("the pipe outlives the service", |side| {
            for count in 2..=3 {
                end_process(side, "s/x");
                until_lines(side, count);
            }
        }),
        steps("the pipe outlives the logger", |side| {
            let old = end_process(side, "s/x/log");
            side.until_restarted("s/x/log", old);
            end_process(side, "s/x");
            until_lines(side, 2);
        }),
        steps("the pipe outlives the service's supervise", |side| {
            side.control("s/x", b"dx");
            until_lines(side, 2);
        }),
        steps("the pipe outlives the logger's supervise", |side| {
            let old = side.status("s/x/log").expect("a record").pid;
            side.control("s/x/log", b"dx");
            // cat reads on until TERM, so what is written now waits in the pipe.
            side.until_restarted("s/x/log", old);
            end_process(side, "s/x");
            until_lines(side, 2);
        }),
        steps("what is written while the logger is down is kept", |side| {
            side.control("s/x/log", b"d");
            side.until_status("s/x/log", "down", Status::is_down);
            end_process(side, "s/x");
            side.until("a second start", || side.read("s/x/starts").len() == 12);
            end_process(side, "s/x");
            side.until("a third start", || side.read("s/x/starts").len() == 18);
            side.control("s/x/log", b"u");
            until_lines(side, 3);
        }),
        Case::scenario("each pair has a pipe of its own", move |side| {
            for name in ["a", "b"] {
                side.service(
                    &format!("s/{name}"),
                    &format!("echo {name}\nexec sleep 1000"),
                );
                side.service(&format!("s/{name}/log"), "exec cat > out");
            }
            let _svscan = scan(side, &["a", "a/log", "b", "b/log"]);
            side.until("a line each", || {
                side.read("s/a/log/out") == b"a\n" && side.read("s/b/log/out") == b"b\n"
            });
            assert_ne!(pipe_of(side, "s/a", 1), pipe_of(side, "s/b", 1));
        }),
        Case::scenario("each end is held by its own side alone", |side| {
            const FDS: &str = "for fd in /proc/self/fd/*; do readlink $fd; done";
            let run = format!(
                "({FDS}) 2>&- | sed 's/[0-9]//g' | sort -u > fds.new\nmv fds.new fds\n{SLEEPER}"
            );
            side.service("s/x", &run);
            side.service("s/x/log", &run);
            let _svscan = scan(side, &["x", "x/log"]);
            side.log("the service's input", output(side, "s/x", 0));
            side.log("the service's output", output(side, "s/x", 1));
            side.log("the service's errors", output(side, "s/x", 2));
            side.log("the logger's input", output(side, "s/x/log", 0));
            side.log("the logger's output", output(side, "s/x/log", 1));
            for dir in ["s/x", "s/x/log"] {
                let pid = side.until_status(dir, "up", Status::is_up).pid;
                side.until("it sleeps", || {
                    fs::read(format!("/proc/{pid}/comm")).is_ok_and(|name| name == b"sleep\n")
                });
                let count = fs::read_dir(format!("/proc/{pid}/fd"))
                    .expect("it runs")
                    .count();
                side.log(&format!("{dir} descriptors"), count);
            }
        })
        .without_files(),
    ]
}

fn life() -> Vec<Case> {
    vec![
        Case::scenario("TERM ends it alone: its services live on", |side| {
            side.service("s/x", SLEEPER);
            let svscan = scan(side, &["x"]);
            let before = side.status("s/x").expect("a record");
            svscan.signal(Signal::SIGTERM);
            side.log("end", svscan.wait());
            supervised(side, "x");
            assert_eq!(side.status("s/x"), Some(before), "the service goes on");
            side.command(["svc", "-dx", "s/x"]).run();
            side.until("supervise obeys", || !side.is_supervised("s/x"));
        }),
        Case::scenario("supervise is looked for on the path", |side| {
            side.service("s/x", SLEEPER);
            side.script("first/supervise", "echo \"mine: $*\" >&2; exec sleep 1000");
            let path = format!("PATH={}:/usr/bin:/bin", side.path("first").display());
            side.mkdir("s");
            let svscan = side.command(["svscan", "s"]).env_clear().env(path).spawn();
            side.until("a message", || !svscan.stderr().is_empty());
            log_said(side, &svscan);
        })
        .without_files(),
        Case::scenario("no supervise on the path", |side| {
            side.service("s/x", SLEEPER);
            side.service("s/y", SLEEPER);
            let svscan = side
                .command(["svscan", "s"])
                .env_clear()
                .env("PATH=/nowhere")
                .spawn();
            side.until("two messages", || {
                svscan
                    .stderr()
                    .iter()
                    .filter(|&&byte| byte == b'\n')
                    .count()
                    >= 2
            });
            side.log("ended", svscan.ended().is_some());
            log_said(side, &svscan);
        }),
        Case::scenario(
            "a supervise that may not be executed is passed by",
            |side| {
                side.service("s/x", SLEEPER);
                side.file("first/supervise", "not a program");
                let own = side.path_variable();
                let path = format!("PATH={}:{}", side.path("first").display(), own.display());
                let svscan = side.command(["svscan", "s"]).env_clear().env(path).spawn();
                side.log("x", side.until_status("s/x", "up", Status::is_up));
                log_said(side, &svscan);
            },
        ),
        Case::scenario("children that it did not start are reaped", |side| {
            side.service("s/x", SLEEPER);
            let script = "true & sleep 0.1; exec svscan s";
            let svscan = side.command(["/bin/sh", "-c", script]).spawn();
            side.until_status("s/x", "up", Status::is_up);
            side.until("the zombie is gone", || {
                let table = all();
                !table
                    .iter()
                    .any(|entry| entry.parent.as_raw() == svscan.pid() && entry.state == 'Z')
            });
            side.log("children", children(&svscan));
        }),
        Case::scenario(
            "the session, the group and the environment pass through",
            |side| {
                side.executable("s/x/run", "#!/bin/cat /proc/self/environ\n");
                side.file("s/x/down", "");
                let svscan = side
                    .command(["svscan", "s"])
                    .env("A=1")
                    .env("lonely")
                    .env("A=2")
                    .spawn();
                let first = side.until_status("s/x", "down", Status::is_down);
                side.control("s/x", b"o");
                side.until("its output", || svscan.stdout().ends_with(b"environ\n"));
                side.log_output(&svscan);
                side.until_status("s/x", "down again", |status| {
                    status.is_down() && (status.stamp, status.nanos) != (first.stamp, first.nanos)
                });
                let supervise = all()
                    .into_iter()
                    .find(|entry| entry.parent.as_raw() == svscan.pid());
                let supervise: Entry = supervise.expect("it runs");
                side.log(
                    "the same session",
                    supervise.session.as_raw() == svscan.pid(),
                );
                side.log("the same group", supervise.group.as_raw() == svscan.pid());
            },
        ),
        Case::scenario("a blocked or ignored signal passes through", |side| {
            side.service("s/x", "grep -E '^Sig(Blk|Ign)' /proc/self/status > mask.new\nmv mask.new mask\nexec sleep 1000");
            let command = side
                .command(["svscan", "s"])
                .ignore(Signal::SIGHUP)
                .ignore(Signal::SIGPIPE);
            let _svscan = command.block(Signal::SIGUSR1).spawn();
            side.until("its report", || side.exists("s/x/mask"));
        }),
        Case::scenario("standard input and output closed", |side| {
            side.service(
                "s/x",
                "ls /proc/self/fd > fds.new\nmv fds.new fds\nexec sleep 1000",
            );
            let _svscan = side.command(["svscan", "s"]).close(0).close(1).spawn();
            side.until("its report", || side.exists("s/x/fds"));
        }),
    ]
}
