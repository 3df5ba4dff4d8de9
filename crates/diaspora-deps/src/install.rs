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
/// of the set too if `settings` is its path, also in place of the other set's.
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
    let templates: &[Template] = match set {
        Set::Diaspora => &DIASPORA,
        Set::Modern => &MODERN,
    };
    for template in templates {
        service(directory, template.name, &template.files, &mut report)?;
    }
    if set == Set::Diaspora {
        for number in 0..thins {
            let name = format!("99thin_{number}");
            service(directory, &name, &THIN.files, &mut report)?;
        }
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
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_changed_file_is_kept_and_a_missing_one_made() {
        let folder = tempfile::tempdir().expect("a directory");
        let directory = folder.path().join("service");
        let settings = folder.path().join("default/diaspora");
        let first = install(&directory, Set::Diaspora, 2, Some(&settings)).expect("installed");
        assert_eq!(first.lines().count(), 22);
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
        assert_eq!(second.matches(": made").count(), 4, "{second}");
        assert_eq!(second.matches("kept").count(), 1, "{second}");
        let hidden = fs::read_dir(&directory).expect("read").flatten();
        assert!(
            hidden
                .map(|e| e.file_name())
                .all(|name| !name.to_string_lossy().starts_with('.'))
        );
    }

    #[test]
    fn existing_files_are_neither_removed_nor_changed() {
        let folder = tempfile::tempdir().expect("a directory");
        let directory = folder.path().join("service");
        let settings = folder.path().join("default/diaspora");
        let mine = [
            "service/10mongo/run.new",
            "service/10mongo/.run.0.new",
            "service/10mongo/log/run.new",
            "service/.20nginx.new/run",
            "service/.20nginx.0.new/mine",
            "default/diaspora.new",
        ];
        for name in mine {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
            fs::write(file, name).expect("write");
        }
        // A FIFO does not block the program.
        let fifo = directory.join("90resque_worker");
        fs::create_dir(&fifo).expect("mkdir");
        let fifo = c_path(&fifo.join("run")).expect("no NUL");
        daemontools::unix::fifo::make(&fifo).expect("mkfifo");
        let report = install(&directory, Set::Diaspora, 1, Some(&settings)).expect("installed");
        assert!(
            report.contains("90resque_worker/run: kept, for it is no file"),
            "{report}"
        );
        assert_eq!(report.matches(": made").count(), 18, "{report}");
        for name in mine {
            let found = fs::read(folder.path().join(name)).expect(name);
            assert_eq!(found, name.as_bytes());
        }
        assert!(directory.join("20nginx/log/run").exists());
        assert!(!directory.join("20nginx/mine").exists());
    }

    #[test]
    fn each_set_has_its_settings_and_an_edited_file_is_kept() {
        let folder = tempfile::tempdir().expect("a directory");
        let settings = folder.path().join("diaspora");
        let install = |set| {
            let report = install(folder.path(), set, 0, Some(&settings)).expect("installed");
            let last = report.lines().last().unwrap_or_default().to_owned();
            let word = last.rsplit_once(": ").expect("a word").1.to_owned();
            (word, fs::read_to_string(&settings).expect("made"))
        };
        let replaced = "made, in place of the other set's, which nobody had changed";
        for (set, word, part) in [
            (Set::Modern, "made", "RAILS_ENV=production\n"),
            (Set::Modern, "unchanged", "DIASPORA_USER=diaspora\n"),
            (Set::Diaspora, replaced, "RAILS_ENV=development\n"),
            (Set::Modern, replaced, "RAILS_ENV=production\n"),
        ] {
            let (found, text) = install(set);
            assert_eq!(found, word);
            assert!(text.contains(part), "{text}");
            let mode = fs::metadata(&settings).expect("made").permissions().mode();
            assert_eq!(mode & 0o7777, 0o644);
        }
        fs::write(&settings, "mine\n").expect("write");
        let kept = ("kept, for it was changed".to_owned(), "mine\n".to_owned());
        assert_eq!(install(Set::Diaspora), kept);
    }

    #[test]
    fn the_modern_set_has_no_thins() {
        let folder = tempfile::tempdir().expect("a directory");
        let report = install(folder.path(), Set::Modern, 3, None).expect("installed");
        assert!(report.contains("99puma/run") && !report.contains("thin"));
    }
}
