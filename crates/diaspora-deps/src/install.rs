//! `install`: makes the service directories from the templates. A file that is there
//! already is left as it is; a directory appears under its name when it is complete,
//! so that svscan never finds half of one.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

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
    if let Some(file) = settings {
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| trouble(parent, &error))?;
        }
        put(file, SETTINGS, 0o644, &mut report)?;
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
    let exists = place.symlink_metadata().is_ok();
    let target = if exists {
        place.clone()
    } else {
        directory.join(format!(".{name}.new"))
    };
    let logger = target.join("log");
    fs::create_dir_all(&logger).map_err(|error| trouble(&logger, &error))?;
    put(&logger.join("run"), log, 0o755, report)?;
    put(&target.join("run"), run, 0o755, report)?;
    if !exists {
        fs::rename(&target, &place).map_err(|error| trouble(&place, &error))?;
        let hidden = format!("/.{name}.new/");
        *report = report.replace(&hidden, &format!("/{name}/"));
    }
    Ok(())
}

/// Writes a file that does not exist, complete or not at all.
fn put(file: &Path, text: &str, mode: u32, report: &mut String) -> Result<(), String> {
    let shown = file.display();
    let word = match fs::read(file) {
        Ok(found) if found == text.as_bytes() => "unchanged",
        Ok(_) => "kept, for it was changed",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let new = file.with_extension("new");
            let _ = fs::remove_file(&new);
            let mut options = OpenOptions::new();
            let made = options
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&new)
                .and_then(|mut out| {
                    out.write_all(text.as_bytes())?;
                    // Whatever the umask took away.
                    out.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))
                })
                // Unlike a rename, never over what has appeared meanwhile.
                .and_then(|()| fs::hard_link(&new, file));
            let _ = fs::remove_file(&new);
            made.map_err(|error| trouble(file, &error))?;
            "made"
        }
        Err(error) => return Err(trouble(file, &error)),
    };
    let _ = writeln!(report, "{shown}: {word}");
    Ok(())
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
    fn the_modern_set_has_no_thins() {
        let place = tempfile::tempdir().expect("a directory");
        let report = install(place.path(), Set::Modern, 3, None).expect("installed");
        assert!(report.contains("99puma/run") && !report.contains("thin"));
    }
}
