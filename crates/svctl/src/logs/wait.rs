//! Waiting until something is written to one of several logs.

use std::path::Path;
use std::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::inotify::Inotify;
use daemontools::unix::poll;
use daemontools::unix::signal::Mask;
use std::os::fd::AsFd;

use crate::service::c_path;

/// The pause between two looks where the kernel does not tell of changes.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a look is trusted where it does.
const NET: Duration = Duration::from_secs(5);

/// What tells of changes.
#[derive(Debug)]
pub(super) struct Waiter {
    /// `None` if one of the directories can't be watched.
    inotify: Option<Inotify>,
}

impl Waiter {
    /// For these directories.
    pub(super) fn new<'a>(mut directories: impl Iterator<Item = &'a Path>) -> Self {
        let watch = |inotify: &Inotify, directory: &Path| {
            c_path(directory)
                .and_then(|path| inotify.anything(&path))
                .is_ok()
        };
        let inotify = Inotify::new().ok();
        let all = |inotify: &Inotify| directories.all(|directory| watch(inotify, directory));
        Self {
            inotify: inotify.filter(all),
        }
    }

    /// Waits until there may be something new.
    pub(super) fn wait(&self) {
        let pause = if self.inotify.is_some() { NET } else { PAUSE };
        let fd = self.inotify.as_ref().map(AsFd::as_fd);
        // The mask stays what it is.
        let mask = Mask::block(&[]);
        let deadline = Monotonic::now() + pause;
        if poll::readable([fd], Some(deadline), &mask).is_err() {
            poll::pause_until(Monotonic::now() + PAUSE);
        }
        if let Some(inotify) = &self.inotify {
            let _ = inotify.each(|_| {});
        }
    }
}
