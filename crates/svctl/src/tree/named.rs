//! What the name of a service means.
//!
//! `web` is the service of that name in the tree, else one that is not enabled, and
//! `web/log` is its logger. A name that
//! begins with a slash or a dot and a slash, and any other with a slash in it, is a path.

use std::path::PathBuf;

use super::scan::Tree;
use crate::service::{Service, path_of};

/// In so many letters one may be wrong; in a shorter name one, too.
const LETTERS_FOR_ONE: usize = 4;
/// The most names that are proposed.
const PROPOSED: usize = 3;

/// Why a name means no service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotFound {
    /// The name.
    pub(crate) name: Vec<u8>,
    /// Whether it was taken for a path, and not looked up in the tree.
    pub(crate) is_path: bool,
    /// Names that are there and nearly the same.
    pub(crate) similar: Vec<Vec<u8>>,
}

/// The service that people call `name`.
///
/// # Errors
/// There is none.
pub(crate) fn resolve(tree: &Tree, name: &[u8]) -> Result<Service, NotFound> {
    let in_tree = || {
        let directory = tree.path_of(name);
        let enabled = !name.starts_with(b".");
        service(name, directory, enabled).or_else(|| not_enabled(tree, name))
    };
    let found = match is_in_tree(name) {
        true => in_tree(),
        false => service(
            name,
            std::path::absolute(path_of(name)).unwrap_or_default(),
            false,
        )
        .map(|found| enabled_in(tree, found)),
    };
    found.ok_or_else(|| NotFound {
        name: name.to_vec(),
        is_path: !is_in_tree(name),
        similar: similar(tree, name),
    })
}

/// A service that is not enabled, or its logger.
fn not_enabled(tree: &Tree, name: &[u8]) -> Option<Service> {
    let (base, is_logger) = match name.strip_suffix(b"/log") {
        Some(base) => (base, true),
        None => (name, false),
    };
    let mut disabled = tree.disabled().into_iter();
    let found = disabled.find(|service| service.name == base)?;
    match is_logger {
        false => Some(found),
        true => Some(found.logger()).filter(|logger| logger.directory.is_dir()),
    }
}

/// Whether a name is looked up in the tree: it has no slash but the one of a logger.
fn is_in_tree(name: &[u8]) -> bool {
    let service = name.strip_suffix(b"/log").unwrap_or(name);
    !matches!(service, b"" | b"." | b"..") && !service.contains(&b'/')
}

fn service(name: &[u8], directory: PathBuf, enabled: bool) -> Option<Service> {
    // A link that leads nowhere is a service of which nothing can be read.
    let exists = directory.is_dir() || directory.is_symlink();
    exists.then(|| Service {
        name: name.to_vec(),
        directory,
        enabled,
    })
}

/// A service that was named by its path is enabled if the tree has a link to it.
fn enabled_in(tree: &Tree, mut found: Service) -> Service {
    let real = |service: &Service| std::fs::canonicalize(&service.directory).ok();
    let path = real(&found);
    let services = tree.services().unwrap_or_default();
    let loggers = services.iter().map(Service::logger);
    found.enabled = services
        .iter()
        .cloned()
        .chain(loggers)
        .any(|service| path.is_some() && real(&service) == path);
    found
}

/// The names in the tree that are nearly the same, the best first.
fn similar(tree: &Tree, name: &[u8]) -> Vec<Vec<u8>> {
    let wanted = String::from_utf8_lossy(name);
    let most = (wanted.chars().count() / LETTERS_FOR_ONE).max(1);
    let services = tree.services().unwrap_or_default();
    let mut rated: Vec<(usize, Vec<u8>)> = services
        .into_iter()
        .map(|service| {
            let name = String::from_utf8_lossy(&service.name);
            (strsim::osa_distance(&wanted, &name), service.name)
        })
        .filter(|&(mistakes, _)| mistakes <= most)
        .collect();
    rated.sort();
    let names = rated.into_iter().map(|(_, name)| name);
    names.take(PROPOSED).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_name_without_a_slash_and_a_logger_are_in_the_tree_and_all_else_is_a_path() {
        for name in ["web", "web/log", ".web", "...", "log", ".web/log"] {
            assert!(is_in_tree(name.as_bytes()), "{name}");
        }
        for name in [
            ".", "..", "./web", "/log", "./log", "a/b", "a/b/log", "/", "web/", "",
        ] {
            assert!(!is_in_tree(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_and_paths_lead_to_services_and_a_wrong_name_to_similar_ones() {
        let place = tempfile::tempdir().expect("a directory");
        let tree = Tree::find(Some(place.path().join("tree")));
        for name in [
            "tree/web/log",
            "tree/worker",
            "tree/.off",
            "defs/mail",
            "defs/other",
        ] {
            fs::create_dir_all(place.path().join(name)).expect("mkdir");
        }
        symlink("../defs/mail", place.path().join("tree/mail")).expect("symlink");
        let resolve = |name: &[u8]| resolve(&tree, name);
        for (name, enabled) in [
            ("web", true),
            ("web/log", true),
            ("mail", true),
            (".off", false),
        ] {
            let found = resolve(name.as_bytes()).expect(name);
            assert_eq!(found.directory, place.path().join("tree").join(name));
            assert_eq!(found.enabled, enabled, "{name}");
        }
        for (name, enabled) in [
            ("defs/mail", true),
            ("defs/other", false),
            ("tree/web/log", true),
        ] {
            let path = place.path().join(name);
            let found = resolve(path.as_os_str().as_encoded_bytes()).expect(name);
            assert_eq!((found.directory, found.enabled), (path, enabled), "{name}");
        }
        fs::write(place.path().join("defs/other/run"), "").expect("write");
        let other = resolve(b"other").expect("it is beside mail");
        assert_eq!(
            (other.directory, other.enabled),
            (place.path().join("defs/other"), false)
        );
        let wrong = resolve(b"wrker").expect_err("no such service");
        assert_eq!(wrong.similar, [b"worker".to_vec()]);
        assert!(resolve(b"nothing").is_err_and(|wrong| wrong.similar.is_empty()));
    }
}
