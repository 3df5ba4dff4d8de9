//! Search along PATH, and the environment that a chain loader changes before it
//! execs the next program. Not `execvp`: no shell for a file without `#!`, and
//! other errors end the search.

use core::ffi::CStr;
use std::ffi::CString;

use crate::unix::env;
use crate::unix::exec::{self, Strings};
use crate::{Errno, Result};

/// Where programs are searched when PATH is not set.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Execs `argv[0]`, searched along PATH, with this process's environment.
/// Returns only to say why it could not.
pub fn exec(argv: &Strings) -> Errno {
    search(argv, &env::strings())
}

/// Execs `argv[0]`, searched along `path`, with the environment `envp` and nothing
/// of this process's own. Returns only to say why it could not.
pub fn exec_clean(argv: &Strings, path: &[u8], envp: &Strings) -> Errno {
    search_along(path, argv, envp)
}

/// The longest name that the kernel takes, with its NUL.
const NAME_MAX: usize = 4096;

/// Changes to the environment of the next program, in the order given.
#[derive(Debug, Default)]
pub struct Changes {
    /// What to set or, where there is no `=`, to unset.
    entries: Vec<CString>,
}

impl Changes {
    /// Sets `name`, which replaces the first entry of that name. A name that holds
    /// a `=` ends there, and the rest of it begins the value.
    ///
    /// # Errors
    /// EINVAL if the name or the value holds a NUL.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        self.add([name, b"=", value].concat())
    }

    /// Removes the first entry called `name`. A name that holds a `=` is set to
    /// what follows that, as the reference does.
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
    /// from before the changes, as in the reference.
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
                // The last entry takes the freed place: whoever prints its
                // environment sees the reference's order.
                entries.swap_remove(old);
            }
            if new.is_some() {
                entries.push(entry);
            }
        }
        entries
    }
}

/// Uses no heap: a memory limit may just have been set.
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
    let mut buffer = [0; NAME_MAX];
    let mut remembered = None;
    for element in path.split(|&byte| byte == b':') {
        let element = if element.is_empty() { b"." } else { element };
        let Some(file) = join(&mut buffer, element, name) else {
            return Errno::ENAMETOOLONG;
        };
        match exec::execve(file, argv, envp) {
            Errno::ENOENT => {}
            error @ (Errno::EACCES | Errno::EPERM | Errno::EISDIR) => remembered = Some(error),
            error => return error,
        }
    }
    remembered.unwrap_or(Errno::ENOENT)
}

/// `directory/name`; `None` if it is longer than the kernel takes.
fn join<'a>(buffer: &'a mut [u8; NAME_MAX], directory: &[u8], name: &CStr) -> Option<&'a CStr> {
    let name = name.to_bytes_with_nul();
    let start = directory.len() + 1;
    let file = buffer.get_mut(..start + name.len())?;
    file[..start - 1].copy_from_slice(directory);
    file[start - 1] = b'/';
    file[start..].copy_from_slice(name);
    CStr::from_bytes_with_nul(file).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_replaces_the_first_of_its_kind_and_keeps_what_is_no_variable() {
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
    fn the_longest_name_fits() {
        let mut buffer = [0; NAME_MAX];
        assert_eq!(join(&mut buffer, b"/bin", c"ls"), Some(c"/bin/ls"));
        assert!(join(&mut buffer, &[b'x'; NAME_MAX - 3], c"y").is_some());
        assert!(join(&mut buffer, &[b'x'; NAME_MAX - 2], c"y").is_none());
    }

    #[test]
    fn a_value_with_a_nul_is_refused() {
        assert_eq!(Changes::default().set(b"A", b"x\0y"), Err(Errno::EINVAL));
    }
}
