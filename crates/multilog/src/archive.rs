//! The finished files of a log: how a file becomes one of them, and how many stay.
//! All of it happens in the working directory, which is the log's.

use core::ffi::CStr;
use core::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::{clock, file};

use crate::finished::{Code, Name, Survey};
use crate::pause;
use crate::script::LogSpec;

/// How long a look at the finished files is believed: under a flood, files are
/// finished hundreds of times a second, and hardly anybody else changes them.
const BELIEVED: Duration = Duration::from_secs(1);

/// What was seen of the finished files, and what was done with them since.
#[derive(Debug)]
struct Known {
    since: Monotonic,
    survey: Survey,
}

/// The finished files.
#[derive(Debug)]
pub(crate) struct Archive {
    spec: LogSpec,
    known: Option<Known>,
}

impl Archive {
    /// Those of a log; nothing is known of them yet.
    pub(crate) const fn new(spec: LogSpec) -> Self {
        Self { spec, known: None }
    }

    /// Takes in a file if it exists, after others may have been at work.
    pub(crate) fn take_if_there(&mut self, name: &CStr, code: Code, directory: &Dir) {
        let path = self.spec.path.to_bytes();
        let facts =
            pause::until(
                &[b"unable to stat ", path, b"/", name.to_bytes()],
                || match file::stat(name) {
                    Ok(facts) => Ok(Some(facts)),
                    Err(Errno::ENOENT) => Ok(None),
                    Err(error) => Err(error),
                },
            );
        if let Some(facts) = facts {
            self.known = None;
            self.take(name, facts.links, code, directory);
            self.known = None;
        }
    }

    /// Takes in a file with so many links, and removes what is too much.
    pub(crate) fn take(&mut self, name: &CStr, links: u64, code: Code, directory: &Dir) {
        if links == 1 {
            self.name(name, code, directory);
        } else {
            // It has its name already.
            remove(self.spec.path.to_bytes(), name);
        }
        self.remove_oldest(directory);
    }

    /// Takes in a file that is safe, if that can be done in one step and at once;
    /// says whether it was.
    pub(crate) fn try_to_take(&mut self, name: &CStr, directory: &Dir) -> bool {
        let known = self.known(directory);
        let new = Name::new(known.survey.next_label(clock::wall()), Code::Safe);
        let is_taken = file::rename_new(name, new.as_c_str()).is_ok();
        if is_taken {
            known.survey.see(new.as_c_str());
        }
        is_taken
    }

    /// Moves a file to its name as a finished one. It has one name or the other at
    /// every moment, on the disk too; where that cannot be done at once it first has
    /// both.
    fn name(&mut self, old: &CStr, code: Code, directory: &Dir) {
        let path = self.spec.path.to_bytes();
        loop {
            let known = self.known(directory);
            let new = Name::new(known.survey.next_label(clock::wall()), code);
            let moved = match file::rename_new(old, new.as_c_str()) {
                Err(Errno::EINVAL | Errno::ENOSYS) => file::link(old, new.as_c_str()).map(|()| {
                    // The new name has to be on the disk before the old one goes.
                    pause::until(&[b"unable to write ", path, b" to disk"], || {
                        sync_directory(directory)
                    });
                    remove(path, old);
                }),
                moved => moved,
            };
            match moved {
                Ok(()) => {
                    known.survey.see(new.as_c_str());
                    return;
                }
                Err(error) => pause::because(
                    &[b"unable to link to ", path, b"/", new.as_c_str().to_bytes()],
                    error,
                ),
            }
        }
    }

    /// Removes the oldest files beyond the number wanted, and the total.
    pub(crate) fn remove_oldest(&mut self, directory: &Dir) {
        let spec = self.spec;
        let path = spec.path.to_bytes();
        loop {
            let survey = &mut self.known(directory).survey;
            if survey.count < spec.count {
                break;
            }
            let oldest = survey.oldest();
            if oldest.is_some_and(|oldest| remove(path, oldest.as_c_str())) {
                survey.forget_oldest();
            } else {
                self.known = None;
            }
        }
        if let Some(total) = spec.total {
            keep_within(path, directory, total.saturating_sub(spec.size));
            self.known = None;
        }
    }

    /// What is known, after another look if the last is too long ago.
    fn known(&mut self, directory: &Dir) -> &mut Known {
        let known = self.known.take();
        let known = known.filter(|known| Monotonic::now() < known.since + BELIEVED);
        self.known.insert(known.unwrap_or_else(|| Known {
            since: Monotonic::now(),
            survey: look(self.spec.path.to_bytes(), directory, |_| 0).0,
        }))
    }
}

/// Removes the oldest finished files until the rest have at most so many bytes.
fn keep_within(path: &[u8], directory: &Dir, total: u64) {
    loop {
        let (survey, bytes) = look(path, directory, |name| {
            file::stat(name).map_or(0, |facts| facts.size.cast_unsigned())
        });
        match survey.oldest() {
            Some(oldest) if bytes > total => remove(path, oldest.as_c_str()),
            _ => return,
        };
    }
}

/// Removes a file; says whether it was there.
fn remove(path: &[u8], name: &CStr) -> bool {
    pause::until(
        &[b"unable to remove ", path, b"/", name.to_bytes()],
        || match file::unlink(name) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(error) => Err(error),
        },
    )
}

/// Looks at the finished files, and gives the sum of what `weigh` says of each. The
/// names are read into the stack, which is to be as small as it can where nobody looks.
#[inline(never)]
fn look(path: &[u8], directory: &Dir, weigh: impl Fn(&CStr) -> u64) -> (Survey, u64) {
    pause::until(&[b"unable to read ", path], || {
        let (mut survey, mut sum) = (Survey::default(), 0);
        directory.each(|name, _| {
            if survey.see(name) {
                sum += weigh(name);
            }
        })?;
        Ok((survey, sum))
    })
}

/// Makes the names in a directory safe. A file system that cannot say so is taken
/// to do it by itself.
pub(crate) fn sync_directory(directory: &Dir) -> daemontools::Result<()> {
    match file::sync(directory) {
        Err(Errno::EINVAL | Errno::EROFS) => Ok(()),
        result => result,
    }
}
