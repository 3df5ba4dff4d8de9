//! Searching a program along PATH and exec'ing it, with a changed environment where a
//! chain loader asks for one. It differs from `execvp(3)`: a file without `#!` is not
//! given to a shell, and other errors end the search.

use core::ffi::CStr;
use std::ffi::CString;

use crate::buffer::Path;
use crate::strerr::{Fatal, Reporter};
use crate::unix::env;
use crate::unix::exec::{self, Strings};
use crate::{Args, Errno, PERMANENT, Result};

/// The search path if PATH is not set.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Execs the program at word `index` of the command line, as a chain loader does. Returns
/// only if that failed; the message has been written.
pub fn next(me: &Reporter, args: Args, index: usize) -> Fatal {
    next_by(me, args, index, exec)
}

/// As [`next`], with a changed environment.
pub fn next_with(me: &Reporter, args: Args, index: usize, changes: &Changes) -> Fatal {
    next_by(me, args, index, |argv| changes.exec(argv))
}

fn next_by(me: &Reporter, args: Args, index: usize, exec: impl FnOnce(&Strings) -> Errno) -> Fatal {
    let Some(argv) = args.vector(index) else {
        return Fatal::new(PERMANENT);
    };
    let error = exec(&argv);
    let name = argv.first().map_or(&b""[..], CStr::to_bytes);
    me.fatal(&[b"unable to run ", name], error)
}

/// Execs `argv[0]`, searched along PATH, with this process's environment. Returns only
/// if that failed, with the error.
pub fn exec(argv: &Strings) -> Errno {
    search(argv, &env::strings())
}

/// Execs `argv[0]`, searched along `path`, with the environment `envp` alone. Returns
/// only if that failed, with the error.
pub fn exec_clean(argv: &Strings, path: &[u8], envp: &Strings) -> Errno {
    search_along(path, argv, envp)
}

/// The longest path that the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;

/// Changes to the environment of the next program, in the order given.
#[derive(Debug, Default)]
pub struct Changes {
    /// Variables to set, and names without `=` to unset.
    entries: Vec<CString>,
}

impl Changes {
    /// Sets `name`, in place of the first entry of that name. A name that holds a `=`
    /// ends there, and the rest of it begins the value, as in the reference.
    ///
    /// # Errors
    /// EINVAL if the name or the value holds a NUL.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        self.add([name, b"=", value].concat())
    }

    /// Removes the first entry called `name`. A name that holds a `=` is set to what
    /// follows it, as in the reference.
    ///
    /// # Errors
    /// EINVAL if the name holds a NUL.
    pub fn unset(&mut self, name: &[u8]) -> Result<()> {
        self.add(name.to_vec())
    }

    fn add(&mut self, entry: Vec<u8>) -> Result<()> {
        let entry = CString::new(entry).map_err(|_| Errno::EINVAL)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Execs `argv[0]` with the changed environment. The search is along the PATH
    /// from before the changes, as in the reference. Returns only if that failed, with
    /// the error.
    pub fn exec(&self, argv: &Strings) -> Errno {
        search(
            argv,
            &self.apply(env::iter().collect()).into_iter().collect(),
        )
    }

    /// The environment `entries` after the changes.
    fn apply<'a>(&'a self, mut entries: Vec<&'a CStr>) -> Vec<&'a CStr> {
        for entry in &self.entries {
            let new = env::split(entry.to_bytes());
            let name = new.map_or(entry.to_bytes(), |(name, _)| name);
            let old = entries.iter().position(|old| {
                env::split(old.to_bytes()).is_some_and(|(old_name, _)| old_name == name)
            });
            if let Some(old) = old {
                // The last entry takes its place: the order of the reference.
                entries.swap_remove(old);
            }
            if new.is_some() {
                entries.push(entry);
            }
        }
        entries
    }
}

/// Uses no heap: softlimit has just set a limit on memory.
fn search(argv: &Strings, envp: &Strings) -> Errno {
    search_along(env::get(b"PATH").unwrap_or(DEFAULT_PATH), argv, envp)
}

fn search_along(path: &[u8], argv: &Strings, envp: &Strings) -> Errno {
    let Some(name) = argv.first() else {
        return Errno::ENOENT;
    };
    if name.to_bytes().contains(&b'/') {
        return exec::execve(name, argv, envp);
    }
    let mut remembered = None;
    for element in path.split(|&byte| byte == b':') {
        let element = if element.is_empty() { b"." } else { element };
        let file = match file_in(element, name) {
            Ok(file) => file,
            Err(error) => return error,
        };
        match exec::execve(file.as_c_str(), argv, envp) {
            Errno::ENOENT => {}
            error @ (Errno::EACCES | Errno::EPERM | Errno::EISDIR) => remembered = Some(error),
            error => return error,
        }
    }
    remembered.unwrap_or(Errno::ENOENT)
}

/// `directory/name`; ENAMETOOLONG if it is longer than the kernel takes.
fn file_in(directory: &[u8], name: &CStr) -> Result<Path<PATH_MAX>> {
    Path::new(&[directory, b"/", name.to_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_and_unset_change_the_first_of_its_name_and_keep_entries_without_equals() {
        let mut changes = Changes::default();
        changes.set(b"A", b"new").expect("no NUL");
        changes.unset(b"B").expect("no NUL");
        let before = vec![c"A=1", c"A=2", c"junk", c"B=1", c"B=2", c"C=3"];
        let after = changes.apply(before);
        assert_eq!(after, [c"C=3", c"A=2", c"junk", c"A=new", c"B=2"]);
    }

    #[test]
    fn a_name_ends_at_its_first_equals_sign() {
        let mut changes = Changes::default();
        changes.set(b"A=B", b"v").expect("no NUL");
        changes.unset(b"C=").expect("no NUL");
        let after = changes.apply(vec![c"A=1", c"A=B=2", c"C=3"]);
        assert_eq!(after, [c"A=B=v", c"A=B=2", c"C="]);
    }

    #[test]
    fn has_room_for_the_longest_path() {
        let file = file_in(b"/bin", c"ls").expect("room");
        assert_eq!(file.as_c_str(), c"/bin/ls");
        assert!(file_in(&[b'x'; PATH_MAX - 3], c"y").is_ok());
        let too_long = file_in(&[b'x'; PATH_MAX - 2], c"y");
        assert_eq!(too_long.err(), Some(Errno::ENAMETOOLONG));
    }

    #[test]
    fn refuses_a_value_with_a_nul() {
        assert_eq!(Changes::default().set(b"A", b"x\0y"), Err(Errno::EINVAL));
    }
}
