//! What a service finds on the disk before it starts: its directories, made and given
//! away, and its log file. Others may write where these are made, so nothing that
//! they may have planted is followed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use daemontools::errno;

use super::identity::{find_group, find_user};
use super::{Failure, permanent};
use crate::context::Context;
use crate::data::{LogFile, Owned, Service};

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
        let directory = context.expand_path(directory).map_err(permanent)?;
        std::env::set_current_dir(&directory)
            .map_err(|error| failed(CHDIR, "chdir to", &directory, &error))?;
    }
    match &service.log {
        Some(log) => make_log(log, context),
        None => Ok(()),
    }
}

fn make_directory(owned: &Owned, context: &Context) -> Result<(), Failure> {
    let path = context.expand_path(&owned.path).map_err(permanent)?;
    match fs::DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(CREATE, "make", &path, &error)),
        Ok(()) => {
            let open = OpenOptions::new()
                .read(true)
                .custom_flags(NOFOLLOW)
                .open(&path);
            let file = open.map_err(|error| failed(CREATE, "open", &path, &error))?;
            hand_over(
                &file,
                &path,
                owned.user.as_deref(),
                owned.group.as_deref(),
                owned.mode.as_deref(),
                context,
            )
        }
    }
}

/// `O_NOFOLLOW | O_NONBLOCK | O_NOCTTY`: neither a link nor a FIFO that was planted
/// may lead us anywhere.
const NOFOLLOW: i32 = 0o400_000 | 0o4_000 | 0o400;

/// Touches the log file and gives it owner and mode. Others may write to its
/// directory: what they may have planted there is refused.
fn make_log(log: &LogFile, context: &Context) -> Result<(), Failure> {
    let path = context.expand_path(&log.file).map_err(permanent)?;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(NOFOLLOW)
        .open(&path)
        .map_err(|error| failed(CREATE, "open", &path, &error))?;
    let facts = file
        .metadata()
        .map_err(|error| failed(CREATE, "look at", &path, &error))?;
    if !facts.is_file() || facts.nlink() != 1 {
        return Err(Failure::new(
            CREATE,
            format!("{} is not a file of its own", path.display()),
        ));
    }
    hand_over(
        &file,
        &path,
        log.user.as_deref(),
        log.group.as_deref(),
        log.mode.as_deref(),
        context,
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
        .map_err(|error| failed(OWNER, "look at", path, &error))?;
    let same = uid.is_none_or(|uid| uid == facts.uid()) && gid.is_none_or(|gid| gid == facts.gid());
    if !same {
        fchown(file, uid, gid).map_err(|error| failed(OWNER, "chown", path, &error))?;
    }
    if let Some(mode) = mode {
        let bits = u32::from_str_radix(mode, 8)
            .map_err(|_| Failure::new(MODE, format!("mode \"{mode}\" is not octal")))?;
        file.set_permissions(Permissions::from_mode(bits & 0o7777))
            .map_err(|error| failed(MODE, "chmod", path, &error))?;
    }
    Ok(())
}

fn failed(code: i32, what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let error = daemontools::Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let message = format!(
        "unable to {what} {}: {}",
        path.display(),
        errno::text(error)
    );
    Failure::new(code, message)
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
    use super::*;
    use crate::data::Data;

    #[test]
    fn a_log_file_that_somebody_planted_is_refused() {
        let place = tempfile::tempdir().expect("a directory");
        let secret = place.path().join("secret");
        fs::write(&secret, "x").expect("write");
        let data = Data::default();
        let context = Context::new(&data, None);
        let make = |name: &str| {
            let file = place.path().join(name);
            let log = LogFile {
                file: file.to_string_lossy().into_owned(),
                user: None,
                group: None,
                mode: Some("640".to_owned()),
            };
            make_log(&log, &context)
        };
        std::os::unix::fs::symlink(&secret, place.path().join("link")).expect("link");
        fs::hard_link(&secret, place.path().join("hard")).expect("link");
        for planted in ["link", "hard"] {
            assert_eq!(make(planted).expect_err(planted).code, CREATE);
        }
        assert!(make("fresh").is_ok());
        let mode = fs::metadata(place.path().join("fresh"))
            .expect("made")
            .mode();
        assert_eq!(mode & 0o7777, 0o640);
        assert_eq!(make("no/such").expect_err("no directory").code, CREATE);
    }
}
