//! A scan directory for each test, with svscan running on it. All its processes are killed
//! at the end.
//!
//! `DAEMONTOOLS_TEST_BIN` names a directory of other programs to test, such as the
//! reference's.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest wait for an event: only a failing test takes so long.
const DEADLINE: Duration = Duration::from_secs(30);

/// Where the programs are.
pub(crate) fn programs() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        if let Some(place) = std::env::var_os("DAEMONTOOLS_TEST_BIN") {
            return place.into();
        }
        let place = Path::new(env!("CARGO_BIN_EXE_svscan"))
            .parent()
            .expect("a directory");
        for (package, program) in [
            ("supervise", "supervise"),
            ("readproctitle", "readproctitle"),
            ("programs", "daemontools-programs"),
        ] {
            // Another package's program, which cargo need not have built.
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "-p", package, "--target-dir"]);
            cargo.arg(place.parent().expect("a target directory"));
            if place.ends_with("release") {
                cargo.arg("--release");
            }
            assert!(cargo.status().expect("cargo").success());
            assert!(place.join(program).exists());
        }
        place.to_owned()
    })
}

/// Calls `what` until it returns something.
pub(crate) fn wait_for<T>(description: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "never came: {description}");
        sleep(Duration::from_millis(2));
    }
}

/// Writes an executable shell script.
pub(crate) fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod");
}

/// The lines of a file; none if it does not exist.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A scan directory.
pub(crate) struct Tree {
    place: tempfile::TempDir,
    svscan: Option<Child>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join("scan")).expect("mkdir");
        Self {
            place,
            svscan: None,
        }
    }

    /// A path outside the scan directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A path in the scan directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join("scan").join(name)
    }

    /// Makes a service that runs `text`, anywhere.
    pub(crate) fn make(&self, path: &Path, text: &str) {
        fs::create_dir_all(path).expect("mkdir");
        script(&path.join("run"), text);
    }

    /// Makes a service in the scan directory.
    pub(crate) fn service(&self, name: &str, text: &str) {
        self.make(&self.path(name), text);
    }

    /// A command that runs svscan on this tree.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(programs().join("svscan"));
        let path = format!("{}:/usr/bin:/bin", programs().display());
        command
            .arg(self.path(""))
            .env_clear()
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(fs::File::create(self.beside("stdout")).expect("a file"))
            .stderr(fs::File::create(self.beside("stderr")).expect("a file"));
        command
    }

    pub(crate) fn start(&mut self) {
        let mut command = self.command();
        self.start_as(&mut command);
    }

    pub(crate) fn start_as(&mut self, command: &mut Command) {
        self.svscan = Some(command.spawn().expect("svscan"));
    }

    /// Waits for its end. Gives its exit code, or 128 and the number of a signal.
    pub(crate) fn end(&mut self) -> i32 {
        let svscan = self.svscan.as_mut().expect("started");
        let status = wait_for("the end of svscan", || svscan.try_wait().expect("a child"));
        self.svscan = None;
        status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal))
            .expect("an end")
    }

    /// svscan's pid.
    pub(crate) fn pid(&self) -> u32 {
        self.svscan.as_ref().expect("started").id()
    }

    /// The reading end of standard error, if it was started with a pipe.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        let svscan = self.svscan.as_mut().expect("started");
        svscan.stderr.take().expect("a pipe")
    }

    /// The lines on standard error.
    pub(crate) fn said(&self) -> Vec<String> {
        lines(&self.beside("stderr"))
    }

    /// The pids of svscan's children that are supervises of the service `name`, which may
    /// end in `/log`.
    pub(crate) fn supervises(&self, name: &str) -> Vec<u32> {
        let (word, dir) = match name.strip_suffix("/log") {
            Some(_) => ("log", name),
            None => (name, name),
        };
        let dir = fs::canonicalize(self.path(dir)).unwrap_or_else(|_| self.path(dir));
        children(self.pid())
            .into_iter()
            .filter(|pid| {
                words(*pid) == ["supervise", word]
                    && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == dir)
            })
            .collect()
    }

    /// Waits for the one supervise of the service `name`, with its FIFOs made.
    pub(crate) fn supervise(&self, name: &str) -> u32 {
        wait_for(&format!("supervise {name}"), || {
            match self.supervises(name)[..] {
                [pid] if self.path(name).join("supervise/ok").exists() => Some(pid),
                _ => None,
            }
        })
    }

    /// Waits until a file in or beside the tree has at least `count` lines.
    pub(crate) fn wait_lines(&self, path: &Path, count: usize) -> Vec<String> {
        wait_for(&format!("{count} lines in {}", path.display()), || {
            Some(lines(path)).filter(|lines| lines.len() >= count)
        })
    }

    /// Prints messages and processes, for a failed test.
    fn describe(&self) {
        for line in self.said() {
            eprintln!("stderr: {line}");
        }
        let mut pids: Vec<_> = self.svscan.iter().map(Child::id).collect();
        while let Some(pid) = pids.pop() {
            let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
            eprintln!("process {pid} {:?} in {cwd:?}", words(pid));
            pids.extend(children(pid));
        }
    }

    /// Kills everything whose working directory is in this tree.
    fn kill_all(&self) {
        let begin = Instant::now();
        while begin.elapsed() < DEADLINE {
            let mut any = false;
            for entry in fs::read_dir("/proc").expect("/proc").flatten() {
                let cwd = fs::read_link(entry.path().join("cwd"));
                if cwd.is_ok_and(|cwd| cwd.starts_with(self.place.path())) {
                    let pid = entry.file_name().into_string().expect("a number");
                    any |= kill("KILL", &pid);
                }
            }
            if !any {
                return;
            }
            sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.describe();
        }
        if let Some(mut svscan) = self.svscan.take() {
            let _ = svscan.kill();
            let _ = svscan.wait();
        }
        self.kill_all();
    }
}

/// Sends a signal; false if there is no such process.
pub(crate) fn kill(signal: &str, pid: &str) -> bool {
    Command::new("kill")
        .args([&format!("-{signal}"), pid])
        .stderr(Stdio::null())
        .status()
        .expect("kill")
        .success()
}

/// The children of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect()
}

/// The command line of a process.
pub(crate) fn words(pid: u32) -> Vec<String> {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words
        .split(|&byte| byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether a process exists and is no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").starts_with(" Z"))
}
