//! Making files in a side's directory. Paths are relative to it, parents are
//! made as needed, and modes do not depend on the umask.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::PoisonError;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use crate::side::{NOBODY, Side};
use crate::spawn::FORKING;

impl Side {
    /// A directory, 0755.
    pub fn mkdir(&self, path: impl AsRef<OsStr>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(&path).expect("a directory");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        path
    }

    /// A file with these bytes, 0644.
    pub fn file(&self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.parent_of(path);
        let _lock = FORKING.read().unwrap_or_else(PoisonError::into_inner);
        let mut file = File::create(&path).expect("a file");
        file.write_all(bytes.as_ref()).expect("its bytes");
        file.set_permissions(fs::Permissions::from_mode(0o644))
            .expect("its mode");
        path
    }

    /// An executable file with these bytes, 0755.
    pub fn executable(&self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(path, bytes);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        path
    }

    /// A shell script of these lines.
    pub fn script(&self, path: impl AsRef<OsStr>, lines: &str) -> PathBuf {
        self.executable(path, format!("#!/bin/sh\n{lines}\n"))
    }

    /// A service directory whose `run` is a shell script of these lines.
    pub fn service(&self, dir: &str, lines: &str) {
        self.script(format!("{dir}/run"), lines);
    }

    /// Appends to a file.
    pub fn append(&self, path: impl AsRef<OsStr>, bytes: &[u8]) {
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.path(path))
            .expect("a file");
        file.write_all(bytes).expect("its bytes");
    }

    /// Changes a mode.
    pub fn mode(&self, path: impl AsRef<OsStr>, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    /// A symbolic link with this text.
    pub fn symlink(&self, text: impl AsRef<OsStr>, path: impl AsRef<OsStr>) {
        let path = self.parent_of(path);
        std::os::unix::fs::symlink(text.as_ref(), path).expect("a link");
    }

    /// A FIFO, 0600.
    pub fn fifo(&self, path: impl AsRef<OsStr>) -> PathBuf {
        let path = self.parent_of(path);
        nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a FIFO");
        path
    }

    /// A FIFO, and its reading end.
    pub fn fifo_reader(&self, path: impl AsRef<OsStr>) -> File {
        let path = self.fifo(path);
        let mut options = OpenOptions::new();
        options
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .expect("a FIFO to read")
    }

    /// A pipe: its reading and its writing end. Neither gets into a command
    /// unless it is passed.
    #[must_use]
    pub fn pipe(&self) -> (File, File) {
        let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe");
        (read.into(), write.into())
    }

    /// Renames a file or directory.
    pub fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) {
        fs::rename(self.path(from), self.path(to)).expect("a new name");
    }

    /// Removes a file or a whole directory.
    pub fn remove(&self, path: impl AsRef<OsStr>) {
        let path = self.path(path);
        let is_dir = path.symlink_metadata().is_ok_and(|about| about.is_dir());
        let removed = if is_dir {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.expect("something to remove");
    }

    /// The bytes of a file; none if it does not exist.
    #[must_use]
    pub fn read(&self, path: impl AsRef<OsStr>) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_default()
    }

    /// Whether a file of any type has this name.
    #[must_use]
    pub fn exists(&self, path: impl AsRef<OsStr>) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// Makes the user of [`crate::Cmd::unprivileged`] the owner of a file.
    pub fn give_away(&self, path: impl AsRef<OsStr>) {
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(self.path(path), Some(NOBODY), Some(NOBODY)).expect("chown");
        }
    }

    /// Logs a file's bytes under its name.
    pub fn log_file(&self, path: &str) {
        self.log_bytes(path, &self.read(path));
    }

    fn parent_of(&self, path: impl AsRef<OsStr>) -> PathBuf {
        let path = self.path(path);
        let parent = path.parent().expect("a path below the side's directory");
        fs::create_dir_all(parent).expect("a parent directory");
        path
    }
}
