//! A file system that stops responding, as NFS does without its server: a process that
//! opens, executes or reads a file on it waits until the file system responds again or the
//! process is killed.
//!
//! It is a FUSE file system of a few files, served by a thread of the harness, so it needs no
//! other package. It is mounted in a namespace of its own, for one command, and ends with that
//! command: see [`Hung::command`].

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::side::Side;
use crate::spawn::Cmd;

// The constants of linux/fuse.h; the libc crate does not have them.
const POLLUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const RELEASE: u32 = 18;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;
const VERSION: (u32, u32) = (7, 31);
/// Allows lookups in one directory at the same time. Without it the second waits for the
/// first, and no signal reaches it.
const PARALLEL_DIROPS: u32 = 1 << 18;
const MAX_WRITE: u32 = 4096;
/// The length of the header of a request.
const HEADER: usize = 40;

/// The descriptor of the device in the command's shell.
const DEVICE: i32 = 9;
/// The time between two checks whether the server may respond, in milliseconds.
const POLL: u16 = 5;

/// The file system.
#[derive(Debug)]
pub struct Hung {
    /// The directory where it is mounted.
    place: PathBuf,
    device: File,
    stopped: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Side {
    /// A file system of these executable files, for a mount at `place`. It responds
    /// until [`stop`](Hung::stop).
    ///
    /// # Panics
    /// The kernel has no FUSE.
    pub fn hung(&self, place: &str, files: &[(&str, &Path)]) -> Hung {
        let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
        let device = device.expect("a kernel with FUSE");
        let files = files.iter().map(|(name, from)| {
            let bytes = fs::read(from).expect("a file to be served");
            ((*name).to_owned(), bytes)
        });
        let (stopped, ended) = (Arc::default(), Arc::default());
        let server = Server {
            device: device.try_clone().expect("a descriptor"),
            files: files.collect(),
            stopped: Arc::clone(&stopped),
            ended: Arc::clone(&ended),
        };
        Hung {
            place: self.mkdir(place),
            device,
            stopped,
            ended,
            server: Some(std::thread::spawn(|| server.serve())),
        }
    }
}

impl Hung {
    /// A command that sees the file system; its first word is one of the side's
    /// programs, or a path. Its pid is the command's own.
    ///
    /// # Panics
    /// No descriptor is left.
    pub fn command<'a>(&self, side: &'a Side, words: &[&str]) -> Cmd<'a> {
        let script = format!(
            "mount -i -t fuse -o fd={DEVICE},rootmode=40755,user_id=0,group_id=0,allow_other \
             none {} || exit 77; exec \"$@\" {DEVICE}<&-",
            self.place.display()
        );
        let program = match words[0].contains('/') {
            true => side.path(words[0]),
            false => side.bin(words[0]),
        };
        let shell = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", &script, "sh"];
        let words = shell
            .iter()
            .map(OsStr::new)
            .chain([program.as_os_str()])
            .chain(words[1..].iter().map(OsStr::new));
        let device = self.device.try_clone().expect("a descriptor");
        side.command(words).pass(DEVICE, device)
    }

    /// Stops responding. Requests wait from now on.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Responds again, first to the requests that wait.
    pub fn go_on(&self) {
        self.stopped.store(false, Ordering::SeqCst);
    }
}

/// Requests that wait get an error.
impl Drop for Hung {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let server = self.server.take().map(JoinHandle::join);
        if server.is_some_and(|end| end.is_err()) && !std::thread::panicking() {
            panic!("the server of a file system failed");
        }
    }
}

struct Server {
    device: File,
    files: Vec<(String, Vec<u8>)>,
    stopped: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Server {
    /// Responds until the file system is not mounted any more.
    fn serve(mut self) {
        let mut buffer = vec![0; 1 << 16];
        let mut begun = false;
        while !self.ended.load(Ordering::SeqCst) {
            // A process whose request was not read yet can be killed. So while it is stopped,
            // the server reads no request but that of the mount itself.
            if begun && self.stopped.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(u64::from(POLL)));
                continue;
            }
            let mut polled = [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(POLL)) == Ok(0) {
                continue;
            }
            let error = |error: &io::Error| error.raw_os_error().map(Errno::from_raw);
            match self.device.read(&mut buffer) {
                Ok(count) => {
                    self.answer(&buffer[..count]);
                    begun = true;
                }
                Err(end) if error(&end) == Some(Errno::ENODEV) => return,
                // Interrupted, or not mounted yet.
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(u64::from(POLL))),
            }
        }
    }

    fn answer(&mut self, request: &[u8]) {
        let (header, body) = request.split_at(HEADER);
        let opcode = number(header, 4);
        let node = number(header, 16);
        let file = self.files.get((node as usize).wrapping_sub(2));
        let result = match opcode {
            FORGET | BATCH_FORGET | INTERRUPT => return,
            INIT => Ok(Words::new()
                .small(VERSION.0)
                .small(VERSION.1)
                .small(0)
                .small(PARALLEL_DIROPS)
                .small(0)
                .small(MAX_WRITE)
                .small(1)
                .zeroes(36)),
            POLLUP => {
                let name = body.split(|&byte| byte == 0).next().unwrap_or_default();
                let found = self.files.iter().position(|(n, _)| n.as_bytes() == name);
                // A lifetime of 0: the kernel caches no attribute.
                found.ok_or(Errno::ENOENT).map(|index| {
                    let words = Words::new().large(index as u64 + 2).zeroes(32);
                    words.attributes(index as u64 + 2, self.files[index].1.len())
                })
            }
            GETATTR => {
                let size = file.map_or(0, |(_, bytes)| bytes.len());
                Ok(Words::new().zeroes(16).attributes(u64::from(node), size))
            }
            OPEN => Ok(Words::new().zeroes(16)),
            READ => file.ok_or(Errno::EISDIR).map(|(_, bytes)| {
                let from = (number(body, 8) as usize).min(bytes.len());
                let to = (from + number(body, 16) as usize).min(bytes.len());
                Words(bytes[from..to].to_vec())
            }),
            RELEASE | FLUSH => Ok(Words::new()),
            _ => Err(Errno::ENOSYS),
        };
        let (error, body) = match result {
            Ok(words) => (0, words.0),
            Err(error) => (-(error as i32), Vec::new()),
        };
        let length = u32::try_from(16 + body.len()).expect("a short answer");
        let mut answer = length.to_ne_bytes().to_vec();
        answer.extend(error.to_ne_bytes());
        answer.extend(&header[8..16]);
        answer.extend(body);
        // The process that asked may have been killed.
        let _ = self.device.write(&answer);
    }
}

/// The number of four bytes at an offset.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// A response under construction.
struct Words(Vec<u8>);

impl Words {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn small(mut self, word: u32) -> Self {
        self.0.extend(word.to_ne_bytes());
        self
    }

    fn large(mut self, word: u64) -> Self {
        self.0.extend(word.to_ne_bytes());
        self
    }

    fn zeroes(mut self, count: usize) -> Self {
        self.0.extend(vec![0; count]);
        self
    }

    /// The attributes of the root directory (node 1) or of an executable file.
    fn attributes(self, node: u64, size: usize) -> Self {
        let mode = if node == 1 { 0o40755 } else { 0o100_755 };
        let words = self.large(node).large(size as u64).zeroes(4 * 8 + 3 * 4);
        words.small(mode).small(1).zeroes(5 * 4)
    }
}
