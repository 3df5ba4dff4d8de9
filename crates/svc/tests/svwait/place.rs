//! Services that the test makes by hand, as supervise would, and runs of `svwait`.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::O_NONBLOCK;
use nix::sys::stat::Mode;
use tempfile::TempDir;

/// A directory to start in, with services below.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A service with a supervise: the reader of `ok`. There is no record yet.
    pub(crate) fn service(&self, name: &str) -> File {
        fs::create_dir_all(self.path(name).join("supervise")).expect("supervise/");
        self.service_again(name)
    }

    /// Another supervise of a service: the reader of a new `ok`.
    pub(crate) fn service_again(&self, name: &str) -> File {
        let ok = self.path(name).join("supervise/ok");
        nix::unistd::mkfifo(&ok, Mode::from_bits_truncate(0o600)).expect("mkfifo");
        reader(&ok)
    }

    /// A service with a supervise, a record and a stage.
    pub(crate) fn staged(&self, name: &str, stage: Stage) -> File {
        let ok = self.service(name);
        self.write(name, &status_in(stage), Some(stage));
        ok
    }

    /// Writes the record, then the detail file for it, as supervise does.
    pub(crate) fn write(&self, name: &str, status: &Status, stage: Option<Stage>) {
        self.write_status(name, status);
        let detail = Detail {
            since: Some(status.since.label()),
            stage,
            ..Detail::default()
        };
        self.write_detail(name, &detail);
    }

    /// The record takes the place of the one before.
    pub(crate) fn write_status(&self, name: &str, status: &Status) {
        let path = |file: &str| self.path(name).join("supervise").join(file);
        fs::write(path("status.new"), status.pack()).expect("the record");
        fs::rename(path("status.new"), path("status")).expect("the record");
    }

    /// The detail file is made once and then written over.
    pub(crate) fn write_detail(&self, name: &str, detail: &Detail) {
        let path = |file: &str| self.path(name).join("supervise").join(file);
        let text = detail.render();
        match OpenOptions::new().write(true).open(path("detail")) {
            Ok(file) => file.write_all_at(&text, 0).expect("the detail file"),
            Err(_) => {
                let mut file = File::create_new(path("detail.new")).expect("the detail file");
                file.write_all(&text).expect("the detail file");
                fs::rename(path("detail.new"), path("detail")).expect("the detail file");
            }
        }
    }

    /// Changes the stage of a service alone.
    pub(crate) fn set_stage(&self, name: &str, stage: Stage) {
        self.write(name, &status_in(stage), Some(stage));
    }

    pub(crate) fn svwait(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svwait"));
        command.args(args);
        self.prepare(&mut command);
        command
    }

    /// A line for the shell, in which `svwait` is the program.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        let function = format!("svwait='{}'\n{script}", env!("CARGO_BIN_EXE_svwait"));
        command.args(["-c", &function]);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs `svwait` to its end: exit code, output, messages.
    pub(crate) fn run(&self, args: &[&str]) -> (i32, String, String) {
        told(self.svwait(args).output().expect("svwait runs"))
    }

    /// Runs `svwait`, does `then` once it waits for an event, and gives how it ended.
    pub(crate) fn waits(&self, args: &[&str], then: impl FnOnce()) -> (i32, String, String) {
        let child = Waiting::spawn(&mut self.svwait(args));
        then();
        child.end()
    }
}

/// A running `svwait`. It is killed if it does not end.
pub(crate) struct Waiting(Option<Child>);

impl Waiting {
    /// One that may not wait for an event.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(Some(command.spawn().expect("it runs")))
    }

    /// One that was seen waiting for an event.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let waiting = Self::of(command);
        let pid = waiting.pid();
        until("svwait waits for an event", || {
            is_asleep(pid) && watches(pid) > 0
        });
        waiting
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().expect("a process").id()
    }

    /// Reads standard error up to the end of this line, which has to come.
    pub(crate) fn says(&mut self, line: &str) {
        let child = self.0.as_mut().expect("a process");
        let stderr = child.stderr.as_mut().expect("a pipe");
        fcntl(&*stderr, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a pipe");
        let mut text = Vec::new();
        until(line, || {
            let mut byte = [0];
            while !text.ends_with(line.as_bytes()) && stderr.read(&mut byte).is_ok_and(|n| n == 1) {
                text.push(byte[0]);
            }
            text.ends_with(line.as_bytes())
        });
        fcntl(&*stderr, FcntlArg::F_SETFL(OFlag::empty())).expect("a pipe");
    }

    /// Its end has to come before its limit, which is far away: else an event was missed.
    pub(crate) fn end(mut self) -> (i32, String, String) {
        let child = self.0.as_mut().expect("a process");
        until("svwait ends", || {
            child.try_wait().expect("an answer").is_some()
        });
        let child = self.0.take().expect("a process");
        told(child.wait_with_output().expect("its output"))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let code = output.status.code().expect("no signal ends it");
    (code, text(output.stdout), text(output.stderr))
}

fn reader(path: &Path) -> File {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(O_NONBLOCK);
    options.open(path).expect("the reading end")
}

/// A record of our supervise: each process of its own time.
pub(crate) fn status(since: i64, pid: u32, want: Want) -> Status {
    Status {
        since: Tai64n::from_unix(1_700_000_000 + since, 1),
        pid,
        paused: false,
        want,
    }
}

/// A record of the reference's supervise.
pub(crate) fn reference_status(pid: u32, want: Want) -> Status {
    Status {
        since: Tai64n::from_unix(1_700_000_000, 123_500),
        ..status(0, pid, want)
    }
}

/// The record that belongs to a stage.
fn status_in(stage: Stage) -> Status {
    match stage {
        Stage::Starting | Stage::Up | Stage::Ready => status(2, 7, Want::Up),
        Stage::Stopping => status(2, 7, Want::Down),
        Stage::Waiting | Stage::Finishing => status(3, 0, Want::Up),
        Stage::Down => status(3, 0, Want::Down),
        Stage::Finished | Stage::Failed => status(3, 0, Want::Once),
    }
}

pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn is_asleep(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.contains(" (svwait) S")
}

/// How many inotify instances a process has open.
pub(crate) fn instances(pid: u32) -> usize {
    let links = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    links
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter(|target| target == Path::new("anon_inode:inotify"))
        .count()
}

/// How many directories a process watches.
pub(crate) fn watches(pid: u32) -> usize {
    watched(pid).matches("inotify wd:").count()
}

/// What the kernel tells of the descriptors of a process, with a line for each watch.
fn watched(pid: u32) -> String {
    let infos = fs::read_dir(format!("/proc/{pid}/fdinfo"));
    infos
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .collect()
}

/// Whether a process sleeps and watches this directory.
pub(crate) fn waits_in(pid: u32, directory: &Path) -> bool {
    let inode = fs::metadata(directory).expect("its inode").ino();
    let watch = format!(" ino:{inode:x} ");
    is_asleep(pid) && watched(pid).contains(&watch)
}

/// How often a process has gone to sleep.
pub(crate) fn sleeps(pid: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches"));
    line.expect("the count").to_owned()
}
