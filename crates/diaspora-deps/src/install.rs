//! `install`: makes the service directories from the templates. A file that is there
//! already is left as it is; a directory appears under its name when it is complete,
//! so that svscan never finds half of one.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use daemontools::Errno;
use daemontools::unix::fd;
use daemontools::unix::file::{self, Obstacle};

use crate::read::{self, c_path};

/// Which stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// That of 2010: mongo, nginx, redis, websocket, resque worker, thins.
    #[default]
    Diaspora,
    /// Today's: postgres, nginx, redis, sidekiq, puma.
    Modern,
}

/// A service directory: its name, `run`, `log/run`.
type Template = (&'static str, &'static str, &'static str);

macro_rules! template {
    ($set:literal, $name:literal) => {
        (
            $name,
            include_str!(concat!(
                "../../../service-templates/",
                $set,
                "/",
                $name,
                "/run"
            )),
            include_str!(concat!(
                "../../../service-templates/",
                $set,
                "/",
                $name,
                "/log/run"
            )),
        )
    };
}

const DIASPORA: [Template; 5] = [
    template!("diaspora", "10mongo"),
    template!("diaspora", "20nginx"),
    template!("diaspora", "30redis"),
    template!("diaspora", "80websocket"),
    template!("diaspora", "90resque_worker"),
];
const THIN: Template = template!("diaspora", "99thin_0");
const MODERN: [Template; 5] = [
    template!("modern", "10postgres"),
    template!("modern", "20nginx"),
    template!("modern", "30redis"),
    template!("modern", "90sidekiq"),
    template!("modern", "99puma"),
];
const SETTINGS: &str = include_str!("../../../service-templates/etc/default/diaspora");

/// Makes what is missing; gives a line for each file.
///
/// # Errors
/// Says which file could not be made.
pub fn install(
    directory: &Path,
    set: Set,
    thins: u32,
    settings: Option<&Path>,
) -> Result<String, String> {
    let mut report = String::new();
    fs::create_dir_all(directory).map_err(|error| trouble(directory, &error))?;
    let templates: &[Template] = match set {
        Set::Diaspora => &DIASPORA,
        Set::Modern => &MODERN,
    };
    for &(name, run, log) in templates {
        service(directory, name, run, log, &mut report)?;
    }
    if set == Set::Diaspora {
        for number in 0..thins {
            let name = format!("99thin_{number}");
            service(directory, &name, THIN.1, THIN.2, &mut report)?;
        }
    }
    if let Some(settings) = settings {
        if let Some(parent) = settings.parent() {
            fs::create_dir_all(parent).map_err(|error| trouble(parent, &error))?;
        }
        put(settings, SETTINGS, 0o644, &mut report)?;
    }
    Ok(report)
}

fn service(
    directory: &Path,
    name: &str,
    run: &str,
    log: &str,
    report: &mut String,
) -> Result<(), String> {
    let place = directory.join(name);
    let fill = |target: &Path, report: &mut String| {
        match fs::create_dir(target.join("log")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(trouble(&target.join("log"), &error));
            }
            _ => put(&target.join("log/run"), log, 0o755, report)?,
        }
        put(&target.join("run"), run, 0o755, report)
    };
    if place.symlink_metadata().is_ok() {
        return fill(&place, report);
    }
    let fresh = fresh_directory(&place)?;
    let mut made = String::new();
    let done = fill(&fresh, &mut made).and_then(|()| {
        let names = (c_path(&fresh), c_path(&place));
        let moved = match names {
            (Ok(from), Ok(to)) => file::rename_new(&from, &to),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        match moved {
            // A file system that can't do it at once.
            Err(Errno::EINVAL | Errno::ENOSYS) => fs::rename(&fresh, &place),
            moved => moved.map_err(Into::into),
        }
        .map_err(|error| trouble(&place, &error))
    });
    if done.is_err() {
        for file in ["log/run", "run"] {
            let _ = fs::remove_file(fresh.join(file));
        }
        for directory in [fresh.join("log"), fresh] {
            let _ = fs::remove_dir(directory);
        }
        return done;
    }
    let hidden = fresh.display().to_string();
    report.push_str(&made.replace(&hidden, &place.display().to_string()));
    Ok(())
}

/// Makes a directory for what is to be `place`, under a name that svscan passes over.
fn fresh_directory(place: &Path) -> Result<PathBuf, String> {
    let made = hidden_names(place).find_map(|fresh| match fs::create_dir(&fresh) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        made => Some(made.map(|()| fresh)),
    });
    let none = || Err(ErrorKind::AlreadyExists.into());
    made.unwrap_or_else(none)
        .map_err(|error| trouble(place, &error))
}

/// Names beside `place` for what will be it. One that exists is somebody's.
fn hidden_names(place: &Path) -> impl Iterator<Item = PathBuf> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let hidden = move |number| place.with_file_name(format!(".{name}.{number}.new"));
    (0..100).map(hidden)
}

/// Writes a file that does not exist, complete or not at all.
fn put(path: &Path, text: &str, mode: u32, report: &mut String) -> Result<(), String> {
    let label = path.display();
    let word = match read::regular(path) {
        Ok(found) if found == text.as_bytes() => "unchanged",
        Ok(_) => "kept, for it was changed",
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(path, text, mode).map_err(|why| format!("unable to make {label}: {why}"))?;
            "made"
        }
        Err(_) if path.symlink_metadata().is_ok_and(|facts| !facts.is_file()) => {
            "kept, for it is no file"
        }
        Err(error) => return Err(trouble(path, &error)),
    };
    let _ = writeln!(report, "{label}: {word}");
    Ok(())
}

/// Makes a file under another name, and gives it its own: unlike a rename, never over
/// what has appeared meanwhile. Works in a directory that was entered, whatever its name
/// leads to by then.
fn make(path: &Path, text: &str, mode: u32) -> Result<(), Obstacle> {
    let directory = file::enter(&c_path(path.parent().ok_or(Errno::EISDIR)?)?)?;
    let name = c_path(Path::new(path.file_name().ok_or(Errno::EISDIR)?))?;
    let mut made = Err(Errno::EEXIST);
    for hidden in hidden_names(path) {
        let new = c_path(Path::new(hidden.file_name().ok_or(Errno::EISDIR)?))?;
        match file::create_in(&directory, &new, mode) {
            Err(Errno::EEXIST) => {}
            other => {
                made = other.map(|out| (out, new));
                break;
            }
        }
    }
    let (out, new) = made?;
    let done = fd::write_all(&out, text.as_bytes())
        // Whatever the umask took away.
        .and_then(|()| file::set_mode(&out, mode))
        .and_then(|()| file::link_in(&directory, &new, &name));
    let _ = file::unlink_in(&directory, &new);
    done.map_err(Obstacle::System)
}

fn trouble(path: &Path, error: &std::io::Error) -> String {
    format!("unable to make {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_an_operator_has_changed_stays() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path().join("service");
        let settings = place.path().join("default/diaspora");
        let first = install(&directory, Set::Diaspora, 2, Some(&settings)).expect("installed");
        assert_eq!(first.lines().count(), 15);
        assert!(
            first.lines().all(|line| line.ends_with(": made")),
            "{first}"
        );
        let run = directory.join("99thin_1/run");
        let mode = fs::metadata(&run).expect("made").permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
        fs::write(&run, "mine").expect("write");
        fs::remove_file(directory.join("30redis/log/run")).expect("remove");
        let second = install(&directory, Set::Diaspora, 3, Some(&settings)).expect("installed");
        assert_eq!(fs::read(&run).expect("read"), b"mine");
        assert_eq!(second.matches(": made").count(), 3, "{second}");
        assert_eq!(second.matches("kept").count(), 1, "{second}");
        let hidden = fs::read_dir(&directory).expect("read").flatten();
        assert!(
            hidden
                .map(|e| e.file_name())
                .all(|name| !name.to_string_lossy().starts_with('.'))
        );
    }

    #[test]
    fn nothing_that_was_there_goes_or_changes() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = place.path().join("service");
        let settings = place.path().join("default/diaspora");
        let mine = [
            "service/10mongo/run.new",
            "service/10mongo/.run.0.new",
            "service/10mongo/log/run.new",
            "service/.20nginx.new/run",
            "service/.20nginx.0.new/mine",
            "default/diaspora.new",
        ];
        for name in mine {
            let file = place.path().join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
            fs::write(file, name).expect("write");
        }
        // Neither is a FIFO waited for.
        let fifo = directory.join("90resque_worker");
        fs::create_dir(&fifo).expect("mkdir");
        let fifo = c_path(&fifo.join("run")).expect("no NUL");
        daemontools::unix::fifo::make(&fifo).expect("mkfifo");
        let report = install(&directory, Set::Diaspora, 1, Some(&settings)).expect("installed");
        assert!(
            report.contains("90resque_worker/run: kept, for it is no file"),
            "{report}"
        );
        assert_eq!(report.matches(": made").count(), 12, "{report}");
        for name in mine {
            let found = fs::read(place.path().join(name)).expect(name);
            assert_eq!(found, name.as_bytes());
        }
        assert!(directory.join("20nginx/log/run").exists());
        assert!(!directory.join("20nginx/mine").exists());
    }

    #[test]
    fn the_modern_set_has_no_thins() {
        let place = tempfile::tempdir().expect("a directory");
        let report = install(place.path(), Set::Modern, 3, None).expect("installed");
        assert!(report.contains("99puma/run") && !report.contains("thin"));
    }
}
