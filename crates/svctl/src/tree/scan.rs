//! The services of a tree.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{disabled, root};
use crate::service::{Service, path_of};

/// A tree of services.
#[derive(Debug)]
pub(crate) struct Tree {
    directory: PathBuf,
}

impl Tree {
    /// The tree in the directory that was given, else in `$SVDIR`, else the one of process
    /// 1 if that is ours, else in `/etc/service`.
    pub(crate) fn find(given: Option<PathBuf>) -> Self {
        Self {
            directory: root::find(given),
        }
    }

    /// Its directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a name in it leads.
    pub(crate) fn path_of(&self, name: &[u8]) -> PathBuf {
        self.directory.join(path_of(name))
    }

    /// Its services, sorted by name: directories whose names do not begin with a dot, and
    /// links that lead nowhere.
    ///
    /// # Errors
    /// The directory can't be read.
    pub(crate) fn services(&self) -> io::Result<Vec<Service>> {
        let mut services = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type()?;
            let counts = kind.is_dir()
                || (kind.is_symlink()
                    && std::fs::metadata(entry.path()).map_or(true, |facts| facts.is_dir()));
            if counts {
                services.push(Service {
                    name: name.as_bytes().to_vec(),
                    directory: entry.path(),
                    enabled: true,
                });
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(services)
    }

    /// Those that are not enabled, sorted by name.
    pub(crate) fn disabled(&self) -> Vec<Service> {
        let enabled = self.services().unwrap_or_default();
        disabled::services(&self.directory, &enabled)
    }

    /// The services with loggers, each behind its service, and then the services that are not
    /// enabled.
    ///
    /// # Errors
    /// The directory can't be read.
    pub(crate) fn all(&self) -> io::Result<Vec<Service>> {
        let enabled = self.services()?;
        let disabled = disabled::services(&self.directory, &enabled);
        let mut all = Vec::with_capacity(2 * enabled.len());
        for service in enabled.into_iter().chain(disabled) {
            let logger = service.logger();
            let has_logger = match service.enabled {
                true => logger.directory.is_dir(),
                false => logger.directory.join("supervise").is_dir(),
            };
            all.push(service);
            all.extend(has_logger.then_some(logger));
        }
        Ok(all)
    }
}
