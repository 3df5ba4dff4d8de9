//! Services and their supervisors: made, started, listened to, killed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::contender::Contender;
use crate::family::Family;
use crate::settings::Settings;
use crate::{Outcome, process, program};

/// How long anything may take before a case is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of services, and whoever watches them. All ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) contender: &'a Contender,
    folder: PathBuf,
    children: Vec<Child>,
    news: PipeReader,
    says: PipeWriter,
    program: PathBuf,
}

impl<'a> Tree<'a> {
    /// A folder of `count` services that run `code`; nothing is started.
    pub(crate) fn new(
        settings: &Settings,
        contender: &'a Contender,
        count: usize,
        code: &[u8],
    ) -> Outcome<Self> {
        let folder = tempfile::Builder::new()
            .prefix(contender.name)
            .tempdir_in(settings.scratch())?
            .keep();
        let (news, says) = io::pipe()?;
        let program = folder.join("program");
        let tree = Self {
            contender,
            folder,
            children: Vec::new(),
            news,
            says,
            program,
        };
        fs::create_dir(tree.scan())?;
        program::write(&tree.program, code)?;
        // Where the unpacked s6-svscan looks for it (see fetch-peers).
        if let Some(path) = contender.program(Family::S6.supervise()) {
            symlink(path, tree.beside(Family::S6.supervise()))?;
        }
        for index in 0..count {
            tree.add(&tree.service(index))?;
        }
        Ok(tree)
    }

    /// The folder that is scanned.
    pub(crate) fn scan(&self) -> PathBuf {
        self.folder.join("scan")
    }

    /// A place of the tree's own, beside what is scanned.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The directory of a service.
    pub(crate) fn service(&self, index: usize) -> PathBuf {
        self.scan().join(format!("s{index:05}"))
    }

    /// Makes a service directory.
    pub(crate) fn add(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir(directory)?;
        fs::hard_link(&self.program, directory.join("run"))
    }

    /// Starts the program that watches all.
    pub(crate) fn start_scan(&mut self) -> Outcome<u32> {
        let family = self.contender.family;
        let scan = self.scan();
        let mut command = self.contender.command(family.scan());
        command
            .args(family.scan_arguments(&scan))
            .current_dir(&scan);
        self.spawn(command)
    }

    /// Starts a program that watches one service.
    pub(crate) fn start_supervise(&mut self, index: usize) -> Outcome<u32> {
        let mut command = self.contender.command(self.contender.family.supervise());
        command.arg(self.service(index)).current_dir(&self.folder);
        self.spawn(command)
    }

    fn spawn(&mut self, mut command: Command) -> Outcome<u32> {
        command.stdin(Stdio::null()).stdout(self.says.try_clone()?);
        command.stderr(File::create(self.folder.join("messages"))?);
        let child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
        let pid = child.id();
        self.children.push(child);
        Ok(pid)
    }

    /// Waits until `count` services have said their pids.
    pub(crate) fn heard(&mut self, count: usize) -> Outcome<Vec<u32>> {
        let mut bytes = vec![0; count * 4];
        let mut have = 0;
        while have < bytes.len() {
            if !readable(&self.news, PATIENCE)? {
                let text = fs::read_to_string(self.folder.join("messages")).unwrap_or_default();
                let (name, said) = (self.contender.name, have / 4);
                let last = text.lines().last().unwrap_or_default();
                return Err(format!("{name}: {said} of {count} services came up; {last}").into());
            }
            have += self.news.read(&mut bytes[have..])?;
        }
        let pids = bytes
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]));
        Ok(pids.collect())
    }

    /// How many services have said their pids since.
    pub(crate) fn heard_meanwhile(&mut self) -> Outcome<usize> {
        let mut count = 0;
        while readable(&self.news, Duration::ZERO)? {
            count += self.news.read(&mut [0; 4096])?;
        }
        Ok(count / 4)
    }

    /// Pids of those that watch one service each.
    pub(crate) fn supervises(&self) -> Vec<u32> {
        process::named(&self.folder, self.contender.family.supervise())
    }

    /// The control FIFO of a service, open for writing.
    pub(crate) fn control(&self, index: usize) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .open(self.service(index).join("supervise/control"))
    }

    /// Whether anybody reads the control FIFO.
    pub(crate) fn is_watched(&self, index: usize) -> bool {
        // O_NONBLOCK: an open for writing fails where nobody reads.
        let mut options = OpenOptions::new();
        options
            .write(true)
            .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
        options
            .open(self.service(index).join("supervise/control"))
            .is_ok()
    }

    /// Writes a command.
    pub(crate) fn command(&self, index: usize, letter: &[u8]) -> io::Result<()> {
        self.control(index)?.write_all(letter)
    }
}

impl Drop for Tree<'_> {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        process::kill_below(&self.folder);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Waits for input.
pub(crate) fn readable(fd: impl AsFd, patience: Duration) -> Outcome<bool> {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    Ok(poll(&mut fds, timeout)? > 0)
}
