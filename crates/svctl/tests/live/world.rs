//! A tree of services in a directory of its own, and what runs on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A program of ours, as it is installed.
pub(crate) fn program(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bin = std::env::var_os("OURS_BIN").map_or_else(|| root.join("build/bin"), PathBuf::from);
    let path = bin.join(name);
    assert!(path.is_file(), "no {}: run make build", path.display());
    path
}

/// A tree, whose svscan ends with it.
pub(crate) struct World {
    place: TempDir,
    svscan: Option<Child>,
}

impl World {
    /// An empty tree, without svscan.
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        fs::create_dir(place.path().join("service")).expect("mkdir");
        Self {
            place,
            svscan: None,
        }
    }

    /// A path in the directory of the tree's own; `service` is the tree.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Makes a service in the tree, whose `run` is a shell script with this text.
    pub(crate) fn service(&self, name: &str, script: &str) -> PathBuf {
        service(&self.path("service").join(name), script)
    }

    /// PATH with the programs of ours first.
    pub(crate) fn programs(&self) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let svscan = program("svscan");
        format!("{}:{path}", svscan.parent().expect("bin").display())
    }

    /// Starts svscan, and waits until it has started what is there.
    pub(crate) fn start(&mut self) {
        let svscan = Command::new(program("svscan"))
            .arg(self.path("service"))
            .env("PATH", self.programs())
            .stdin(Stdio::null())
            .spawn();
        self.svscan = Some(svscan.expect("svscan"));
        self.until("all have a supervise", |world| {
            let out = world.svctl(&["list", "-a", "--json"]);
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            let is_up = |line: &str| {
                line.contains("\"supervised\":true") || line.contains("\"enabled\":false")
            };
            out.status.success() && text.lines().all(is_up)
        });
    }

    /// `svctl`, to be run with the tree as `SVDIR`.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svctl"));
        command
            .args(words)
            .env("SVDIR", self.path("service"))
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub(crate) fn svctl(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("svctl runs")
    }

    /// Runs it. Gives its exit code and all that it has written.
    pub(crate) fn said(&self, words: &[&str]) -> (i32, String) {
        said(&self.svctl(words))
    }

    /// Waits until something holds.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !holds(self) {
            assert!(Instant::now() < end, "not in time: {what}");
            pause();
        }
    }
}

impl World {
    /// All service directories, loggers too.
    fn directories(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("service"))
            .into_iter()
            .flatten()
            .flatten();
        let services = entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir());
        services
            .flat_map(|path| [path.join("log"), path])
            .filter(|path| path.is_dir())
            .collect()
    }

    /// Ends every supervise and its service.
    fn end_services(&self) {
        let directories = self.directories();
        let _ = Command::new(program("svc"))
            .arg("-dxk")
            .args(&directories)
            .output();
        let is_gone = |directory: &PathBuf| {
            let svok = Command::new(program("svok")).arg(directory).output();
            svok.is_ok_and(|out| !out.status.success())
        };
        let end = Instant::now() + LIMIT;
        while !directories.iter().all(is_gone) && Instant::now() < end {
            pause();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(mut svscan) = self.svscan.take() else {
            return;
        };
        // svscan first: it would start each supervise again.
        let _ = svscan.kill();
        let _ = svscan.wait();
        self.end_services();
    }
}

/// Makes a service directory.
pub(crate) fn service(directory: &Path, script: &str) -> PathBuf {
    fs::create_dir_all(directory).expect("mkdir");
    let run = directory.join("run");
    fs::write(&run, format!("#!/bin/sh\nexec 2>&1\n{script}\n")).expect("write");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).expect("chmod");
    directory.to_owned()
}

/// The exit code, and all that was written.
pub(crate) fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap_or(-1), text)
}

/// Between two looks.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
