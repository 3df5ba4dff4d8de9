//! The values of `${NAME}` in the texts of `services.toml`. Each command asks here, so a
//! text has the same value in all of them.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use daemontools::unix::env;

use crate::config::{Config, Service, Setting};
use crate::error::Error;
use crate::found;
use crate::name::Name;
use crate::settings::{Settings, SettingsFile};
use crate::variables::{self, Part};

/// The values of `${NAME}`, for no service or for one.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    config: &'a Config,
    file: &'a SettingsFile,
    service: Option<&'a Service>,
    instance: Option<&'a str>,
    /// Whether `${NAME}` is what it says.
    is_verbatim: bool,
}

impl<'a> Context<'a> {
    /// Values from the settings file, which is sourced for the first of them; from the
    /// environment if there is no such file.
    #[must_use]
    pub const fn new(config: &'a Config, file: &'a SettingsFile) -> Self {
        Self {
            config,
            file,
            service: None,
            instance: None,
            is_verbatim: false,
        }
    }

    /// No values: every text is taken as it is.
    #[must_use]
    pub const fn verbatim(config: &'a Config, file: &'a SettingsFile) -> Self {
        Self {
            is_verbatim: true,
            ..Self::new(config, file)
        }
    }

    /// The same values with the `${INSTANCE}` of `name`, and the defaults of its service.
    #[must_use]
    pub fn of(&self, name: &'a Name) -> Self {
        Self {
            service: self.config.services.get(&name.service),
            instance: name.instance.as_deref(),
            ..*self
        }
    }

    /// What the settings file sets; `None` if there is no such file.
    ///
    /// # Errors
    /// As [`SettingsFile::settings`].
    pub fn settings(&self) -> Result<Option<&'a Settings>, Error> {
        let services = self.config.services.values();
        let own = services.flat_map(|service| service.settings.keys());
        let names = self.config.settings.keys().chain(own);
        self.file.settings(names.map(String::as_str))
    }

    /// Replaces every `${NAME}`.
    ///
    /// # Errors
    /// [`Error::OpenVariable`], [`Error::UnknownSetting`], [`Error::UnnamedInstance`],
    /// [`Error::NoVersion`]; a file that a default is read from can't be read; as
    /// [`Context::settings`].
    pub fn expand(&self, text: &str) -> Result<Vec<u8>, Error> {
        if self.is_verbatim {
            return Ok(text.as_bytes().to_vec());
        }
        let mut out = Vec::new();
        let parts = variables::parts(text).ok_or_else(|| Error::OpenVariable(text.to_owned()))?;
        for part in parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Variable(name) => out.extend_from_slice(&self.value(name)?),
            }
        }
        Ok(out)
    }

    /// Replaces every `${NAME}` in a path.
    ///
    /// # Errors
    /// As [`Context::expand`]; [`Error::Empty`].
    pub fn expand_path(&self, text: &str) -> Result<PathBuf, Error> {
        let bytes = filled(text, self.expand(text)?)?;
        Ok(PathBuf::from(OsString::from_vec(bytes)))
    }

    /// Replaces every `${NAME}` in the name of a user, a group or a program.
    ///
    /// # Errors
    /// As [`Context::expand_c`]; [`Error::Empty`].
    pub fn expand_name(&self, text: &str) -> Result<CString, Error> {
        let name = self.expand_c(text)?;
        filled(text, name.into_bytes()).map(|bytes| CString::new(bytes).unwrap_or_default())
    }

    /// Replaces every `${NAME}` in a text that a system call takes.
    ///
    /// # Errors
    /// As [`Context::expand`]; [`Error::HoldsNul`].
    pub fn expand_c(&self, text: &str) -> Result<CString, Error> {
        let bytes = self.expand(text)?;
        CString::new(bytes).map_err(|_| Error::HoldsNul(text.to_owned()))
    }

    fn value(&self, name: &str) -> Result<Vec<u8>, Error> {
        if name == "INSTANCE" {
            let instance = self.instance.ok_or(Error::UnnamedInstance)?;
            return Ok(instance.as_bytes().to_vec());
        }
        let set = match self.settings()? {
            Some(settings) => settings.variables.get(name).map(Vec::as_slice),
            None => env::get(name.as_bytes()),
        };
        // An empty setting has its default, as ${NAME:-default} in the scripts of 2010.
        if let Some(value) = set.filter(|value| !value.is_empty()) {
            return Ok(value.to_vec());
        }
        let own = self.service.and_then(|service| service.settings.get(name));
        let default = match own {
            Some(own) => Some(own.clone()),
            None => self.default(name)?,
        };
        default.map_or_else(
            || Err(Error::UnknownSetting(name.to_owned())),
            |default| Ok(default.into_bytes()),
        )
    }

    /// The default of a setting; `None` if it has none.
    fn default(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(setting) = self.config.settings.get(name) else {
            return Ok(None);
        };
        let text = |text: &String| {
            let bytes = self.expand(text)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        match setting {
            Setting::Text(text) => Ok(Some(text.clone())),
            Setting::Key(key) => {
                let keys = key
                    .keys
                    .iter()
                    .map(text)
                    .collect::<Result<Vec<_>, Error>>()?;
                let found = found::text_in(&self.expand_path(&key.file)?, &keys)?;
                Ok(Some(found.unwrap_or_else(|| key.default.clone())))
            }
            Setting::Newest(newest) => match found::newest(&newest.newest, &newest.with) {
                Some(version) => Ok(Some(version)),
                None => Err(Error::NoVersion {
                    setting: name.to_owned(),
                    path: newest.newest.clone(),
                }),
            },
        }
    }

    /// The attempts of a gate that has no number of its own; 0 means no limit, and so
    /// does a number below it, as in the scripts of 2010.
    ///
    /// # Errors
    /// [`Error::Attempts`] if `DEFAULT_ATTEMPTS` is no number; as [`Context::settings`].
    pub fn attempts(&self) -> Result<u64, Error> {
        let value = self.value("DEFAULT_ATTEMPTS")?;
        let text = String::from_utf8_lossy(&value);
        attempts(text.trim()).ok_or_else(|| Error::Attempts(text.into_owned()))
    }
}

/// A number of attempts, 0 if it is below that; `None` if the text is no number.
#[must_use]
pub fn attempts(text: &str) -> Option<u64> {
    let number: i128 = text.parse().ok()?;
    number.max(0).try_into().ok()
}

/// The value of a text, which must not be empty.
fn filled(text: &str, value: Vec<u8>) -> Result<Vec<u8>, Error> {
    match value.is_empty() {
        true => Err(Error::Empty(text.to_owned())),
        false => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> Config {
        let settings = [("DIASPORA_HOME", "/app"), ("DEFAULT_ATTEMPTS", "10")];
        let text = |(name, value): (&str, &str)| (name.to_owned(), Setting::Text(value.to_owned()));
        let mut config = Config::default();
        config.settings = settings.map(text).into();
        config
    }

    #[test]
    fn an_unset_or_empty_setting_has_its_default() {
        let config = config();
        let expand = |settings: &str, text: &str| {
            let folder = tempfile::tempdir().expect("a directory");
            let path = folder.path().join("settings");
            std::fs::write(&path, settings).expect("write");
            let file = SettingsFile::new(&path, false);
            let bytes = Context::new(&config, &file).expand(text);
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        for (settings, expanded) in [
            ("", "a/app/b"),
            ("DIASPORA_HOME=\n", "a/app/b"),
            ("DIASPORA_HOME=/srv\n", "a/srv/b"),
        ] {
            let found = expand(settings, "a${DIASPORA_HOME}/b").ok();
            assert_eq!(found.as_deref(), Some(expanded));
        }
        assert!(matches!(
            expand("", "${NO_SUCH}"),
            Err(Error::UnknownSetting(name)) if name == "NO_SUCH"
        ));
        assert!(matches!(
            expand("", "${INSTANCE}"),
            Err(Error::UnnamedInstance)
        ));
        assert!(matches!(
            expand("", "${DIASPORA_HOME"),
            Err(Error::OpenVariable(_))
        ));
    }

    #[test]
    fn attempts_must_be_a_number() {
        let mut config = config();
        let file = SettingsFile::new(Path::new("/nonexistent"), false);
        assert_eq!(Context::new(&config, &file).attempts().ok(), Some(10));
        let many = Setting::Text("many".to_owned());
        config.settings.insert("DEFAULT_ATTEMPTS".to_owned(), many);
        let error = Context::new(&config, &file).attempts();
        let message = error.expect_err("no number").to_string();
        assert_eq!(message, "DEFAULT_ATTEMPTS is no number: \"many\"");
    }
}
