//! The turn from one file to the next. Each step leaves the directory in a state
//! from which a successor finds every byte, and nothing gets a mode or a name that
//! says "safe" before it is on the disk.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::unix::{clock, dir, file};

use crate::dir::Log;
use crate::finished::{Code, Name, Survey};
use crate::journal::{Journal, Place};
use crate::pause;
use crate::script::LogSpec;

impl Log {
    /// Finishes the file and begins another.
    #[cold]
    pub(crate) fn turn(&mut self, journal: &mut Journal) {
        let dir = self.name();
        self.enter();
        pause::until(&[b"unable to write ", dir, b"/current to disk"], || {
            file::sync(&self.current.fd)
        });
        pause::until(
            &[b"unable to rename current to previous in directory ", dir],
            || file::rename(c"current", c"previous"),
        );
        self.current.fd = pause::until(&[b"unable to create ", dir, b"/current"], || {
            file::open_append(c"current", 0o600)
        });
        self.size = 0;
        self.note(journal);
        pause::until(&[b"unable to set mode of ", dir, b"/current"], || {
            file::set_mode(&self.current.fd, 0o644)
        });
        pause::until(&[b"unable to set mode of ", dir, b"/previous"], || {
            file::set_mode_of(c"previous", 0o744)
        });
        match self.spec.processor {
            None => self.name_finished(c"previous", Code::Safe),
            Some(command) => self.process(command),
        }
    }

    /// Tells the journal which file is written now, and from where in the output.
    fn note(&mut self, journal: &mut Journal) {
        self.current.inode = inode(&self.current.fd);
        let place = &mut journal.state.places[self.index];
        *place = Place {
            inode: self.current.inode,
            size: 0,
            done: self.sure,
            ..*place
        };
        journal.commit();
    }

    /// Gives `file` its name as a finished file, if it exists, and removes the
    /// oldest ones beyond the number wanted.
    pub(crate) fn name_finished(&self, file: &CStr, code: Code) {
        name_finished(&self.spec, &self.directory, file, code);
    }
}

/// The inode of an open file.
pub(crate) fn inode(fd: &OwnedFd) -> u64 {
    file::fstat(fd).map_or(0, |facts| facts.identity.inode)
}

/// As [`Log::name_finished`], in the working directory, which is the log's.
pub(crate) fn name_finished(spec: &LogSpec, directory: &OwnedFd, name: &CStr, code: Code) {
    let (dir, count) = (spec.path.to_bytes(), spec.count);
    let facts = pause::until(
        &[b"unable to stat ", dir, b"/", name.to_bytes()],
        || match file::stat(name) {
            Ok(facts) => Ok(Some(facts)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error),
        },
    );
    let Some(facts) = facts else {
        return;
    };
    let mut survey = look(dir);
    if facts.links == 1 {
        loop {
            let new = Name::new(survey.next_label(clock::wall()), code);
            match file::link(name, new.as_c_str()) {
                Ok(()) => {
                    survey.see(new.as_c_str());
                    break;
                }
                Err(error) => pause::because(
                    &[b"unable to link to ", dir, b"/", new.as_c_str().to_bytes()],
                    error,
                ),
            }
        }
    }
    // The new name has to be on the disk before the old one goes.
    pause::until(&[b"unable to write ", dir, b" to disk"], || {
        sync_directory(directory)
    });
    pause::until(&[b"unable to remove ", dir, b"/", name.to_bytes()], || {
        file::unlink(name)
    });
    while let Some(oldest) = survey.oldest
        && survey.count >= count
    {
        remove(dir, oldest);
        if survey.count == count {
            break;
        }
        survey = look(dir);
    }
    if let Some(total) = spec.total {
        keep_within(dir, total.saturating_sub(spec.size));
    }
}

/// Removes the oldest finished files until the rest have at most so many bytes.
fn keep_within(dir: &[u8], total: u64) {
    loop {
        let (survey, bytes) = look_at(dir, |name| {
            file::stat(name).map_or(0, |facts| facts.size.cast_unsigned())
        });
        match survey.oldest {
            Some(oldest) if bytes > total => remove(dir, oldest),
            _ => return,
        }
    }
}

fn remove(dir: &[u8], name: Name) {
    let name = name.as_c_str();
    pause::until(
        &[b"unable to remove ", dir, b"/", name.to_bytes()],
        || match file::unlink(name) {
            Err(Errno::ENOENT) => Ok(()),
            result => result,
        },
    );
}

/// Looks at the finished files in the working directory.
fn look(dir: &[u8]) -> Survey {
    look_at(dir, |_| 0).0
}

/// As [`look`], and gives the sum of what `weigh` says of each.
fn look_at(dir: &[u8], weigh: impl Fn(&CStr) -> u64) -> (Survey, u64) {
    pause::until(&[b"unable to read ", dir], || {
        let (mut survey, mut sum) = (Survey::default(), 0);
        dir::Dir::open(c".")?.each(|name, _| {
            if survey.see(name) {
                sum += weigh(name);
            }
        })?;
        Ok((survey, sum))
    })
}

/// Makes the names in a directory safe. A file system that cannot say so is taken
/// to do it by itself.
pub(crate) fn sync_directory(directory: &OwnedFd) -> daemontools::Result<()> {
    match file::sync(directory) {
        Err(Errno::EINVAL | Errno::EROFS) => Ok(()),
        result => result,
    }
}
