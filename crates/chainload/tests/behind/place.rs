//! A service directory, and a program in it that is started as by supervise: with a file
//! as descriptor 3.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(60);

/// Debian's, and not one that a script looks up.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// The path of notifyfd or healthcheck, and any other word as it is.
pub(crate) fn program(name: &str) -> &str {
    match name {
        "notifyfd" => env!("CARGO_BIN_EXE_notifyfd"),
        "healthcheck" => env!("CARGO_BIN_EXE_healthcheck"),
        other => other,
    }
}

/// Polls until `condition` holds.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A program that says `READY=1` and the like with the functions of this module.
pub(crate) const CLIENT: &str = r#"
import array, os, signal, socket, sys, time
def say(*messages):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(os.environ["NOTIFY_SOCKET"])
    for message in messages:
        s.send(message)
def rest():
    while True:
        time.sleep(1000)
"#;

pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("web")).expect("a service directory");
        // For programs that run as another user.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("web").join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    pub(crate) fn script(&self, name: &str, text: &str) {
        self.file(name, &format!("#!/bin/sh\n{text}\n"));
        // In a process of its own: a file that is open for writing, here or in a child
        // that another test forks meanwhile, can't be executed.
        let status = Command::new("chmod")
            .arg("755")
            .arg(self.path(name))
            .status();
        assert!(status.expect("chmod runs").success());
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What the environment of each of its processes holds.
    fn mark(&self) -> String {
        format!("PLACE={}\0", self.dir.path().display())
    }

    /// A command in the service directory, with its descriptor 3.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"exec "$@" 3>ready"#, "sh"])
            .args(words.iter().map(|word| program(word)))
            .current_dir(self.path("."))
            .env("PLACE", self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, words: &[&str]) -> Program {
        let child = self.command(words).process_group(0).spawn();
        Program {
            child: child.expect("it runs"),
            mark: self.mark(),
        }
    }

    /// `notifyfd OPTIONS python3 -c CLIENT+script`.
    pub(crate) fn notify(&self, options: &[&str], script: &str) -> Program {
        let script = format!("{CLIENT}{script}");
        let words = [&["notifyfd"], options, &[PYTHON, "-c", &script]].concat();
        self.start(&words)
    }

    pub(crate) fn until_ready(&self) {
        until("the newline", || self.text("ready") == "\n");
    }
}

/// A program that runs; killed at the end.
pub(crate) struct Program {
    child: Child,
    mark: String,
}

impl Program {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("a signal");
    }

    /// Waits for its end: the exit code, or the signal with a minus.
    pub(crate) fn end(&mut self) -> i32 {
        let mut status = None;
        until("its end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        let status = status.expect("its end");
        status
            .code()
            .or(status.signal().map(|signal| -signal))
            .expect("how")
    }

    /// What it and the process behind it have written, once both have closed it.
    pub(crate) fn stderr(&mut self) -> String {
        read(self.child.stderr.take())
    }

    pub(crate) fn read_line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        line
    }

    pub(crate) fn stdout(&mut self) -> String {
        read(self.child.stdout.take())
    }

    /// The process that stays behind it, as long as there is one.
    pub(crate) fn find_behind(&self) -> Option<Pid> {
        let all = fs::read_dir("/proc").expect("processes").flatten();
        let mut pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_behind = |&pid: &i32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mark = self.mark.as_bytes();
            pid != self.pid().as_raw()
                && ["notifyfd\n", "healthcheck\n"].contains(&name.as_str())
                && environment.windows(mark.len()).any(|window| window == mark)
        };
        pids.find(is_behind).map(Pid::from_raw)
    }

    /// The process that stays behind it, once there is one.
    pub(crate) fn behind(&self) -> Pid {
        let mut found = None;
        until("the process behind", || {
            found = self.find_behind();
            found.is_some()
        });
        found.expect("a process")
    }

    /// How often the process behind has slept.
    pub(crate) fn naps(&self) -> u64 {
        let status = format!("/proc/{}/status", self.behind());
        let status = fs::read_to_string(status).unwrap_or_default();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse().ok())
            .unwrap_or(0)
    }
}

/// All of it; not longer than patience lasts: a process that should be gone may have it.
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
fn read(pipe: Option<impl Read + Send + 'static>) -> String {
    let mut pipe = pipe.expect("a pipe");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = pipe.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    receiver.recv_timeout(PATIENCE).expect("its end")
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = killpg(self.pid(), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
