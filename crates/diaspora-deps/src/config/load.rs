//! Reads the configuration: the built-in file, and the operator's over it.

use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::PathError;

use super::known::Config;
use super::{check, layer};
use crate::error::{Error, FileError};
use crate::read;

const BUILT_IN: &str = include_str!("../../services.toml");

impl Config {
    /// Reads the built-in configuration, and the operator's file over it if it exists.
    ///
    /// # Errors
    /// The first mistake in a file; [`Error::Read`] if the operator's can't be read or
    /// another user may change it.
    pub fn load(file: &Path) -> Result<Self, Error> {
        match Self::load_existing(file) {
            Err(Error::Read {
                cause: FileError::Path(PathError::System(Errno::ENOENT)),
                ..
            }) => Self::built_in(),
            loaded => loaded,
        }
    }

    /// The same where the operator's file must exist.
    ///
    /// # Errors
    /// As [`Config::load`]; [`Error::Read`] if the file does not exist.
    pub fn load_existing(file: &Path) -> Result<Self, Error> {
        let unreadable = |why| Error::Read {
            file: file.to_owned(),
            cause: FileError::Path(why),
        };
        let bytes = read::trusted(file).map_err(unreadable)?;
        let bytes = bytes.ok_or_else(|| unreadable(Errno::ENOENT.into()))?;
        Self::parse(&file.to_string_lossy(), &read::text(file, bytes)?)
    }

    /// The built-in configuration alone.
    ///
    /// # Errors
    /// A mistake in it: none.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse("", "")
    }

    /// The built-in configuration with the text of a file over it.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut config = Self::default();
        layer::add("built-in services.toml", BUILT_IN, &mut config)?;
        config.own_settings.clear();
        let services = config.services.values_mut();
        for probe in services.filter_map(|service| service.probe.as_mut()) {
            probe.is_built_in = true;
        }
        layer::add(file, text, &mut config)?;
        check::check(&config)?;
        Ok(config)
    }
}
