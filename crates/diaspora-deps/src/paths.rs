//! The files and directories that the programs use.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use daemontools::unix::env;

use crate::config::Config;
use crate::error::Error;
use crate::settings::SettingsFile;

/// The files and directories that the programs use.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The operator's `services.toml`.
    pub services: PathBuf,
    /// Whether somebody has named that file, so that it must exist.
    pub services_must_exist: bool,
    /// The settings, a shell file.
    pub settings: PathBuf,
    /// Whether that file was named on the command line, so that it must exist.
    pub settings_must_exist: bool,
    /// The scan directory.
    pub directory: PathBuf,
}

impl Paths {
    /// The paths of an installed system, or those that the environment names.
    #[must_use]
    pub fn from_environment() -> Self {
        let path = |name: &[u8], default: &str| {
            env::get(name).map_or_else(
                || PathBuf::from(default),
                |value| Path::new(OsStr::from_bytes(value)).to_owned(),
            )
        };
        Self {
            services_must_exist: env::get(b"DIASPORA_DEPS_SERVICES").is_some(),
            services: path(
                b"DIASPORA_DEPS_SERVICES",
                "/etc/diaspora-deps/services.toml",
            ),
            settings_must_exist: false,
            settings: path(b"DIASPORA_DEPS_SETTINGS", "/etc/default/diaspora"),
            directory: path(b"DIASPORA_DEPS_DIR", "/etc/service"),
        }
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// As [`Config::load_existing`].
    pub fn config(&self) -> Result<Config, Error> {
        match self.services_must_exist {
            true => Config::load_existing(&self.services),
            false => Config::load(&self.services),
        }
    }

    /// The settings file, which is not read yet.
    #[must_use]
    pub fn settings_file(&self) -> SettingsFile {
        SettingsFile::new(&self.settings, self.settings_must_exist)
    }

    /// The same files and directories, also after this process has changed its directory.
    #[must_use]
    pub fn absolute(&self) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            services_must_exist: self.services_must_exist,
            settings_must_exist: self.settings_must_exist,
            services: absolute(&self.services),
            settings: absolute(&self.settings),
            directory: absolute(&self.directory),
        }
    }
}
