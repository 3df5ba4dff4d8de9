//! A file system that stops answering, as an NFS does whose server is gone: whoever
//! opens, executes or reads a file on it waits, until it answers again or is killed.
//!
//! It is a FUSE file system of a few files, served by a thread of the harness, so that
//! nothing has to be installed. It is mounted in a namespace of its own, for the command
//! that is to see it, and is gone with that: see [`Hung::command`].

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

// The kernel's side of it, see linux/fuse.h, of which the libc crate has nothing.
const LOOKUP: u32 = 1;
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
/// Several may look up names in one directory at once: else the second waits for the
/// first where no signal reaches it.
const PARALLEL_DIROPS: u32 = 1 << 18;
const MAX_WRITE: u32 = 4096;
/// Length of what comes before every request.
const HEADER: usize = 40;

/// Under which number the command's shell gets the device.
const DEVICE: i32 = 9;
/// How often the server looks whether it may answer.
const LOOK: u16 = 5;

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
    /// A file system of these executable files, for a mount at `place`. It answers
    /// until it is told to [`stop`](Hung::stop).
    ///
    /// # Panics
    /// Where the kernel has no FUSE.
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
    /// When a descriptor can't be had.
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

    /// Answers nothing from now on. Who asks now waits.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Answers again, what was asked meanwhile first.
    pub fn go_on(&self) {
        self.stopped.store(false, Ordering::SeqCst);
    }
}

/// Who waits for an answer then gets an error.
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
    /// Answers until the file system is mounted nowhere any more.
    fn serve(mut self) {
        let mut buffer = vec![0; 1 << 16];
        let mut begun = false;
        while !self.ended.load(Ordering::SeqCst) {
            // What is not taken can be killed: so nothing is while it is stopped, but for the
            // mount itself.
            if begun && self.stopped.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(u64::from(LOOK)));
                continue;
            }
            let mut polled = [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(LOOK)) == Ok(0) {
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
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(u64::from(LOOK))),
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
            LOOKUP => {
                let name = body.split(|&byte| byte == 0).next().unwrap_or_default();
                let found = self.files.iter().position(|(n, _)| n.as_bytes() == name);
                // No time that it may be remembered: everything is asked each time.
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
        // Who asked may have been killed.
        let _ = self.device.write(&answer);
    }
}

/// The four bytes at an offset, of a number that is never larger.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// An answer, as it is put together.
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

    /// Those of the root directory (node 1) or of an executable file.
    fn attributes(self, node: u64, size: usize) -> Self {
        let mode = if node == 1 { 0o40755 } else { 0o100_755 };
        let words = self.large(node).large(size as u64).zeroes(4 * 8 + 3 * 4);
        words.small(mode).small(1).zeroes(5 * 4)
    }
}
