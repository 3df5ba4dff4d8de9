//! The configuration files of servers that decide whether they go into the background:
//! the value of one directive, with the files that are included.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::read;

/// Included files past this number are not read.
const FILES_MAX: usize = 200;

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `daemon off;`, as nginx has it: outside of all blocks.
    Blocks,
    /// `daemonize no`, as redis has it.
    Words,
    /// `daemonize = no`, as php-fpm has it, or `fork: true`, as mongod has it.
    Assignments,
}

/// A directive that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Its value.
    pub(super) value: String,
    /// The file that has it.
    pub(super) file: PathBuf,
}

/// The last directive `name` of a file and of those that it includes; `None` if there is
/// none. Relative paths are relative to `folder`.
///
/// # Errors
/// The file can't be read.
pub(super) fn directive(
    file: &Path,
    folder: &Path,
    form: Form,
    name: &str,
) -> std::io::Result<Option<Directive>> {
    let mut reader = Reader {
        folder,
        form,
        name,
        found: None,
        read: BTreeSet::new(),
    };
    let bytes = read::regular(&folder.join(file))?;
    reader.take(&folder.join(file), &String::from_utf8_lossy(&bytes));
    Ok(reader.found)
}

struct Reader<'a> {
    folder: &'a Path,
    form: Form,
    name: &'a str,
    found: Option<Directive>,
    read: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    fn take(&mut self, file: &Path, text: &str) {
        if self.read.len() >= FILES_MAX || !self.read.insert(file.to_owned()) {
            return;
        }
        for (name, value) in directives(text, self.form) {
            if name == self.name {
                self.found = Some(Directive {
                    value,
                    file: file.to_owned(),
                });
            } else if name == "include" {
                for file in expand(&self.folder.join(value)) {
                    if let Ok(bytes) = read::regular(&file) {
                        self.take(&file, &String::from_utf8_lossy(&bytes));
                    }
                }
            }
        }
    }
}

/// Names and values, in their order.
fn directives(text: &str, form: Form) -> Vec<(String, String)> {
    if form == Form::Blocks {
        return outside_of_blocks(text);
    }
    let split = |line: &str| {
        let line = line.trim();
        let (name, value) = match form {
            Form::Words => line.split_once(char::is_whitespace),
            _ => line.split_once(['=', ':']),
        }?;
        let value = value.trim().trim_matches(['"', '\'']);
        Some((name.trim().to_lowercase(), value.to_owned()))
    };
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with(['#', ';']));
    lines.filter_map(split).collect()
}

/// The directives of nginx with one value that are in no block.
fn outside_of_blocks(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut depth = 0_u32;
    let mut words = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let word = words.last_mut().expect("there is always one");
        match char {
            '#' if word.is_empty() => drop(chars.find(|&char| char == '\n')),
            '\'' | '"' => word.extend(chars.by_ref().take_while(|&inner| inner != char)),
            '{' | '}' | ';' => {
                words.retain(|word| !word.is_empty());
                if let (';', 0, [name, value]) = (char, depth, &words[..]) {
                    found.push((name.clone(), value.clone()));
                }
                match char {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                words = vec![String::new()];
            }
            _ if char.is_whitespace() => words.push(String::new()),
            _ => word.push(char),
        }
    }
    found
}

/// The files that a path with one `*` in its last part means, sorted.
fn expand(path: &Path) -> Vec<PathBuf> {
    let pattern = path.file_name().unwrap_or_default().to_string_lossy();
    let (Some((start, end)), Some(parent)) = (pattern.split_once('*'), path.parent()) else {
        return vec![path.to_owned()];
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let rest = name.strip_prefix(start);
            !name.starts_with('.') && rest.is_some_and(|rest| rest.ends_with(end))
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)], form: Form, name: &str) -> Option<String> {
        let folder = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
            fs::write(file, text).expect("write");
        }
        let file = Path::new(files[0].0);
        let found = directive(file, folder.path(), form, name).expect("read");
        found.map(|found| found.value)
    }

    #[test]
    fn nginx_has_it_outside_of_blocks_and_in_included_files() {
        let off = Some("off".to_owned());
        let nginx = |files: &[(&str, &str)]| found(files, Form::Blocks, "daemon");
        assert_eq!(nginx(&[("a", "user x;\ndaemon  off ;\n")]), off);
        assert_eq!(nginx(&[("a", "# daemon off;\nevents { }\n")]), None);
        assert_eq!(nginx(&[("a", "http { daemon off; }\nx '}' \"#\";")]), None);
        assert_eq!(nginx(&[("a", "http { a b; }\ndaemon off;")]), off);
        let included = [
            ("a", "include d/*.conf;\n"),
            ("d/1.conf", "daemon off;"),
            ("d/2", "daemon on;"),
        ];
        assert_eq!(nginx(&included), off);
        assert_eq!(nginx(&[("a", "include a; include none/*.conf;")]), None);
    }

    #[test]
    fn the_last_one_counts_as_servers_read_it() {
        let redis = |text| found(&[("a", text)], Form::Words, "daemonize");
        assert_eq!(
            redis("# daemonize no\nDaemonize yes\ndaemonize \"no\"\n").as_deref(),
            Some("no")
        );
        assert_eq!(redis("port 1\n"), None);
        let assigned = |text, name| found(&[("a", text)], Form::Assignments, name);
        assert_eq!(
            assigned("[global]\n;daemonize = no\ndaemonize = yes\n", "daemonize").as_deref(),
            Some("yes")
        );
        assert_eq!(
            assigned("processManagement:\n  fork: true\n", "fork").as_deref(),
            Some("true")
        );
    }
}
