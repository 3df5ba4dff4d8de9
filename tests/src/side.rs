//! One side of a case: its programs, its directory and its transcript.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::normal::Normal;
use crate::process::{self, Entry, Proc};
use crate::spawn::Cmd;
use crate::transcript::Transcript;

/// The user and group id of nobody.
pub const NOBODY: u32 = 65534;

/// The two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Debian's programs.
    Reference,
    /// Ours.
    Ours,
}

/// The directories of both sides' programs.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    pub(crate) reference: PathBuf,
    pub(crate) ours: PathBuf,
    /// Whether both are the same programs: the run then checks the cases.
    pub(crate) same: bool,
}

impl Programs {
    /// The directory of one side's programs.
    #[must_use]
    pub fn of(&self, whose: Whose) -> &Path {
        match whose {
            Whose::Reference => &self.reference,
            Whose::Ours => &self.ours,
        }
    }
}

/// The environment of a case on one side: a fresh directory, the programs, the transcript.
/// When the case ends, its processes are killed and its files removed.
pub struct Side {
    whose: Whose,
    programs: Programs,
    root: PathBuf,
    dir: PathBuf,
    normals: Vec<Normal>,
    transcript: RefCell<Transcript>,
    sessions: RefCell<Vec<Pid>>,
    held: RefCell<Vec<Box<dyn Any>>>,
    outputs: Cell<u32>,
}

impl Side {
    pub(crate) fn new(
        whose: Whose,
        programs: &Programs,
        root: PathBuf,
        normals: &[Normal],
    ) -> Self {
        let dir = root.join("d");
        for made in [&root, &dir, &root.join("out")] {
            fs::create_dir_all(made).expect("a directory for the side");
            fs::set_permissions(made, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        Self {
            whose,
            programs: programs.clone(),
            root,
            dir,
            normals: normals.to_vec(),
            transcript: RefCell::default(),
            sessions: RefCell::default(),
            held: RefCell::default(),
            outputs: Cell::new(0),
        }
    }

    /// Whose programs run.
    #[must_use]
    pub fn whose(&self) -> Whose {
        self.whose
    }

    /// The directory of this side: where commands start and paths begin.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The absolute path of a relative one.
    #[must_use]
    pub fn path(&self, relative: impl AsRef<OsStr>) -> PathBuf {
        self.dir.join(relative.as_ref())
    }

    /// This side's program of that name.
    #[must_use]
    pub fn bin(&self, name: &str) -> PathBuf {
        self.bin_of(self.whose, name)
    }

    /// Either side's program of that name, for trees that mix both. (When the
    /// reference runs, both are the reference's.)
    #[must_use]
    pub fn bin_of(&self, whose: Whose, name: &str) -> PathBuf {
        let whose = if self.whose == Whose::Reference {
            Whose::Reference
        } else {
            whose
        };
        let path = self.programs.of(whose).join(name);
        assert!(path.exists(), "{whose:?} has no program {name}");
        path
    }

    /// The `PATH` that commands get: this side's programs first.
    #[must_use]
    pub fn path_variable(&self) -> OsString {
        let mut path = self.programs.of(self.whose).as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        path
    }

    /// A command: the first word is one of this side's programs, or a path.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Cmd<'_> {
        let args: Vec<OsString> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let name = args
            .first()
            .expect("a command has a name")
            .to_string_lossy()
            .into_owned();
        let program = if name.contains('/') {
            self.path(&name)
        } else {
            self.bin(&name)
        };
        Cmd::new(self, program, args)
    }

    /// A command of either side, see [`Self::bin_of`].
    pub fn command_of<A: AsRef<OsStr>>(
        &self,
        whose: Whose,
        args: impl IntoIterator<Item = A>,
    ) -> Cmd<'_> {
        let args: Vec<OsString> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let name = args
            .first()
            .expect("a command has a name")
            .to_string_lossy()
            .into_owned();
        Cmd::new(self, self.bin_of(whose, &name), args)
    }

    /// Adds an observation to the transcript.
    pub fn log(&self, label: &str, value: impl Display) {
        self.log_bytes(label, value.to_string().as_bytes());
    }

    /// Adds bytes to the transcript, a line each.
    pub fn log_bytes(&self, label: &str, value: &[u8]) {
        let text = self.normalised(value);
        self.transcript.borrow_mut().add(label, &text);
    }

    /// Adds the files below the side's directory.
    pub(crate) fn log_tree(&self, additions: bool) {
        for line in crate::tree::listing(&self.dir, additions) {
            let line = self.normalised(line.as_bytes());
            let line = format!("file: {}", String::from_utf8_lossy(&line));
            self.transcript.borrow_mut().add_line(line);
        }
    }

    fn normalised(&self, value: &[u8]) -> Vec<u8> {
        let mut text = value.to_vec();
        for (path, name) in [
            (self.dir.as_path(), "DIR"),
            (self.programs.of(Whose::Reference), "BIN"),
            (self.programs.of(Whose::Ours), "BIN"),
        ] {
            text = replace(&text, path.as_os_str().as_encoded_bytes(), name.as_bytes());
        }
        for normal in &self.normals {
            text = normal.apply(&text).into_owned();
        }
        text
    }

    /// Adds the output of a process so far. What svwait says when a second has passed is
    /// left out: a slow machine makes it say that.
    pub fn log_output(&self, process: &Proc) {
        self.log_bytes("stdout", &process.stdout());
        let stderr = process.stderr();
        let lines = stderr.split_inclusive(|&byte| byte == b'\n');
        let timeless = lines.filter(|line| !line.starts_with(b"svwait: waiting for "));
        self.log_bytes("stderr", &timeless.collect::<Vec<_>>().concat());
    }

    /// Polls until `condition` holds; the case fails when it never does.
    pub fn until(&self, what: &str, condition: impl FnMut() -> bool) {
        process::until(what, condition);
    }

    /// Keeps a value (an open descriptor) to the end of the case.
    pub fn hold(&self, value: impl Any) {
        self.held.borrow_mut().push(Box::new(value));
    }

    /// The harness's own process id: that of a process that runs.
    #[must_use]
    pub fn own_pid(&self) -> u32 {
        std::process::id()
    }

    pub(crate) fn transcript(&self) -> Transcript {
        self.transcript.borrow().clone()
    }

    pub(crate) fn remember(&self, session: Pid) {
        self.sessions.borrow_mut().push(session);
    }

    /// A new pair of files for a program's output, outside the side's directory.
    pub(crate) fn output_files(&self) -> (PathBuf, PathBuf) {
        let number = self.outputs.get() + 1;
        self.outputs.set(number);
        let file = |kind: &str| self.root.join("out").join(format!("{number}.{kind}"));
        (file("stdout"), file("stderr"))
    }

    /// Kills everything that this side started: its sessions, their descendants, and every
    /// process that works in its directory. Parents are killed first, so that none can
    /// write a message about the end of a child.
    pub(crate) fn kill_all(&self) {
        process::until("the end of all processes", || {
            let ours = self.processes();
            for &pid in &ours {
                kill(pid, Signal::SIGKILL).ok();
            }
            ours.is_empty()
        });
        // Only now: a process could have noticed the end of a pipe.
        self.held.borrow_mut().clear();
    }

    fn processes(&self) -> Vec<Pid> {
        let table = process::all();
        let sessions = self.sessions.borrow();
        let is_ours = |entry: &Entry| {
            sessions.contains(&entry.session)
                || fs::read_link(format!("/proc/{}/cwd", entry.pid))
                    .is_ok_and(|cwd| cwd.starts_with(&self.root))
        };
        let living = || table.iter().filter(|entry| entry.state != 'Z');
        let mut depths: HashMap<Pid, u32> = living()
            .filter(|entry| is_ours(entry))
            .map(|entry| (entry.pid, 0))
            .collect();
        let mut changed = true;
        while changed {
            changed = false;
            for entry in living() {
                if let Some(depth) = depths.get(&entry.parent).map(|depth| depth + 1) {
                    changed |= depths.insert(entry.pid, depth) != Some(depth);
                }
            }
        }
        let mut pids: Vec<Pid> = depths.keys().copied().collect();
        pids.sort_by_key(|pid| depths[pid]);
        pids
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        crate::keeper::make_removable(&self.root);
        fs::remove_dir_all(&self.root).ok();
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    result.extend_from_slice(rest);
    result
}
