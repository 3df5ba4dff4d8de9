//! The turn from one file to the next. Each step leaves the directory in a state
//! from which a successor finds every byte, and nothing gets a mode or a name that
//! says "safe" before it is on the disk.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::AsFd;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::dir::Dir;
use daemontools::unix::{clock, file};

use crate::dir::Log;
use crate::finished::{Code, Name, Survey};
use crate::journal::{Journal, Place};
use crate::pause;
use crate::script::LogSpec;

/// How long a look at the finished files is believed: under a flood, files are
/// finished hundreds of times a second, and hardly anybody else changes them.
const BELIEVED: Duration = Duration::from_secs(1);

/// What was seen of the finished files, and what was done with them since.
#[derive(Debug)]
pub(crate) struct Known {
    since: Monotonic,
    survey: Survey,
}

/// The mode of `current` while it is written.
const WRITTEN: u32 = 0o644;

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
        let fresh = pause::until(&[b"unable to create ", dir, b"/current"], || {
            file::open_append(c"current", WRITTEN)
        });
        let facts = file::fstat(&fresh).ok();
        let full = core::mem::replace(&mut self.current.fd, fresh);
        self.size = 0;
        self.note(facts.map_or(0, |facts| facts.identity.inode), journal);
        if facts.is_none_or(|facts| facts.mode & 0o7777 != WRITTEN) {
            pause::until(&[b"unable to set mode of ", dir, b"/current"], || {
                file::set_mode(&self.current.fd, WRITTEN)
            });
        }
        pause::until(&[b"unable to set mode of ", dir, b"/previous"], || {
            file::set_mode(&full, 0o744)
        });
        match self.spec.processor {
            None => {
                let links = pause::until(&[b"unable to stat ", dir, b"/previous"], || {
                    file::fstat(&full).map(|facts| facts.links)
                });
                drop(full);
                let known = &mut self.known;
                name_finished(
                    &self.spec,
                    &self.directory,
                    known,
                    c"previous",
                    links,
                    Code::Safe,
                );
            }
            Some(command) => {
                drop(full);
                self.process(command);
            }
        }
    }

    /// Tells the journal which file is written now, and from where in the output.
    fn note(&mut self, inode: u64, journal: &mut Journal) {
        self.current.inode = inode;
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
    pub(crate) fn name_if_there(&self, file: &CStr, code: Code) {
        name_if_there(&self.spec, &self.directory, file, code);
    }
}

/// The inode of an open file.
pub(crate) fn inode(fd: impl AsFd) -> u64 {
    file::fstat(fd).map_or(0, |facts| facts.identity.inode)
}

/// As [`Log::name_if_there`], in the working directory, which is the log's.
pub(crate) fn name_if_there(spec: &LogSpec, directory: &Dir, name: &CStr, code: Code) {
    let facts = pause::until(
        &[
            b"unable to stat ",
            spec.path.to_bytes(),
            b"/",
            name.to_bytes(),
        ],
        || match file::stat(name) {
            Ok(facts) => Ok(Some(facts)),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(error),
        },
    );
    if let Some(facts) = facts {
        name_finished(spec, directory, &mut None, name, facts.links, code);
    }
}

/// Gives a file with so many links its name as a finished file, and removes the
/// oldest ones beyond the number wanted.
fn name_finished(
    spec: &LogSpec,
    directory: &Dir,
    known: &mut Option<Known>,
    name: &CStr,
    links: u64,
    code: Code,
) {
    let dir = spec.path.to_bytes();
    let Known { since, mut survey } = known
        .take()
        .filter(|known| Monotonic::now() < known.since + BELIEVED)
        .unwrap_or_else(|| look(dir, directory));
    if links == 1 {
        move_to_new_name(dir, directory, name, code, &mut survey);
    } else {
        remove(dir, name);
    }
    while survey.count >= spec.count {
        let is_current = survey
            .oldest()
            .is_some_and(|oldest| remove(dir, oldest.as_c_str()));
        if is_current {
            survey.forget_oldest();
        } else {
            survey = look(dir, directory).survey;
        }
    }
    if let Some(total) = spec.total {
        keep_within(dir, directory, total.saturating_sub(spec.size));
    } else {
        *known = Some(Known { since, survey });
    }
}

/// Moves a file to its name as a finished one. It has one name or the other at
/// every moment, on the disk too; where that cannot be done at once it first has
/// both.
fn move_to_new_name(dir: &[u8], directory: &Dir, old: &CStr, code: Code, survey: &mut Survey) {
    loop {
        let new = Name::new(survey.next_label(clock::wall()), code);
        let moved = match file::rename_new(old, new.as_c_str()) {
            Err(Errno::EINVAL | Errno::ENOSYS) => file::link(old, new.as_c_str()).map(|()| {
                // The new name has to be on the disk before the old one goes.
                pause::until(&[b"unable to write ", dir, b" to disk"], || {
                    sync_directory(directory)
                });
                remove(dir, old);
            }),
            moved => moved,
        };
        match moved {
            Ok(()) => {
                survey.see(new.as_c_str());
                return;
            }
            Err(error) => pause::because(
                &[b"unable to link to ", dir, b"/", new.as_c_str().to_bytes()],
                error,
            ),
        }
    }
}

/// Removes the oldest finished files until the rest have at most so many bytes.
fn keep_within(dir: &[u8], directory: &Dir, total: u64) {
    loop {
        let (survey, bytes) = look_at(dir, directory, |name| {
            file::stat(name).map_or(0, |facts| facts.size.cast_unsigned())
        });
        match survey.oldest() {
            Some(oldest) if bytes > total => remove(dir, oldest.as_c_str()),
            _ => return,
        };
    }
}

/// Removes a file; says whether it was there.
fn remove(dir: &[u8], name: &CStr) -> bool {
    pause::until(
        &[b"unable to remove ", dir, b"/", name.to_bytes()],
        || match file::unlink(name) {
            Ok(()) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(error) => Err(error),
        },
    )
}

/// Looks at the finished files in the working directory.
fn look(dir: &[u8], directory: &Dir) -> Known {
    Known {
        since: Monotonic::now(),
        survey: look_at(dir, directory, |_| 0).0,
    }
}

/// As [`look`], and gives the sum of what `weigh` says of each.
fn look_at(dir: &[u8], directory: &Dir, weigh: impl Fn(&CStr) -> u64) -> (Survey, u64) {
    pause::until(&[b"unable to read ", dir], || {
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
