//! Prepares the directories and the log file of a service. Other users may write to the
//! directories on the way, so a link is not followed, neither at the end of a path nor
//! before it. The exception is a link into a directory of the link's own owner, as
//! `current/log -> shared/log` is.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::account;
use daemontools::unix::file::{self, PathError};

use super::credentials::{find_group, find_user};
use crate::config::{Directory, LogFile, Service};
use crate::context::Context;
use crate::error::{Error, Step};
use crate::read::c_path;

/// Makes the directories, changes to the working directory and makes the log file.
pub(super) fn prepare(service: &Service, context: &Context) -> Result<(), Error> {
    for directory in &service.directories {
        make_directory(directory, context)?;
    }
    if let Some(directory) = &service.directory {
        let directory = context.expand_path(directory)?;
        enter(&directory)
            .and_then(|open| file::fchdir(open).map_err(PathError::System))
            .map_err(|cause| failed(Step::ChangeDirectory, "chdir to", &directory, cause))?;
    }
    match &service.log {
        Some(log) => make_log(log, context),
        None => Ok(()),
    }
}

fn enter(directory: &Path) -> Result<OwnedFd, PathError> {
    file::open_directory_safely(&c_path(directory)?)
}

/// Opens the directory of a path; gives it with the name in it.
fn parent_and_name(path: &Path) -> Result<(OwnedFd, CString), PathError> {
    let name = path.file_name().ok_or(Errno::EISDIR)?;
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok((enter(parent)?, c_path(Path::new(name))?))
}

fn make_directory(directory: &Directory, context: &Context) -> Result<(), Error> {
    let path = context.expand_path(&directory.path)?;
    let wrong = |cause: PathError| failed(Step::Create, "make", &path, cause);
    let (parent, name) = parent_and_name(&path).map_err(wrong)?;
    if file::lstat_in(&parent, &name).is_ok() {
        return Ok(());
    }
    // A directory that could not be given its owner would be taken as it is the next time.
    let owner = Owner::find(
        directory.user.as_deref(),
        directory.group.as_deref(),
        directory.mode.as_deref(),
        context,
    )?;
    match file::mkdir_in(&parent, &name, 0o700) {
        Err(Errno::EEXIST) => return Ok(()),
        made => made.map_err(|error| wrong(error.into()))?,
    }
    let made = file::open_directory_in(&parent, &name).map_err(|error| wrong(error.into()))?;
    // Another user who may write to the parent could have replaced it.
    let maker = file::fstat(&made).map(|facts| facts.owner);
    if maker != Ok(account::own_user()) {
        return Err(not_its_own(&path, "directory"));
    }
    owner.give(&File::from(made), &path)
}

/// Makes the log file if it does not exist, and sets its owner and mode.
fn make_log(log: &LogFile, context: &Context) -> Result<(), Error> {
    let path = context.expand_path(&log.file)?;
    let open = |(parent, name): (OwnedFd, CString)| -> Result<OwnedFd, PathError> {
        Ok(file::open_append_in(parent, &name, 0o600)?)
    };
    let opened = parent_and_name(&path).and_then(open);
    let opened = opened.map_err(|cause| failed(Step::Create, "open", &path, cause))?;
    let facts = file::fstat(&opened)
        .map_err(|error| failed(Step::Create, "look at", &path, error.into()))?;
    if facts.kind != file::Kind::Regular || facts.links != 1 {
        return Err(not_its_own(&path, "file"));
    }
    let owner = Owner::find(
        log.user.as_deref(),
        log.group.as_deref(),
        log.mode.as_deref(),
        context,
    )?;
    owner.give(&File::from(opened), &path)
}

/// The owner, group and mode of a directory or log file, as far as they are configured.
struct Owner {
    uid: Option<u32>,
    gid: Option<u32>,
    mode: Option<u32>,
}

impl Owner {
    fn find(
        user: Option<&str>,
        group: Option<&str>,
        mode: Option<&str>,
        context: &Context,
    ) -> Result<Self, Error> {
        let ids = || {
            let uid = user.map(|user| find_user(&context.expand_name(user)?));
            let gid = group.map(|group| find_group(&context.expand_name(group)?));
            Ok((
                uid.transpose()?.map(|account| account.uid),
                gid.transpose()?,
            ))
        };
        let (uid, gid) = ids().map_err(|error| Error::Owner(Box::new(error)))?;
        let bits =
            |mode: &str| u32::from_str_radix(mode, 8).map_err(|_| Error::Mode(mode.to_owned()));
        let mode = mode.map(bits).transpose()?;
        Ok(Self { uid, gid, mode })
    }

    fn give(&self, file: &File, path: &Path) -> Result<(), Error> {
        let facts = file
            .metadata()
            .map_err(|error| failed(Step::ChangeOwner, "look at", path, system(&error)))?;
        let is_owned = self.uid.is_none_or(|uid| uid == facts.uid())
            && self.gid.is_none_or(|gid| gid == facts.gid());
        if !is_owned {
            fchown(file, self.uid, self.gid)
                .map_err(|error| failed(Step::ChangeOwner, "chown", path, system(&error)))?;
        }
        if let Some(mode) = self.mode {
            file.set_permissions(Permissions::from_mode(mode & 0o7777))
                .map_err(|error| failed(Step::ChangeMode, "chmod", path, system(&error)))?;
        }
        Ok(())
    }
}

fn not_its_own(path: &Path, kind: &'static str) -> Error {
    Error::NotItsOwn {
        path: path.to_owned(),
        kind,
    }
}

fn failed(step: Step, verb: &'static str, path: &Path, cause: PathError) -> Error {
    Error::Prepare {
        step,
        verb,
        path: path.to_owned(),
        cause,
    }
}

fn system(error: &std::io::Error) -> PathError {
    PathError::System(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;
    use crate::config::Config;
    use crate::settings::SettingsFile;

    const CREATE: i32 = Step::Create as i32;

    fn make(file: &Path) -> Result<(), Error> {
        let config = Config::default();
        let settings = SettingsFile::new(Path::new("/nonexistent"), false);
        let context = Context::new(&config, &settings);
        let log = LogFile {
            file: file.to_string_lossy().into_owned(),
            user: None,
            group: None,
            mode: Some("640".to_owned()),
        };
        make_log(&log, &context)
    }

    #[test]
    fn a_log_file_that_somebody_planted_is_refused() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("linked"), "x").expect("write");
        symlink(path("linked"), path("link")).expect("link");
        symlink(path("made"), path("dangling")).expect("link");
        fs::write(path("named"), "x").expect("write");
        fs::hard_link(path("named"), path("hard")).expect("link");
        let fifo = c_path(&path("fifo")).expect("no NUL");
        daemontools::unix::fifo::make(&fifo).expect("mkfifo");
        fs::create_dir(path("directory")).expect("mkdir");
        let mode = |name: &str| fs::metadata(path(name)).expect("exists").mode() & 0o7777;
        let before = ["linked", "named"].map(mode);
        for planted in ["link", "dangling", "hard", "fifo", "directory"] {
            assert_eq!(make(&path(planted)).expect_err(planted).exit_code(), CREATE);
        }
        assert_eq!(["linked", "named"].map(mode), before);
        assert!(!path("made").exists());
        make(&path("fresh")).expect("made");
        assert_eq!(mode("fresh"), 0o640);
        assert_eq!(
            make(&path("no/such"))
                .expect_err("no directory")
                .exit_code(),
            CREATE
        );
    }

    #[test]
    fn a_link_on_the_way_is_followed_only_into_its_owners_directory() {
        if account::own_user() != 0 {
            return;
        }
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        for directory in ["home", "home/shared", "foreign"] {
            fs::create_dir(path(directory)).expect("mkdir");
        }
        for (link, target) in [("home/log", "../foreign"), ("home/own", "shared")] {
            symlink(target, path(link)).expect("link");
            lchown(path(link), Some(65_534), None).expect("chown");
        }
        for directory in ["home", "home/shared"] {
            chown(path(directory), Some(65_534), None).expect("chown");
        }
        let error = make(&path("home/log/thin.0.log")).expect_err("a planted link");
        assert_eq!(error.exit_code(), CREATE);
        let part = format!("{} is a link that another user", path("home/log").display());
        assert!(error.to_string().contains(&part), "{error}");
        assert!(!path("foreign/thin.0.log").exists());
        make(&path("home/own/thin.0.log")).expect("in a directory of its owner");
        assert!(path("home/shared/thin.0.log").exists());
    }

    #[test]
    fn a_directory_whose_owner_is_unknown_is_not_left_behind() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("run");
        let config = Config::default();
        let settings = SettingsFile::new(Path::new("/nonexistent"), false);
        let directory = Directory {
            path: path.to_string_lossy().into_owned(),
            user: Some("no-such-user".to_owned()),
            group: None,
            mode: None,
        };
        let make = || make_directory(&directory, &Context::new(&config, &settings));
        for _ in 0..2 {
            let error = make().expect_err("no such user");
            assert_eq!(error.exit_code(), Step::ChangeOwner as i32);
            assert!(!path.exists());
        }
        // Nothing has to be done for one that exists.
        fs::create_dir(&path).expect("mkdir");
        make().expect("as it is");
    }
}
