//! Whether a program can be found, before the wait for what it needs: along its own PATH,
//! and with the interpreter that `#!/usr/bin/env` searches there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use daemontools::Errno;

use crate::error::Error;

/// The bytes of a script's first line that the kernel reads.
const FIRST_LINE_MAX: u64 = 256;

/// Folders of the programs of a version manager, below a home or the root. `*` is one
/// folder of any name.
const MANAGED: [&str; 9] = [
    ".rbenv/shims",
    ".rvm/wrappers/default",
    ".rvm/wrappers/*",
    ".asdf/shims",
    ".local/share/mise/shims",
    "usr/local/rbenv/shims",
    "usr/local/rvm/wrappers/default",
    "usr/local/rvm/wrappers/*",
    "usr/share/rvm/wrappers/default",
];

/// Looks for `program` along `path`, and for the interpreter that it names.
///
/// # Errors
/// [`Error::Run`] if PATH has no such program; [`Error::NoInterpreter`].
pub(super) fn look(program: &OsStr, path: &[u8]) -> Result<(), Error> {
    let file = match program.as_bytes().contains(&b'/') {
        // The kernel says the rest.
        true => PathBuf::from(program),
        false => find(program, path).ok_or_else(|| Error::Run {
            program: program.to_string_lossy().into_owned(),
            cause: Errno::ENOENT,
        })?,
    };
    match interpreter(&file) {
        Some(name) if find(OsStr::from_bytes(&name), path).is_none() => Err(Error::NoInterpreter {
            program: program.to_string_lossy().into_owned(),
            interpreter: String::from_utf8_lossy(&name).into_owned(),
        }),
        _ => Ok(()),
    }
}

/// The name that a script has `env` search along PATH.
fn interpreter(file: &Path) -> Option<Vec<u8>> {
    if !is_program(file) {
        return None;
    }
    let mut start = Vec::new();
    let mut file = File::open(file).ok()?.take(FIRST_LINE_MAX);
    file.read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?;
    let line = line.split(|&byte| byte == b'\n').next()?;
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let is_env = words.next()?.ends_with(b"/env");
    let is_name = |word: &&[u8]| !word.starts_with(b"-") && !word.contains(&b'=');
    let name = words.find(is_name).filter(|_| is_env)?;
    Some(name.to_vec())
}

/// The file that a PATH gives for a name. One that is there and can't be executed counts:
/// the kernel says why not.
fn find(name: &OsStr, path: &[u8]) -> Option<PathBuf> {
    let mut folders = path.split(|&byte| byte == b':').map(|folder| match folder {
        b"" => Path::new("."),
        folder => Path::new(OsStr::from_bytes(folder)),
    });
    folders.find_map(|folder| {
        let file = folder.join(name);
        file.symlink_metadata().is_ok().then_some(file)
    })
}

/// The folder of a version manager that has a program: of one of these homes, or of the
/// whole system.
pub(super) fn managed(name: &str, homes: &[PathBuf]) -> Option<PathBuf> {
    let homes = homes.iter().map(PathBuf::as_path);
    let places = homes.chain([Path::new("/")]);
    places
        .flat_map(|place| MANAGED.iter().flat_map(|folder| folders(place, folder)))
        .find(|folder| is_program(&folder.join(name)))
}

/// The folders that a pattern of [`MANAGED`] means.
fn folders(place: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some(parent) = pattern.strip_suffix("/*") else {
        return vec![place.join(pattern)];
    };
    let entries = fs::read_dir(place.join(parent)).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

fn is_program(file: &Path) -> bool {
    let metadata = fs::metadata(file);
    metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
