//! svscanboot in a root directory of its own: the programs that it starts, and their
//! inheritance.
//!
//! The reference has one scan directory, /etc/service. So each side gets a private mount
//! namespace and a root in which only `/usr` is the machine's; the machine's other files
//! cannot be reached.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use conformance::case::Need;
use conformance::process::{Entry, all};
use conformance::{Case, Proc, Side, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let boot = |name: &str, steps: fn(&Side)| {
        Case::new(name)
            .setup(root)
            .then(steps)
            .needs(Need::Namespaces)
            .without_files()
    };
    vec![
        boot("services of /etc/service come up", |side| {
            side.service("root/etc/service/x", SLEEPER);
            side.service("root/etc/service/x/log", "exec cat");
            let _boot = start(side, &["svscanboot"]);
            for name in ["x", "x/log"] {
                side.until_status(service(name), "up", Status::is_up);
                side.log(name, side.status(service(name)).expect("a record"));
            }
        }),
        boot("the environment is cleared", |side| {
            side.service("root/etc/service/x", SLEEPER);
            let boot = start(side, &["svscanboot"]);
            side.until_status(service("x"), "up", Status::is_up);
            for name in ["svscan", "readproctitle", "supervise"] {
                log_proc(side, &boot, name, "environ");
            }
        }),
        boot("a service gets nothing but the path", |side| {
            side.executable("root/etc/service/x/run", "#!/bin/cat /proc/self/environ\n");
            side.service("root/etc/service/x/log", "exec cat > out.new");
            side.file("root/etc/service/x/down", "");
            let _boot = start(side, &["svscanboot"]);
            side.until_status(service("x/log"), "up", Status::is_up);
            side.until_status(service("x"), "down", Status::is_down);
            side.control(service("x"), b"o");
            let out = service("x/log/out.new");
            side.until("its output", || side.read(&out).ends_with(b"environ\n"));
            side.log_bytes("environment", &side.read(&out));
        }),
        boot("what they are called with", |side| {
            let boot = start(side, &["svscanboot"]);
            for name in ["svscan", "readproctitle"] {
                log_proc(side, &boot, name, "cmdline");
            }
        }),
        boot("what their descriptors are", |side| {
            let boot = start(side, &["svscanboot"]);
            for name in ["svscan", "readproctitle"] {
                for number in 0..=2 {
                    let pid = pid_of(&boot, name).expect("it runs");
                    let link = fs::read_link(format!("/proc/{pid}/fd/{number}"));
                    let text = link.map(|link| link.to_string_lossy().into_owned());
                    let text = text.unwrap_or_else(|_| "closed".to_owned());
                    let kind = text.split(":[").next().unwrap_or_default();
                    side.log(&format!("{name} {number}"), kind);
                }
            }
        }),
        boot("svscan works in the scan directory", |side| {
            let boot = start(side, &["svscanboot"]);
            let pid = pid_of(&boot, "svscan").expect("it runs");
            side.until("its directory", || {
                fs::read_link(format!("/proc/{pid}/cwd"))
                    .is_ok_and(|cwd| cwd.ends_with("etc/service"))
            });
            side.log("processes called svscan", count(&boot, "svscan"));
            side.log(
                "processes called readproctitle",
                count(&boot, "readproctitle"),
            );
        }),
        boot("complaints are shown by readproctitle", |side| {
            side.mkdir("root/etc/service/broken");
            let boot = start(side, &["svscanboot"]);
            let pid = pid_of(&boot, "readproctitle").expect("it runs");
            let shown = || fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let message = b"supervise: fatal: unable to start broken/run: file does not exist\n";
            side.until("the complaint", || {
                shown()
                    .windows(message.len())
                    .any(|window| window == message)
            });
            side.log("length", shown().len());
        }),
        boot("it says nothing itself", |side| {
            side.mkdir("root/etc/service/broken");
            let boot = start(side, &["svscanboot"]);
            let pid = pid_of(&boot, "readproctitle").expect("it runs");
            side.until("a complaint", || {
                fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|text| text.contains(&b'\n'))
            });
            side.log_output(&boot);
        }),
        boot("services left over from before are told to exit", |side| {
            side.service("root/etc/service/x", SLEEPER);
            side.service("root/etc/service/x/log", SLEEPER);
            side.service("root/etc/service/.hidden", SLEEPER);
            let old = ["x", "x/log", ".hidden"].map(|name| {
                let supervise = side.command(
                    ["supervise"]
                        .map(OsStr::new)
                        .into_iter()
                        .chain([service(name).as_os_str()]),
                );
                let supervise = supervise.spawn();
                side.until_status(service(name), "up", Status::is_up);
                supervise
            });
            let _boot = start(side, &["svscanboot"]);
            side.log("x", old[0].wait());
            side.log("x/log", old[1].wait());
            side.log(".hidden", old[2].ended().is_some());
            for name in ["x", "x/log"] {
                side.until(name, || side.is_supervised(service(name)));
            }
        }),
        boot("an empty scan directory is no reason to end", |side| {
            let boot = start(side, &["svscanboot"]);
            side.service("new", SLEEPER);
            side.rename("new", "root/etc/service/x");
            side.until_status(service("x"), "up", Status::is_up);
            side.log("ended", boot.ended().is_some());
        }),
        boot("odd names", |side| {
            for name in [&b"a b"[..], b"\xff", b"*"] {
                let dir = side.path("root/etc/service").join(OsStr::from_bytes(name));
                side.executable(dir.join("run"), format!("#!/bin/sh\n{SLEEPER}\n"));
            }
            let _boot = start(side, &["svscanboot"]);
            for name in [&b"a b"[..], b"\xff", b"*"] {
                let dir = service("").join(OsStr::from_bytes(name));
                side.until_status(dir, "up", Status::is_up);
                side.log_bytes("up", name);
            }
        }),
        boot("/etc/service as its argument", |side| {
            side.service("root/etc/service/x", SLEEPER);
            let _boot = start(side, &["svscanboot", "/etc/service/"]);
            side.until_status(service("x"), "up", Status::is_up);
            side.log("x", side.status(service("x")).expect("a record"));
        }),
        boot("another directory as its argument", |side| {
            side.service("root/etc/service/x", SLEEPER);
            side.service("root/srv/y", SLEEPER);
            let _boot = start(side, &["svscanboot", "/srv"]);
            let up = |dir: PathBuf| side.status(dir).is_some_and(|status| status.is_up());
            let (x, y) = (service("x"), PathBuf::from("root/srv/y"));
            side.until("one of them", || up(x.clone()) || up(y.clone()));
            side.log("x in /etc/service", up(x));
            side.log("y in /srv", up(y));
        })
        .differs(
            "the argument names the scan directory, as the package's own unit expects",
            &["x in /etc/service: true", "y in /srv: false"],
            &["x in /etc/service: false", "y in /srv: true"],
        ),
        boot("svscan killed", |side| {
            let boot = start(side, &["svscanboot"]);
            // A service has the pipe, so readproctitle does not end.
            side.service("new", SLEEPER);
            side.rename("new", "root/etc/service/x");
            let before = side.until_status(service("x"), "up", Status::is_up);
            side.until("it is supervised", || side.is_supervised(service("x")));
            let old = pid_of(&boot, "svscan").expect("it runs");
            kill(Pid::from_raw(old), Signal::SIGKILL).expect("it runs");
            side.until("it is gone", || pid_of(&boot, "svscan") != Some(old));
            let again = std::time::Instant::now() + std::time::Duration::from_secs(3);
            while pid_of(&boot, "svscan").is_none() && std::time::Instant::now() < again {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let new = pid_of(&boot, "svscan");
            side.log("svscan runs", new.is_some());
            if let Some(pid) = new {
                side.until("it has taken over", || watches(pid));
            }
            let after = side.status(service("x")).expect("a record");
            side.log("x keeps its pid", after.pid == before.pid);
            let reader = pid_of(&boot, "readproctitle").expect("it runs");
            let title = fs::read(format!("/proc/{reader}/cmdline")).expect("it runs");
            let said = String::from_utf8_lossy(&title).contains("unable to acquire");
            side.log("complaints", said);
        })
        .needs(Need::Pidfds)
        .differs(
            "it notices and starts it again",
            &["svscan runs: false"],
            &["svscan runs: true"],
        ),
        boot("svscan told to end by TERM", |side| {
            side.service("root/etc/service/x", SLEEPER);
            let boot = start(side, &["svscanboot"]);
            side.until_status(service("x"), "up", Status::is_up);
            let svscan = pid_of(&boot, "svscan").expect("it runs");
            kill(Pid::from_raw(svscan), Signal::SIGTERM).expect("it runs");
            side.until("it is gone", || pid_of(&boot, "svscan") != Some(svscan));
            side.log("svscanboot waits", boot.ended().is_none());
            // The last process that could write to readproctitle.
            side.control(service("x"), b"dx");
            side.log("svscanboot", boot.wait());
            side.log("svscan again", count(&boot, "svscan"));
            side.log("x", side.is_supervised(service("x")));
        }),
        boot(
            "svscan told to end by TERM, readproctitle killed then",
            |side| {
                side.service("root/etc/service/x", SLEEPER);
                let boot = start(side, &["svscanboot"]);
                side.until_status(service("x"), "up", Status::is_up);
                for (name, signal) in [
                    ("svscan", Signal::SIGTERM),
                    ("readproctitle", Signal::SIGKILL),
                ] {
                    let pid = pid_of(&boot, name).expect("it runs");
                    kill(Pid::from_raw(pid), signal).expect("it runs");
                    side.until("it is gone", || pid_of(&boot, name) != Some(pid));
                }
                side.log("svscanboot", boot.wait());
                let up = side.status(service("x")).is_some_and(|now| now.is_up());
                side.log("x", up);
            },
        ),
        boot(
            "nobody's processes called svscan in the directory",
            |side| {
                side.service("root/etc/service/x", SLEEPER);
                side.symlink("/usr/bin/su", "svscan");
                // It waits for the password; its entry in `/proc` belongs to root.
                let (read, write) = side.pipe();
                side.hold(write);
                let su = side.command(["./svscan"]).stdin_file(read);
                let named = ["/usr/bin/perl", "-e", "$0 = 'svscan'; sleep 1000"];
                let strangers = [su, side.command(named)].map(|stranger| {
                    let stranger = stranger.cwd("root/etc/service").unprivileged().spawn();
                    let comm = format!("/proc/{}/comm", stranger.pid());
                    side.until("its name", || {
                        fs::read(&comm).is_ok_and(|comm| comm == b"svscan\n")
                    });
                    stranger
                });
                let _boot = start(side, &["svscanboot"]);
                side.until_status(service("x"), "up", Status::is_up);
                side.log(
                    "strangers",
                    strangers.iter().filter(|one| one.ended().is_none()).count(),
                );
            },
        ),
        boot("killed, and started again", |side| {
            side.service("root/etc/service/x", SLEEPER);
            let boot = start(side, &["svscanboot"]);
            let before = side.until_status(service("x"), "up", Status::is_up);
            let pids = |boot| ["svscan", "readproctitle"].map(|name| pid_of(boot, name));
            let old = pids(&boot);
            boot.signal(Signal::SIGKILL);
            let _ = boot.wait();
            let again = spawn(side, &["svscanboot"]);
            side.until("it has begun", || {
                watches(again.pid()) || count(&again, "svscan") > 0
            });
            let another = count(&again, "svscan") > 0;
            side.log("another svscan", another);
            side.log("the same two", pids(&boot) == old);
            let pid = || side.status(service("x")).expect("a record").pid;
            if another {
                side.until("x was ended", || pid() != before.pid);
            }
            side.log("x keeps its pid", pid() == before.pid);
            // A process that it only found is restarted as well.
            if watches(again.pid()) {
                let svscan = old[0].expect("it runs");
                kill(Pid::from_raw(svscan), Signal::SIGKILL).expect("it runs");
                side.until("svscan again", || count(&again, "svscan") == 1);
                side.log("readproctitle again", count(&again, "readproctitle") > 0);
            }
        })
        .needs(Need::Pidfds)
        .differs(
            "it goes on with them: a second tree is in the way of the first",
            &["another svscan: true", "x keeps its pid: false"],
            &[
                "another svscan: false",
                "x keeps its pid: true",
                "readproctitle again: false",
            ],
        ),
        boot("what left over services say as they end", |side| {
            side.service("root/etc/service/x", POLITE);
            side.service("root/etc/service/x/log", "exec cat >>lines");
            let lines = service("x/log/lines");
            let old = side.command(["svscan", "root/etc/service"]).spawn();
            side.until("its line", || side.read(&lines) == b"hello\n");
            old.signal(Signal::SIGKILL);
            let _ = old.wait();
            let _boot = start(side, &["svscanboot"]);
            side.until("x was started again", || {
                let hellos = side.read(&lines);
                hellos
                    .split(|&byte| byte == b'\n')
                    .filter(|line| *line == b"hello")
                    .count()
                    == 2
            });
            side.log_bytes("lines", &side.read(&lines));
        })
        .differs("loggers end after their services", &[], &["lines: bye"]),
        boot("its process group gets TERM, as from init", |side| {
            side.service("root/etc/service/x", POLITE);
            side.service("root/etc/service/x/log", "exec cat >lines");
            let boot = start(side, &["svscanboot"]);
            let lines = service("x/log/lines");
            side.until("its line", || side.read(&lines) == b"hello\n");
            let group = Pid::from_raw(-boot.pid());
            kill(group, Signal::SIGTERM).expect("it runs");
            let _ = boot.wait();
            side.until("all is over", || {
                count(&boot, "supervise") == 0 && count(&boot, "svscan") == 0
            });
            side.log_bytes("lines", &side.read(&lines));
        })
        .differs("services end before their loggers", &[], &["lines: bye"]),
    ]
}

/// A service that prints a last line some time after TERM.
const POLITE: &str = "trap 'sleep 0.2; echo bye; exit' TERM\n\
                      echo hello; while :; do sleep 0.05; done";

const SLEEPER: &str = "exec sleep 1000";

/// The path of a service for the harness, after the root was made.
fn service(name: &str) -> PathBuf {
    PathBuf::from("root/etc/service").join(name)
}

/// Makes the root.
fn root(side: &Side) {
    for dir in ["proc", "dev", "usr", "tmp", "command", "etc/service"] {
        side.mkdir(format!("root/{dir}"));
    }
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        if let Ok(target) = fs::read_link(format!("/{name}")) {
            side.symlink(target, format!("root/{name}"));
        }
    }
}

/// Starts the command in the root; returns when svscan and readproctitle run.
fn start(side: &Side, words: &[&str]) -> Proc {
    let boot = spawn(side, words);
    side.until("svscan and readproctitle run", || {
        assert_eq!(
            boot.ended(),
            None,
            "{}",
            String::from_utf8_lossy(&boot.stderr())
        );
        pid_of(&boot, "svscan").is_some() && pid_of(&boot, "readproctitle").is_some()
    });
    boot
}

/// Starts the command in the root.
fn spawn(side: &Side, words: &[&str]) -> Proc {
    let bins = side.bin("svscanboot");
    let bins = bins
        .parent()
        .expect("a directory of programs")
        .to_string_lossy()
        .into_owned();
    let script = format!(
        "mount --bind /usr root/usr && mount --bind {bins} root/command \
         && mount -t proc proc root/proc && mount --rbind /dev root/dev || exit 77\n\
         exec /usr/sbin/chroot root /command/{}",
        words.join(" ")
    );
    side.command(["/usr/bin/unshare", "-m", "/bin/sh", "-c", &script])
        .env("SECRET=1")
        .env("HOME=/root")
        .spawn()
}

fn named<'a>(boot: &'a Proc, name: &'a str) -> impl Iterator<Item = Entry> + 'a {
    all().into_iter().filter(move |entry| {
        let running = fs::read_link(format!("/proc/{}/exe", entry.pid));
        entry.session.as_raw() == boot.pid()
            && entry.state != 'Z'
            && running.is_ok_and(|program| program.ends_with(name))
            && fs::read(format!("/proc/{}/comm", entry.pid)).is_ok_and(|comm| {
                comm.strip_suffix(b"\n") == Some(&name.as_bytes()[..name.len().min(15)])
            })
    })
}

fn pid_of(boot: &Proc, name: &str) -> Option<i32> {
    named(boot, name).next().map(|entry| entry.pid.as_raw())
}

/// Whether a process watches one that is not its child.
fn watches(pid: i32) -> bool {
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let mut links = fds.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    links.any(|link| link.to_string_lossy().contains("pidfd"))
}

fn count(boot: &Proc, name: &str) -> usize {
    named(boot, name).count()
}

fn log_proc(side: &Side, boot: &Proc, name: &str, file: &str) {
    let pid = pid_of(boot, name).expect("it runs");
    let read = |file| fs::read(format!("/proc/{pid}/{file}")).expect("it runs");
    // A process has its name shortly before its arguments.
    side.until("its arguments", || !read("cmdline").is_empty());
    let text = read(file);
    side.log_bytes(&format!("{name} {file}"), &text);
}
