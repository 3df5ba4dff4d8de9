//! The tree whose processes are killed: services with loggers under svscan.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use conformance::process::{all, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The number of services.
pub(crate) const SERVICES: u64 = 4;

/// The kind of process that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Svscan,
    Supervise,
    Service,
    Logger,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Svscan, Self::Supervise, Self::Service, Self::Logger];
}

pub(crate) struct Tree {
    root: PathBuf,
    bin: PathBuf,
    /// Whether loggers may be killed.
    hardy: bool,
    svscan: Option<Child>,
    /// The services that have lost a process since svscan was killed.
    struck: Vec<usize>,
    /// Which of the two supervises is killed next.
    turn: bool,
}

pub(crate) fn service(root: &Path, number: u64) -> PathBuf {
    root.join("s").join(format!("w{number}"))
}

fn programs(variable: &str, default: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let default = workspace.expect("a workspace").join(default);
    env::var_os(variable).map_or(default, PathBuf::from)
}

impl Tree {
    pub(crate) fn new(root: &Path) -> Self {
        let bin = programs("OURS_BIN", "build/bin");
        let hardy = bin.join("multilog").exists();
        let multilog = if hardy {
            bin.join("multilog")
        } else {
            programs("REFERENCE_BIN", "build/reference/usr/bin").join("multilog")
        };
        let own = env::current_exe().expect("a program");
        for number in 0..SERVICES {
            let dir = service(root, number);
            script(&dir, &format!("exec {} writer", own.display()));
            let log = format!("exec {} s16384 n10000 ./main", multilog.display());
            script(&dir.join("log"), &log);
        }
        Self {
            root: root.to_owned(),
            bin,
            hardy,
            svscan: None,
            struck: Vec::new(),
            turn: false,
        }
    }

    /// Starts svscan unless it runs.
    pub(crate) fn start_svscan(&mut self) {
        if self.svscan.is_some() {
            return;
        }
        let errors = File::options()
            .create(true)
            .append(true)
            .open(self.root.join("errors"));
        let child = Command::new(self.bin.join("svscan"))
            .args(["--orderly", "s"])
            .current_dir(&self.root)
            .env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors.expect("a file"))
            .spawn();
        self.svscan = Some(child.expect("svscan"));
    }

    /// Whether svscan runs and has all pipes.
    fn is_in_charge(&self) -> bool {
        let Some(svscan) = &self.svscan else {
            return false;
        };
        let fds = fs::read_dir(format!("/proc/{}/fd", svscan.id()));
        let links = fds.into_iter().flatten().flatten();
        let links = links.filter_map(|fd| fs::read_link(fd.path()).ok());
        let pipes = links.filter(|link| link.to_string_lossy().starts_with("pipe:"));
        pipes.count() as u64 == 2 * SERVICES
    }

    /// Kills a process; gives whether it could. While svscan is down, a service and its
    /// logger lose at most one process: the pipe ends with the last process that has it,
    /// which is not promised to be survived.
    pub(crate) fn kill(&mut self, kind: Kind, number: usize) -> bool {
        let dir = service(&self.root, number as u64);
        let log = dir.join("log");
        let running = Running::below(&self.root);
        if kind == Kind::Svscan {
            let whole = (0..SERVICES).all(|number| {
                let dir = service(&self.root, number);
                running.is_supervised(&dir) && running.find("multilog", &dir).is_some()
            });
            if !whole || !self.is_in_charge() {
                return false;
            }
            let mut svscan = self.svscan.take().expect("it is in charge");
            svscan.kill().expect("it runs");
            svscan.wait().expect("its end");
            self.struck.clear();
            return true;
        }
        if kind == Kind::Logger && !self.hardy {
            return false;
        }
        if !self.is_in_charge() {
            if self.struck.contains(&number) {
                return false;
            }
            self.struck.push(number);
        }
        self.turn = !self.turn;
        let pid = match kind {
            Kind::Supervise if self.turn => running.find("supervise", &dir),
            Kind::Supervise => running.find("supervise", &log),
            Kind::Logger => running.find("multilog", &log),
            _ => running.find("chaos", &dir),
        };
        pid.is_some_and(|pid| kill(pid, Signal::SIGKILL).is_ok())
    }

    /// Waits until everything has recovered, and stops the tree as an operator would.
    pub(crate) fn finish(&mut self) {
        self.start_svscan();
        until("svscan in charge", || self.is_in_charge());
        for number in 0..SERVICES {
            let dir = service(&self.root, number);
            until("all supervised", || {
                Running::below(&self.root).is_supervised(&dir)
            });
        }
        let mut svscan = self.svscan.take().expect("it was started");
        let pid = Pid::from_raw(svscan.id().cast_signed());
        kill(pid, Signal::SIGTERM).expect("it runs");
        let mut end = None;
        until("svscan's end", || {
            end = svscan.try_wait().expect("a child");
            end.is_some()
        });
        let end = end.expect("it ended");
        assert!(end.success(), "svscan: {end}");
    }
}

fn script(dir: &Path, text: &str) {
    fs::create_dir_all(dir).expect("a directory");
    let run = dir.join("run");
    fs::write(&run, format!("#!/bin/sh\n{text}\n")).expect("a script");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).expect("its mode");
}

/// The processes of the tree that run.
struct Running(Vec<(Pid, String, PathBuf)>);

impl Running {
    fn below(root: &Path) -> Self {
        let find = |pid: Pid| {
            let process = PathBuf::from(format!("/proc/{pid}"));
            let dir = fs::read_link(process.join("cwd")).ok()?;
            let name = fs::read_to_string(process.join("comm")).ok()?;
            dir.starts_with(root)
                .then(|| (pid, name.trim_end().to_owned(), dir))
        };
        let table = all();
        let living = table.iter().filter(|entry| entry.state != 'Z');
        Self(living.filter_map(|entry| find(entry.pid)).collect())
    }

    /// A process of this name that works in a directory or, as a logger may, below it.
    fn find(&self, name: &str, dir: &Path) -> Option<Pid> {
        let is_it = |(_, its_name, its_dir): &&(Pid, String, PathBuf)| {
            its_name == name && (its_dir == dir || name == "multilog" && its_dir.starts_with(dir))
        };
        self.0.iter().find(is_it).map(|&(pid, ..)| pid)
    }

    /// Whether both supervises of a service run.
    fn is_supervised(&self, dir: &Path) -> bool {
        let there = |dir: &Path| self.find("supervise", dir).is_some();
        there(dir) && there(&dir.join("log"))
    }
}
