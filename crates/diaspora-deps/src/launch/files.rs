//! What a service finds on the disk before it starts: its directories, made and given
//! away, and its log file. Others may write where these are made, so nothing that
//! they may have planted is followed, neither at the end of a path nor on the way: but
//! for a link into a directory of its owner's own, as `current/log -> shared/log` is.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::account;
use daemontools::unix::file::{self, Obstacle};

use super::credentials::{find_group, find_user};
use crate::Failure;
use crate::context::Context;
use crate::config::{LogFile, Directory, Service};
use crate::read::c_path;

/// The exit codes of the preparations, as the scripts of old had them.
const CHDIR: i32 = 1;
const CREATE: i32 = 2;
const OWNER: i32 = 3;
const MODE: i32 = 4;

/// Directory, directories and log file.
pub(super) fn make_ready(service: &Service, context: &Context) -> Result<(), Failure> {
    for owned in &service.directories {
        make_directory(owned, context)?;
    }
    if let Some(directory) = &service.directory {
        let directory = context.expand_path(directory).map_err(Failure::permanent)?;
        enter(&directory)
            .and_then(|open| file::fchdir(open).map_err(Obstacle::System))
            .map_err(|obstacle| failed(CHDIR, "chdir to", &directory, &obstacle))?;
    }
    match &service.log {
        Some(log) => make_log(log, context),
        None => Ok(()),
    }
}

fn enter(directory: &Path) -> Result<OwnedFd, Obstacle> {
    file::enter(&c_path(directory)?)
}

/// The directory that something is to be in, and its name there.
fn place(path: &Path) -> Result<(OwnedFd, CString), Obstacle> {
    let name = path.file_name().ok_or(Errno::EISDIR)?;
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok((enter(parent)?, c_path(Path::new(name))?))
}

fn make_directory(owned: &Directory, context: &Context) -> Result<(), Failure> {
    let path = context
        .expand_path(&owned.path)
        .map_err(Failure::permanent)?;
    let wrong = |obstacle: Obstacle| failed(CREATE, "make", &path, &obstacle);
    let (parent, name) = place(&path).map_err(wrong)?;
    match file::mkdir_in(&parent, &name, 0o700) {
        Err(Errno::EEXIST) => return Ok(()),
        made => made.map_err(|error| wrong(error.into()))?,
    }
    let directory = file::open_directory_in(&parent, &name).map_err(|error| wrong(error.into()))?;
    // Whoever may write here could have put one of his own in its place.
    let owner = file::fstat(&directory).map(|facts| facts.owner);
    if owner != Ok(account::own_user()) {
        return Err(not_its_own(&path, "directory"));
    }
    hand_over(
        &File::from(directory),
        &path,
        owned.user.as_deref(),
        owned.group.as_deref(),
        owned.mode.as_deref(),
        context,
    )
}

/// Touches the log file and gives it owner and mode.
fn make_log(log: &LogFile, context: &Context) -> Result<(), Failure> {
    let path = context.expand_path(&log.file).map_err(Failure::permanent)?;
    let open = |(parent, name): (OwnedFd, CString)| -> Result<OwnedFd, Obstacle> {
        Ok(file::open_append_in(parent, &name, 0o600)?)
    };
    let opened = place(&path).and_then(open);
    let opened = opened.map_err(|obstacle| failed(CREATE, "open", &path, &obstacle))?;
    let facts =
        file::fstat(&opened).map_err(|error| failed(CREATE, "look at", &path, &error.into()))?;
    if facts.kind != file::Kind::Regular || facts.links != 1 {
        return Err(not_its_own(&path, "file"));
    }
    hand_over(
        &File::from(opened),
        &path,
        log.user.as_deref(),
        log.group.as_deref(),
        log.mode.as_deref(),
        context,
    )
}

fn not_its_own(path: &Path, what: &str) -> Failure {
    Failure::new(
        CREATE,
        format!("{} is not a {what} of its own", path.display()),
    )
}

fn hand_over(
    file: &File,
    path: &Path,
    user: Option<&str>,
    group: Option<&str>,
    mode: Option<&str>,
    context: &Context,
) -> Result<(), Failure> {
    let unknown = |why| Failure::new(OWNER, why);
    let (uid, gid) = ids(user, group, context).map_err(unknown)?;
    let facts = file
        .metadata()
        .map_err(|error| failed(OWNER, "look at", path, &system(&error)))?;
    let same = uid.is_none_or(|uid| uid == facts.uid()) && gid.is_none_or(|gid| gid == facts.gid());
    if !same {
        fchown(file, uid, gid).map_err(|error| failed(OWNER, "chown", path, &system(&error)))?;
    }
    if let Some(mode) = mode {
        let bits = u32::from_str_radix(mode, 8)
            .map_err(|_| Failure::new(MODE, format!("mode \"{mode}\" is not octal")))?;
        file.set_permissions(Permissions::from_mode(bits & 0o7777))
            .map_err(|error| failed(MODE, "chmod", path, &system(&error)))?;
    }
    Ok(())
}

fn failed(code: i32, what: &str, path: &Path, why: &Obstacle) -> Failure {
    Failure::new(code, format!("unable to {what} {}: {why}", path.display()))
}

fn system(error: &std::io::Error) -> Obstacle {
    Obstacle::System(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

/// The ids of a user and a group by name.
fn ids(
    user: Option<&str>,
    group: Option<&str>,
    context: &Context,
) -> Result<(Option<u32>, Option<u32>), String> {
    let uid = user.map(|user| find_user(&context.expand_c(user)?).map(|account| account.uid));
    let gid = group.map(|group| find_group(&context.expand_c(group)?));
    Ok((uid.transpose()?, gid.transpose()?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;
    use crate::config::Config;

    fn make(file: &Path) -> Result<(), Failure> {
        let config = Config::default();
        let context = Context::new(&config, None);
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
        let place = tempfile::tempdir().expect("a directory");
        let path = |name: &str| place.path().join(name);
        fs::write(path("linked"), "x").expect("write");
        symlink(path("linked"), path("link")).expect("link");
        symlink(path("made"), path("dangling")).expect("link");
        fs::write(path("named"), "x").expect("write");
        fs::hard_link(path("named"), path("hard")).expect("link");
        let fifo = c_path(&path("fifo")).expect("no NUL");
        daemontools::unix::fifo::make(&fifo).expect("mkfifo");
        fs::create_dir(path("directory")).expect("mkdir");
        let mode = |name: &str| fs::metadata(path(name)).expect("it is there").mode() & 0o7777;
        let before = ["linked", "named"].map(mode);
        for planted in ["link", "dangling", "hard", "fifo", "directory"] {
            assert_eq!(make(&path(planted)).expect_err(planted).code, CREATE);
        }
        assert_eq!(["linked", "named"].map(mode), before);
        assert!(!path("made").exists());
        make(&path("fresh")).expect("made");
        assert_eq!(mode("fresh"), 0o640);
        assert_eq!(
            make(&path("no/such")).expect_err("no directory").code,
            CREATE
        );
    }

    #[test]
    fn a_link_on_the_way_leads_nobody_but_its_owner() {
        if account::own_user() != 0 {
            return;
        }
        let place = tempfile::tempdir().expect("a directory");
        let path = |name: &str| place.path().join(name);
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
        let failure = make(&path("home/log/thin.0.log")).expect_err("a planted link");
        assert_eq!(failure.code, CREATE);
        let said = format!("{} is a link that another user", path("home/log").display());
        assert!(failure.message.contains(&said), "{}", failure.message);
        assert!(!path("foreign/thin.0.log").exists());
        make(&path("home/own/thin.0.log")).expect("in a directory of his own");
        assert!(path("home/shared/thin.0.log").exists());
    }
}
