//! Starts a program with exactly the inheritance that a case asks for: descriptors, signal
//! mask, dispositions, environment, session, user.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use crate::bare;
use crate::exec::{Plan, Strings, c_string, fork_and_exec};
use crate::process::{Exit, Proc, until};
use crate::side::Side;
use crate::transcript::printable;

/// Held for reading while a file that will be executed is open for writing, and for writing
/// while a child is between fork and exec. Without it the child could have a copy of that
/// descriptor, and the exec of the file would fail with ETXTBSY.
pub(crate) static FORKING: RwLock<()> = RwLock::new(());

/// The first number for descriptors that a child is to get: higher than those that a case
/// asks for.
const PARKED: RawFd = 400;

enum Input {
    Null,
    Bytes(Vec<u8>),
    File(File),
}

/// A command on one side, to be run or spawned.
#[must_use = "a command does nothing until it is run or spawned"]
pub struct Cmd<'a> {
    side: &'a Side,
    words: Vec<u8>,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<Vec<u8>>,
    cwd: PathBuf,
    input: Input,
    passed: Vec<(RawFd, OwnedFd)>,
    closed: Vec<RawFd>,
    blocked: SigSet,
    ignored: Vec<Signal>,
    user: Option<u32>,
    limits: Vec<(u32, u64)>,
    umask: u32,
    bare: bool,
}

impl<'a> Cmd<'a> {
    pub(crate) fn new(side: &'a Side, program: PathBuf, args: Vec<OsString>) -> Self {
        Self {
            side,
            words: args.join(OsStr::new(" ")).into_vec(),
            program,
            args,
            env: vec![
                [b"PATH=", side.path_variable().as_bytes()].concat(),
                b"LC_ALL=C".to_vec(),
            ],
            cwd: side.dir().to_owned(),
            input: Input::Null,
            passed: Vec::new(),
            closed: Vec::new(),
            blocked: SigSet::empty(),
            ignored: Vec::new(),
            user: None,
            limits: Vec::new(),
            umask: 0o022,
            bare: bare::asked(),
        }
    }

    /// These bytes on standard input, then its end. The default is `/dev/null`.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// This file (or pipe end) as standard input.
    pub fn stdin_file(mut self, file: impl Into<OwnedFd>) -> Self {
        self.input = Input::File(File::from(file.into()));
        self
    }

    /// This working directory, relative to the side's.
    pub fn cwd(mut self, dir: impl AsRef<OsStr>) -> Self {
        self.cwd = self.side.path(dir.as_ref());
        self
    }

    /// One more environment variable, at the end; replaces none.
    pub fn env(mut self, variable: impl Into<Vec<u8>>) -> Self {
        self.env.push(variable.into());
        self
    }

    /// No environment at all, `PATH` included; the program is still found.
    pub fn env_clear(mut self) -> Self {
        self.env.clear();
        self
    }

    /// This descriptor under this number. By default standard output and error are
    /// captured.
    pub fn pass(mut self, number: RawFd, file: impl Into<OwnedFd>) -> Self {
        self.passed.push((number, file.into()));
        self
    }

    /// This descriptor closed.
    pub fn close(mut self, number: RawFd) -> Self {
        self.closed.push(number);
        self
    }

    /// This signal blocked.
    pub fn block(mut self, signal: Signal) -> Self {
        self.blocked.add(signal);
        self
    }

    /// This signal ignored.
    pub fn ignore(mut self, signal: Signal) -> Self {
        self.ignored.push(signal);
        self
    }

    /// With this umask.
    pub fn umask(mut self, mask: u32) -> Self {
        self.umask = mask;
        self
    }

    /// As a user without privileges: as nobody if the harness runs as root, as
    /// itself otherwise.
    pub fn unprivileged(mut self) -> Self {
        self.user = nix::unistd::geteuid()
            .is_root()
            .then_some(crate::side::NOBODY);
        self
    }

    /// With this resource limit, soft and hard (`libc::RLIMIT_…`).
    pub fn limit(mut self, resource: u32, value: u64) -> Self {
        self.limits.push((resource, value));
        self
    }

    /// With a kernel that looks old, see [`bare`].
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Runs it to its end and logs it: the command, its exit, its output.
    pub fn run(self) -> Exit {
        let side = self.side;
        side.log_bytes("run", &self.words);
        let process = self.spawn();
        let exit = process.wait();
        side.log("end", exit);
        side.log_output(&process);
        exit
    }

    /// Starts it, in a session of its own, and returns at once.
    #[must_use]
    pub fn spawn(self) -> Proc {
        let side = self.side;
        let name = printable(&self.words);
        let (stdout, stderr) = side.output_files();
        let input = match self.input {
            Input::Null => File::open("/dev/null"),
            Input::File(file) => Ok(file),
            Input::Bytes(bytes) => {
                let path = stdout.with_extension("in");
                fs::write(&path, bytes).expect("writing a program's input");
                File::open(path)
            }
        };
        let mut wanted: Vec<(RawFd, OwnedFd)> = vec![
            (0, input.expect("a program's input").into()),
            (1, File::create(&stdout).expect("a program's output").into()),
            (2, File::create(&stderr).expect("a program's output").into()),
        ];
        wanted.extend(self.passed);
        let parked: Vec<(RawFd, OwnedFd)> = wanted
            .into_iter()
            .map(|(number, file)| (number, park(&file)))
            .collect();

        let plan = Plan {
            program: c_string(self.program.clone().into_os_string()),
            args: Strings::new(self.args),
            env: Strings::new(self.env.into_iter().map(OsString::from_vec)),
            cwd: c_string(self.cwd.into_os_string()),
            descriptors: parked
                .iter()
                .map(|(number, file)| (*number, file.as_raw_fd()))
                .collect(),
            closed: self.closed,
            blocked: self.blocked,
            ignored: self.ignored,
            user: self.user,
            limits: self.limits,
            umask: self.umask,
            filter: bare::filter(self.bare),
        };
        let child = {
            let _lock = FORKING.write().unwrap_or_else(PoisonError::into_inner);
            fork_and_exec(&self.program, plan).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        side.remember(pid);
        Proc {
            child: RefCell::new(child),
            pid,
            name,
            stdout,
            stderr,
        }
    }

    /// Starts it and waits until `ready` holds.
    #[must_use]
    pub fn spawn_until(self, what: &str, mut ready: impl FnMut(&Proc) -> bool) -> Proc {
        let process = self.spawn();
        until(what, || ready(&process));
        process
    }
}

impl Side {
    /// Sets a soft resource limit of a process, as prlimit calls it (`nofile`), from
    /// now on; `unlimited` is a value too.
    pub fn limit(&self, process: &Proc, resource: &str, value: &str) {
        let pid = format!("--pid={}", process.pid());
        let limit = format!("--{resource}={value}:");
        // Root without all capabilities may set only those of its own processes.
        let owner = fs::metadata(format!("/proc/{}", process.pid())).expect("it runs");
        let prlimit = self.command(["/usr/bin/prlimit", &pid, &limit]);
        let prlimit = match owner.uid() {
            0 => prlimit,
            _ => prlimit.unprivileged(),
        };
        assert_eq!(prlimit.spawn().wait(), Exit::Code(0), "{limit}");
    }
}

fn park(file: &OwnedFd) -> OwnedFd {
    use std::os::fd::FromRawFd;
    let number = fcntl(file, FcntlArg::F_DUPFD_CLOEXEC(PARKED)).expect("a descriptor");
    #[allow(unsafe_code)]
    // SAFETY: fcntl just made this descriptor, and nobody else knows it.
    unsafe {
        OwnedFd::from_raw_fd(number)
    }
}
