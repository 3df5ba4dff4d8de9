//! `svctl enable` and `disable`: what `update-service` does. A service is enabled while the
//! tree has a link to its directory.

mod directory;
mod refused;
mod state;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use daemontools::TEMPORARY;
use daemontools::client::Until;
use daemontools::servicedir;
use daemontools::servicedir::ok::{self, Accept};
use daemontools::strerr::Fatal;
use daemontools::unix::file;

use crate::access::{self, Access};
use crate::control::{self, Order};
use crate::defaults;
use crate::output::{ME, print, printable};
use crate::service::{Service, c_path, path_of};
use crate::tree::{Tree, is_without_svscan};
use refused::{Refused, Result, shown};

/// Runs `enable`. Gives the exit code.
pub(crate) fn enable(tree: &Tree, name: &OsStr, directory: Option<&Path>) -> i32 {
    match try_enable(tree, name, directory) {
        Ok(text) => print(text.as_bytes()),
        Err(refused) => refused.say(),
    }
}

fn try_enable(tree: &Tree, name: &OsStr, directory: Option<&Path>) -> Result<String> {
    let (name, directory) = directory::split(name, directory)?;
    let link = tree.path_of(name.as_bytes());
    let shown_name = printable(name.as_bytes());
    let directory = match directory {
        None if link.is_dir() => return Ok(format!("{shown_name} is enabled already\n")),
        None => directory::find(tree, &name)?,
        Some(directory) => directory,
    };
    if link.symlink_metadata().is_ok() {
        return match same_place(&link, &directory) {
            true => Ok(format!("{shown_name} is enabled already\n")),
            false => Err(Refused::wrong(format!(
                "{} is there, and leads to another directory than {}",
                shown(&link),
                shown(&directory)
            ))),
        };
    }
    if !directory.is_dir() {
        return Err(Refused::wrong(format!(
            "{} is no directory",
            shown(&directory)
        )));
    }
    if directory.parent() == std::path::absolute(tree.directory()).ok().as_deref() {
        // It was moved aside.
        let moved = c_path(&directory).and_then(|from| file::rename_new(&from, &c_path(&link)?));
        moved.map_err(|error| Refused::system("rename", &directory, &error.into()))?;
    } else {
        if is_supervised(&directory) {
            return Err(Refused::wrong(format!(
                "{} has a supervise already",
                shown(&directory)
            )));
        }
        prepare(&directory, &name)?;
        std::os::unix::fs::symlink(&directory, &link)
            .map_err(|error| Refused::system("make", &link, &error))?;
    }
    if is_without_svscan(tree) {
        let text = format!("no svscan looks after {}", shown(tree.directory()));
        ME.warning(&[text.as_bytes()], None);
    }
    Ok(format!("{shown_name} enabled\n"))
}

/// What a service directory needs before supervise begins there.
fn prepare(directory: &Path, name: &OsStr) -> Result<()> {
    let wanted = defaults::read().map_err(Refused::wrong)?;
    let logger = directory.join("log");
    let mut log_name = name.to_owned();
    log_name.push(".log");
    let parts = [(directory.to_owned(), name.to_owned()), (logger, log_name)];
    for (directory, name) in parts {
        if !directory.is_dir() {
            continue;
        }
        if directory.starts_with("/etc") {
            state::elsewhere(&directory, &name)
                .map_err(|error| Refused::system("make", &directory.join("supervise"), &error))?;
        }
        if wanted != Access::OWNER {
            access::prepare(&directory, wanted)
                .map_err(|error| Refused::wrong(error.to_string()))?;
        }
    }
    Ok(())
}

/// Runs `disable`. Gives the exit code.
pub(crate) fn disable(
    tree: &Tree,
    name: &OsStr,
    directory: Option<&Path>,
    timeout: Duration,
) -> i32 {
    match try_disable(tree, name, directory, timeout) {
        Ok(code) => code,
        Err(refused) => refused.say(),
    }
}

fn try_disable(
    tree: &Tree,
    name: &OsStr,
    directory: Option<&Path>,
    timeout: Duration,
) -> Result<i32> {
    let (name, directory) = directory::split(name, directory)?;
    let link = tree.path_of(name.as_bytes());
    let facts = link
        .symlink_metadata()
        .map_err(|error| Refused::system("find", &link, &error))?;
    if !facts.is_symlink() {
        return Err(Refused::wrong(format!(
            "{} is no link to a service directory: move it away by hand",
            shown(&link)
        )));
    }
    if let Some(directory) = directory
        && !same_place(&link, &directory)
    {
        return Err(Refused::wrong(format!(
            "{} does not lead to {}",
            shown(&link),
            shown(&directory)
        )));
    }
    // Without the link svscan does not start supervise again.
    let real = std::fs::canonicalize(&link);
    std::fs::remove_file(&link).map_err(|error| Refused::system("remove", &link, &error))?;
    if let Ok(real) = real {
        end(tree, &real, timeout)?;
    }
    Ok(print(
        format!("{} disabled\n", printable(name.as_bytes())).as_bytes(),
    ))
}

/// Ends the service in a directory and its supervise, then the logger, which takes what
/// the service says as it ends.
fn end(tree: &Tree, directory: &Path, timeout: Duration) -> Result<()> {
    let order = Order {
        letters: b"dx".to_vec(),
        until: Some(Until::Done),
        timeout,
        tree: false,
    };
    let service = Service {
        name: directory.as_os_str().as_bytes().to_vec(),
        directory: directory.to_owned(),
        enabled: false,
    };
    let logger = service.logger();
    for part in [service, logger] {
        if !is_supervised(&part.directory) {
            continue;
        }
        let code = control::send(tree, &[part], &order).unwrap_or_else(Fatal::code);
        if code != 0 {
            // A logger stays for what its service still says.
            let text = format!(
                "not enabled any more, but still there: {}",
                shown(directory)
            );
            return Err(Refused(text, code.max(TEMPORARY)));
        }
    }
    Ok(())
}

fn is_supervised(directory: &Path) -> bool {
    let ok = directory.join(path_of(servicedir::OK.to_bytes()));
    c_path(&ok).is_ok_and(|ok| ok::is_supervised(&ok, Accept::Fifo) == Ok(true))
}

fn same_place(link: &Path, directory: &Path) -> bool {
    let directory = directory.components().as_path();
    std::fs::read_link(link).is_ok_and(|target| target == directory)
        || std::fs::canonicalize(link)
            .is_ok_and(|real| std::fs::canonicalize(directory).is_ok_and(|other| other == real))
}
