//! `install`: makes the service directories from the templates. A file that exists is left
//! as it is. A directory gets its name when it is complete, so that svscan never finds an
//! incomplete one.

use std::fmt::Write;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::rename_new;

use crate::error::Error;
use crate::read::c_path;

mod file;
mod left;
mod link;
mod templates;

use file::{failed, hidden_directory, put, put_over};
use templates::{DIASPORA, DIASPORA_SETTINGS, File, MODERN, MODERN_SETTINGS, THIN, Template};

/// A set of services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// That of 2010: mongo, nginx, redis, websocket, resque worker, thins.
    #[default]
    Diaspora,
    /// Today's: postgres, nginx, redis, sidekiq, puma.
    Modern,
}

/// Makes the files that do not exist; gives a line for each file. Makes the settings file
/// of the set too if `settings` is its path, also in place of the other set's. A service of
/// a set that was not asked for is left, and has a line that says so. Makes the link to
/// `diaspora_svc` of the instructions of 2010 if the directory is theirs.
///
/// # Errors
/// [`Error::Make`].
pub fn install(
    directory: &Path,
    set: Set,
    thins: u32,
    settings: Option<&Path>,
) -> Result<String, Error> {
    let mut report = String::new();
    make_directories(directory)?;
    let (templates, others): (&[Template], &[Template]) = match set {
        Set::Diaspora => (&DIASPORA, &MODERN),
        Set::Modern => (&MODERN, &DIASPORA),
    };
    let thins = if set == Set::Diaspora { thins } else { 0 };
    for template in templates {
        service(directory, template.name, &template.files, &mut report)?;
    }
    for number in 0..thins {
        let name = format!("99thin_{number}");
        service(directory, &name, &THIN.files, &mut report)?;
    }
    let others: Vec<&Template> = others
        .iter()
        .filter(|other| templates.iter().all(|template| template.name != other.name))
        .collect();
    for line in left::lines(directory, &others, thins) {
        let _ = writeln!(report, "{line}");
    }
    if let Some(settings) = settings {
        if let Some(parent) = settings.parent() {
            make_directories(parent)?;
        }
        let (text, other) = match set {
            Set::Diaspora => (DIASPORA_SETTINGS, MODERN_SETTINGS),
            Set::Modern => (MODERN_SETTINGS, DIASPORA_SETTINGS),
        };
        let word = put_over(settings, text, other)?;
        add_line(&mut report, settings, word);
    }
    if link::is_wanted(directory) {
        let path = Path::new(link::LINK);
        let word = link::target().and_then(|target| link::make(path, &target));
        let word = word.map_err(|error| failed(path, error.into()))?;
        add_line(&mut report, path, word);
    }
    Ok(report)
}

fn make_directories(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| failed(path, error.into()))
}

// A write to a String can't fail.
fn add_line(report: &mut String, path: &Path, word: &str) {
    let _ = writeln!(report, "{}: {word}", path.display());
}

/// Makes one service directory, or the files that it does not have.
fn service(directory: &Path, name: &str, files: &[File], report: &mut String) -> Result<(), Error> {
    let path = directory.join(name);
    if path.symlink_metadata().is_ok() {
        return fill(&path, &path, files, report);
    }
    let hidden = hidden_directory(&path)?;
    let done = fill(&hidden, &path, files, report)
        .and_then(|()| rename(&hidden, &path).map_err(|error| failed(&path, error.into())));
    if done.is_err() {
        for (file, ..) in files {
            let _ = fs::remove_file(hidden.join(file));
        }
        for directory in [hidden.join("log"), hidden] {
            let _ = fs::remove_dir(directory);
        }
    }
    done
}

/// Makes the files of a service directory in `directory`; the report calls it `path`.
fn fill(directory: &Path, path: &Path, files: &[File], report: &mut String) -> Result<(), Error> {
    match fs::create_dir(directory.join("log")) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(failed(&directory.join("log"), error.into()));
        }
        _ => {}
    }
    for &(name, text, mode) in files {
        let word = put(&directory.join(name), text, mode)?;
        add_line(report, &path.join(name), word);
    }
    Ok(())
}

/// Renames a directory; fails if the new name exists.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match rename_new(&c_path(from)?, &c_path(to)?) {
        // The file system has no such rename.
        Err(Errno::EINVAL | Errno::ENOSYS) => fs::rename(from, to),
        renamed => renamed.map_err(Into::into),
    }
}

#[cfg(test)]
mod tests;
