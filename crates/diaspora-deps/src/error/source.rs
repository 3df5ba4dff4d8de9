//! Why the settings file could not be sourced.

use std::path::PathBuf;
use std::time::Duration;

use daemontools::unix::file::PathError;
use daemontools::{Errno, errno};
use thiserror::Error;

/// Why the settings file could not be sourced.
#[derive(Clone, Debug, Error)]
pub enum SourceError {
    /// It can't be opened, or another user may change it.
    #[error("{0}")]
    Unreadable(PathError),
    /// It begins with the mark that Windows puts before UTF-8: a part of the first word.
    #[error("it begins with a byte order mark, as on Windows: sed -i '1s/^\\xef\\xbb\\xbf//' {}", .0.display())]
    ByteOrderMark(PathBuf),
    /// It was named and does not exist.
    #[error("{}", errno::text(Errno::ENOENT))]
    Missing,
    /// It has the line ends of Windows, of which a shell makes a part of each value.
    #[error("its lines end with CR LF, as on Windows: sed -i 's/\\r$//' {}", .0.display())]
    WindowsLines(PathBuf),
    /// Its path is relative, and there is no working directory.
    #[error("no working directory")]
    NoWorkingDirectory,
    /// The system could not run the shell, or read what it wrote.
    #[error("{}", errno::text(*.0))]
    System(Errno),
    /// The shell ended before it had written the variables.
    #[error("it ends the shell: take its \"exit\" out")]
    EndsShell,
    /// The shell failed.
    #[error("the shell exited {0}")]
    Exited(i32),
    /// The shell was killed.
    #[error("the shell was killed by signal {0}")]
    Killed(i32),
    /// The variables are more than any program could be given.
    #[error("its environment is too large")]
    TooLarge,
    /// The file did not end within this time.
    #[error("it takes longer than {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

impl SourceError {
    /// Whether it will fail the next time too: the file has to be changed first.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Missing | Self::WindowsLines(_) | Self::ByteOrderMark(_) => true,
            Self::Unreadable(error) => !matches!(error, PathError::System(_)),
            _ => false,
        }
    }
}
