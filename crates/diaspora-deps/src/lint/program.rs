//! What a service's program needs to start: the program itself, its working directory, and
//! for postgres data of its version.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daemontools::procfs;

use super::foreground;
use super::shell::{Command, base};
use crate::config::Service;
use crate::context::Context;
use crate::launch;
use crate::{read, supervised};

/// The PATH that svscanboot gives.
const BOOT_PATH: &str =
    "/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";

/// The faults of the program of a service whose directory is `path`.
pub(super) fn faults(
    service: &Service,
    context: &Context,
    settings: &Path,
    path: &Path,
) -> Vec<String> {
    let mut faults = Vec::new();
    let directory = match &service.directory {
        None => path.to_owned(),
        Some(text) => match context.expand_path(text) {
            Err(error) => return vec![error.to_string()],
            Ok(directory) => directory,
        },
    };
    if !directory.is_dir() {
        let fix = service.directory.as_deref().and_then(setting);
        let fix = fix.map_or_else(
            || format!("make it, or change {}", service.location),
            |name| format!("set {name} in the settings file"),
        );
        let directory = directory.display();
        faults.push(format!(
            "its working directory {directory} does not exist: {fix}"
        ));
    }
    let Some(words) = words(service, context) else {
        return faults;
    };
    faults.extend(missing(&words[0], &directory));
    let inherited = environment(path);
    let inherited: Vec<&[u8]> = inherited.iter().map(Vec::as_slice).collect();
    let not_found = launch::not_found(service, context, settings, &inherited);
    faults.extend(not_found.map(|error| error.to_string()));
    faults.extend(other_version(&words));
    let command = Command {
        words,
        in_background: false,
    };
    let fault = foreground::fault(&command);
    faults.extend(fault.map(|fault| format!("{}: {fault}", service.location)));
    faults
}

/// The name of the first setting in a text.
fn setting(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    rest.split_once('}').map(|(name, _)| name)
}

/// The words of the command; `None` if there is none, or a setting is missing, which is
/// said elsewhere.
fn words(service: &Service, context: &Context) -> Option<Vec<String>> {
    let expand = |text: &String| {
        let bytes = context.expand(text).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut words: Vec<String> = service.exec.iter().map(expand).collect::<Option<_>>()?;
    if let Some(unless) = &service.unless {
        let text = read::regular(&context.expand_path(&unless.file).ok()?).unwrap_or_default();
        let line = expand(&unless.line)?;
        let text = String::from_utf8_lossy(&text);
        if !text.lines().any(|found| found.trim() == line) {
            words.extend(unless.args.iter().filter_map(expand));
        }
    }
    (!words.is_empty()).then_some(words)
}

/// The environment that a service inherits: that of the supervise that runs, else that of
/// svscanboot.
fn environment(path: &Path) -> Vec<Vec<u8>> {
    let running = || {
        let pid = supervised::current_status(path)?.pid;
        let supervise = procfs::process(pid).ok()?.parent;
        let environment = fs::read(format!("/proc/{supervise}/environ")).ok()?;
        let entries = environment.split(|&byte| byte == 0);
        Some(entries.map(<[u8]>::to_vec).collect())
    };
    running().unwrap_or_else(|| vec![format!("PATH={BOOT_PATH}").into_bytes()])
}

/// A program with its path that does not exist or can't be executed.
fn missing(program: &str, directory: &Path) -> Option<String> {
    if !program.contains('/') {
        return None;
    }
    let metadata = fs::metadata(directory.join(program));
    let is_program =
        metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    (!is_program).then(|| missing_version(program))
}

/// The message for a program that does not exist, with other versions that do: those of
/// `/usr/lib/postgresql/15/bin/postgres` differ in one folder.
fn missing_version(program: &str) -> String {
    let words: Vec<&str> = program.split('/').collect();
    let number = words
        .iter()
        .position(|word| word.starts_with(|char: char| char.is_ascii_digit()));
    let installed = number.map(|at| {
        let (folder, rest) = (words[..at].join("/"), words[at + 1..].join("/"));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut versions: Vec<String> = entries
            .filter(|entry| entry.path().join(&rest).is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        versions.sort();
        versions
    });
    match installed.filter(|versions| !versions.is_empty()) {
        Some(versions) => format!(
            "its program {program} does not exist; installed: {}: name that version in the settings file",
            versions.join(", ")
        ),
        None => format!(
            "its program {program} does not exist: install it, or name another in services.toml"
        ),
    }
}

/// Data of postgres that another version has made: it ends at once.
fn other_version(words: &[String]) -> Option<String> {
    if base(&words[0]) != "postgres" {
        return None;
    }
    let at = words.iter().position(|word| word == "-D")?;
    let data = words.get(at + 1)?;
    let mut folders = words[0].split('/');
    let program = folders.find(|word| word.starts_with(|char: char| char.is_ascii_digit()))?;
    let file = Path::new(data).join("PG_VERSION");
    let of_data = match fs::read_to_string(&file) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some(format!(
                "{data} has no PG_VERSION: it is no data of postgres: pg_createcluster {program} main makes it"
            ));
        }
        Err(_) => return None,
    };
    (of_data != program).then(|| {
        format!("its program is postgres {program}, and {data} is of postgres {of_data}: name one version for both")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_a_path_must_be_executable() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("program");
        fs::write(&file, "").expect("write");
        let found = || missing("./program", folder.path());
        assert!(found().is_some_and(|fault| fault.contains("./program does not exist")));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("chmod");
        assert_eq!(found(), None);
    }

    #[test]
    fn another_version_that_is_installed_is_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path().display();
        let bin = folder.path().join("17/bin");
        fs::create_dir_all(&bin).expect("mkdir");
        fs::write(bin.join("postgres"), "").expect("write");
        let fault = missing_version(&format!("{root}/15/bin/postgres"));
        assert!(
            fault.contains("installed: 17: name that version"),
            "{fault}"
        );
        let data = folder.path().join("data");
        let words = [
            format!("{root}/17/bin/postgres"),
            "-D".to_owned(),
            data.display().to_string(),
        ];
        let fault = || other_version(&words).unwrap_or_default();
        assert!(fault().contains("pg_createcluster 17 main"), "{}", fault());
        fs::create_dir(&data).expect("mkdir");
        fs::write(data.join("PG_VERSION"), "15\n").expect("write");
        assert!(fault().contains("is of postgres 15"), "{}", fault());
        fs::write(data.join("PG_VERSION"), "17\n").expect("write");
        assert_eq!(fault(), "");
    }
}
