//! Runs a program on an input and takes down what can be seen.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::Pid;

use crate::feed::Feeder;
use crate::input::{Input, Kind, shown};

/// How long a program may take. One that waits for ever is killed, on both sides.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where both sides' programs are.
pub(crate) struct Programs {
    pub(crate) reference: PathBuf,
    pub(crate) ours: PathBuf,
}

impl Programs {
    /// Whether both have this one; else the path that there is not.
    pub(crate) fn have(&self, program: &str) -> Result<(), String> {
        for bin in [&self.reference, &self.ours] {
            let path = bin.join(program);
            if !path.is_file() {
                return Err(path.display().to_string());
            }
        }
        Ok(())
    }
}

/// Name, mode and bytes of a file.
pub(crate) type Seen = (Vec<u8>, u32, Vec<u8>);

/// What was seen.
#[derive(PartialEq, Eq)]
pub(crate) struct Observation {
    end: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// What it did not read of its input, where that can be told.
    left: Option<i32>,
    /// Every file, in the order of their names.
    pub(crate) files: Vec<Seen>,
}

impl Observation {
    /// A signal ended it.
    pub(crate) fn killed(&self) -> bool {
        self.end.signal().is_some()
    }

    /// This with `normal` done to all text, names of files too.
    pub(crate) fn normalised(mut self, normal: fn(&[u8]) -> Vec<u8>) -> Self {
        self.stdout = normal(&self.stdout);
        self.stderr = normal(&self.stderr);
        for (name, _, bytes) in &mut self.files {
            *name = normal(name);
            *bytes = normal(bytes);
        }
        self
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  end    {}", self.end)?;
        writeln!(f, "  stdout \"{}\"", shown(&self.stdout))?;
        write!(f, "  stderr \"{}\"", shown(&self.stderr))?;
        if let Some(left @ 1..) = self.left {
            write!(f, "\n  left   {left} bytes")?;
        }
        for (name, mode, bytes) in &self.files {
            let (name, bytes) = (name.escape_ascii(), shown(bytes));
            write!(f, "\n  file   {name} {mode:o} \"{bytes}\"")?;
        }
        Ok(())
    }
}

/// Runs `program` in a new directory that has the input's files.
pub(crate) fn observe(program: &Path, input: &Input) -> Observation {
    let mut builder = tempfile::Builder::new();
    builder.prefix("difffuzz");
    // In memory, where that can be had: multilog waits for the disk at each rotation.
    let directory = builder
        .tempdir_in("/dev/shm")
        .or_else(|_| builder.tempdir())
        .expect("a directory");
    // Descriptors that live as long as the program.
    let _readers = make_files(directory.path(), input);
    let mut command = Command::new(program);
    command
        .arg0(program.file_name().expect("a program has a name"))
        .args(input.args.iter().map(|word| OsStr::from_bytes(word)))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in &input.env {
        command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    let (stdin, feeder) = Feeder::new(input);
    command.stdin(stdin);
    let child = command.spawn().expect("the program can be started");
    // It has the other end of the pipe.
    drop(command);
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    let (ended, watch) = mpsc::channel::<()>();
    let (output, left) = thread::scope(|scope| {
        let feeding = scope.spawn(move || feeder.feed(input, pid));
        scope.spawn(move || {
            if watch.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                kill(pid, Signal::SIGKILL).ok();
            }
        });
        let output = child.wait_with_output();
        drop(ended);
        (output, feeding.join().expect("the input"))
    });
    let output = output.expect("its output");
    let mut files = Vec::new();
    list(directory.path(), directory.path(), &mut files);
    // What a limit killed may leave a dump of itself; our multilog keeps a record of
    // its input, which the reference has not.
    files.retain(|(name, ..)| name != b"core" && !name.ends_with(b"/.pending"));
    files.sort();
    Observation {
        end: output.status,
        stdout: output.stdout,
        stderr: output.stderr,
        left,
        files,
    }
}

fn make_files(directory: &Path, input: &Input) -> Vec<fs::File> {
    let mut readers = Vec::new();
    for file in &input.files {
        let path = directory.join(OsStr::from_bytes(&file.name));
        let parent = path.parent().expect("it is below the directory");
        fs::create_dir_all(parent).expect("a directory");
        match file.kind {
            Kind::Regular => {
                fs::write(&path, &file.bytes).expect("a file");
                let mode = fs::Permissions::from_mode(file.mode);
                fs::set_permissions(&path, mode).expect("its mode");
            }
            Kind::Fifo => {
                let mode = Mode::from_bits_truncate(file.mode);
                nix::unistd::mkfifo(&path, mode).expect("a FIFO");
                let mut options = fs::OpenOptions::new();
                let reader = options.read(true).custom_flags(libc::O_NONBLOCK).open(path);
                readers.push(reader.expect("a reader"));
            }
        }
    }
    readers
}

fn list(root: &Path, directory: &Path, files: &mut Vec<Seen>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        let about = path.symlink_metadata().expect("it is there");
        if about.is_dir() {
            list(root, &path, files);
        }
        let name = path.strip_prefix(root).expect("it is below");
        let name = name.as_os_str().as_bytes().to_vec();
        let bytes = if about.is_file() {
            fs::read(&path).expect("its bytes")
        } else {
            Vec::new()
        };
        files.push((name, about.permissions().mode(), bytes));
    }
}
