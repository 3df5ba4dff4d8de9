//! The finished files of a log: how a file becomes one of them, and how many remain. All
//! calls are made with the log's directory as the working directory.

use core::ffi::CStr;
use core::time::Duration;

use daemontools::Errno;
use daemontools::logdir::{Code, Name, Survey};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::{clock, file};

use crate::message::{pause, retry};
use crate::script::LogSpec;

/// How long a survey is used. While lines come at full speed, files are finished hundreds of times a second,
/// and nearly always nobody else changes the directory.
const FRESH: Duration = Duration::from_secs(1);

/// A log directory and its finished files.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) spec: LogSpec,
    pub(super) directory: Dir,
    /// When the directory was read, and what was found and done since.
    survey: Option<(Monotonic, Survey)>,
}

impl Archive {
    /// The finished files in a log's directory.
    pub(super) const fn new(spec: LogSpec, directory: Dir) -> Self {
        Self {
            spec,
            directory,
            survey: None,
        }
    }

    /// The directory as the script names it.
    pub(super) fn path(&self) -> &'static [u8] {
        self.spec.path.to_bytes()
    }

    /// Finishes a file if it exists. Others may have changed the directory before.
    pub(super) fn add_if_exists(&mut self, name: &CStr, code: Code) {
        let path = self.path();
        let facts = retry(
            &[b"unable to stat ", path, b"/", name.to_bytes()],
            || match file::stat(name) {
                Ok(facts) => Ok(Some(facts)),
                Err(Errno::ENOENT) => Ok(None),
                Err(error) => Err(error),
            },
        );
        if let Some(facts) = facts {
            self.survey = None;
            self.add(name, facts.links, code);
            self.survey = None;
        }
    }

    /// Finishes a file that has `links` names, and removes the oldest ones.
    pub(super) fn add(&mut self, name: &CStr, links: u64, code: Code) {
        if links == 1 {
            self.name(name, code);
        } else {
            // It has its name as a finished file already.
            remove(self.path(), name);
        }
        self.remove_oldest();
    }

    /// Gives a safe file its name as a finished one, if one rename does it; says whether
    /// it did.
    pub(super) fn try_add(&mut self, name: &CStr) -> bool {
        let survey = self.survey();
        let new = Name::new(survey.next_label(clock::wall()), Code::Safe);
        let renamed = file::rename_new(name, new.as_c_str()).is_ok();
        if renamed {
            survey.add(new.as_c_str());
        }
        renamed
    }

    /// Gives a file its name as a finished one. It has one name or the other at every
    /// moment, on the disk too; where no rename can do that, it has both for an instant.
    fn name(&mut self, old: &CStr, code: Code) {
        let path = self.path();
        loop {
            let new = Name::new(self.survey().next_label(clock::wall()), code);
            let named = match file::rename_new(old, new.as_c_str()) {
                Err(Errno::EINVAL | Errno::ENOSYS) => file::link(old, new.as_c_str()).map(|()| {
                    // The new name has to be on the disk before the old one goes.
                    self.sync();
                    remove(path, old);
                }),
                renamed => renamed,
            };
            match named {
                Ok(()) => {
                    self.survey().add(new.as_c_str());
                    return;
                }
                Err(error) => pause(
                    &[b"unable to link to ", path, b"/", new.as_c_str().to_bytes()],
                    error,
                ),
            }
        }
    }

    /// Removes the oldest files until their number and their total are as wanted.
    pub(super) fn remove_oldest(&mut self) {
        let (spec, path) = (self.spec, self.path());
        loop {
            let survey = self.survey();
            if survey.count() < spec.count {
                break;
            }
            if !survey
                .take_oldest()
                .is_some_and(|oldest| remove(path, oldest.as_c_str()))
            {
                // Somebody else has removed it, and perhaps others.
                self.survey = None;
            }
        }
        if let Some(total) = spec.total {
            self.keep_within(total.saturating_sub(spec.size));
            self.survey = None;
        }
    }

    /// Removes the oldest files until the rest have at most `total` bytes.
    fn keep_within(&self, total: u64) {
        let weigh = |name: &CStr| file::stat(name).map_or(0, |facts| facts.size.cast_unsigned());
        let (mut survey, mut sum) = self.read(weigh);
        while sum > total
            && let Some(oldest) = survey.take_oldest()
        {
            sum -= weigh(oldest.as_c_str()).min(sum);
            remove(self.path(), oldest.as_c_str());
        }
    }

    /// The finished files, after the directory was read if that was too long ago.
    fn survey(&mut self) -> &mut Survey {
        let known = self.survey.take();
        let known = known.filter(|(since, _)| Monotonic::now() < *since + FRESH);
        let known = known.unwrap_or_else(|| (Monotonic::now(), self.read(|_| 0).0));
        &mut self.survey.insert(known).1
    }

    /// Reads the directory: its finished files, and the sum of what `weigh` says of each.
    // Its buffer for names is on the stack, which has to stay small elsewhere.
    #[inline(never)]
    fn read(&self, weigh: impl Fn(&CStr) -> u64) -> (Survey, u64) {
        retry(&[b"unable to read ", self.path()], || {
            let (mut survey, mut sum) = (Survey::default(), 0);
            self.directory.each(|name, _| {
                if survey.add(name) {
                    sum += weigh(name);
                }
            })?;
            Ok((survey, sum))
        })
    }

    /// Brings the names in the directory to the disk. A file system that cannot say so
    /// (EINVAL, EROFS) is taken to do it by itself.
    pub(super) fn sync(&self) {
        let path = self.path();
        retry(
            &[b"unable to write ", path, b" to disk"],
            || match file::sync(&self.directory) {
                Err(Errno::EINVAL | Errno::EROFS) => Ok(()),
                result => result,
            },
        );
    }
}

/// Removes a file; says whether it existed.
pub(super) fn remove(path: &[u8], name: &CStr) -> bool {
    retry(
        &[b"unable to remove ", path, b"/", name.to_bytes()],
        || match file::unlink(name) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(error) => Err(error),
        },
    )
}
