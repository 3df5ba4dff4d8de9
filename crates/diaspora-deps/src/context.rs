//! What the config's `${NAME}` stand for, and the environment that goes with it.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use daemontools::unix::env;

use crate::Failure;
use crate::config::Config;
use crate::name::Name;
use crate::settings::{self, Settings};

/// Where the program looks.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The operator's config.
    pub services: PathBuf,
    /// The settings, a shell file.
    pub settings: PathBuf,
    /// The scan directory.
    pub directory: PathBuf,
}

impl Paths {
    /// The paths of an installed system, or those that the environment names.
    #[must_use]
    pub fn from_environment() -> Self {
        let place = |name: &[u8], default: &str| {
            env::get(name).map_or_else(|| PathBuf::from(default), |value| path(value.to_vec()))
        };
        Self {
            services: place(
                b"DIASPORA_DEPS_SERVICES",
                "/etc/diaspora-deps/services.toml",
            ),
            settings: place(b"DIASPORA_DEPS_SETTINGS", "/etc/default/diaspora"),
            directory: place(b"DIASPORA_DEPS_DIR", "/etc/service"),
        }
    }
}

/// The settings of one service.
#[derive(Debug)]
pub struct Context<'a> {
    config: &'a Config,
    settings: Option<&'a Settings>,
    instance: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// Settings as the environment has them, or as the shell handed them over.
    #[must_use]
    pub const fn new(config: &'a Config, settings: Option<&'a Settings>) -> Self {
        Self {
            config,
            settings,
            instance: None,
        }
    }

    /// The same for one name.
    #[must_use]
    pub fn of(&self, name: &'a Name) -> Self {
        Self {
            instance: name.instance.as_deref(),
            ..*self
        }
    }

    /// Replaces every `${NAME}`.
    ///
    /// # Errors
    /// Says which is no setting.
    pub fn expand(&self, text: &str) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            let Some((name, tail)) = after[2..].split_once('}') else {
                return Err(format!("\"{text}\" has a ${{ without its }}"));
            };
            out.extend_from_slice(before.as_bytes());
            out.extend_from_slice(&self.value(name)?);
            rest = tail;
        }
        out.extend_from_slice(rest.as_bytes());
        Ok(out)
    }

    /// Replaces every `${NAME}` in a path.
    ///
    /// # Errors
    /// Says which is no setting.
    pub fn expand_path(&self, text: &str) -> Result<PathBuf, String> {
        self.expand(text).map(path)
    }

    /// Replaces every `${NAME}` in what the system wants as a C string.
    ///
    /// # Errors
    /// Says which is no setting, or holds a NUL.
    pub fn expand_c(&self, text: &str) -> Result<CString, String> {
        let bytes = self.expand(text)?;
        CString::new(bytes).map_err(|_| format!("\"{text}\" holds a NUL"))
    }

    fn value(&self, name: &str) -> Result<Vec<u8>, String> {
        if name == "INSTANCE" {
            return self
                .instance
                .map(|text| text.as_bytes().to_vec())
                .ok_or_else(|| {
                    "the service has instances, and none is named: call its directory NAME_0, say"
                        .to_owned()
                });
        }
        let set = match self.settings {
            Some(settings) => settings.variables.get(name).map(Vec::as_slice),
            None => env::get(name.as_bytes()),
        };
        // An empty setting is none: the scripts of old had ${NAME:-default}.
        match set.filter(|value| !value.is_empty()) {
            Some(value) => Ok(value.to_vec()),
            None => match self.config.settings.get(name) {
                Some(default) => Ok(default.as_bytes().to_vec()),
                None => Err(format!(
                    "${{{name}}} is no setting: give it a default under [settings]"
                )),
            },
        }
    }

    /// How often a gate tries; 0 means for ever.
    ///
    /// # Errors
    /// Says that `DEFAULT_ATTEMPTS` is no number.
    pub fn attempts(&self) -> Result<u64, String> {
        let value = self.value("DEFAULT_ATTEMPTS")?;
        let text = String::from_utf8_lossy(&value);
        text.trim()
            .parse()
            .map_err(|_| format!("DEFAULT_ATTEMPTS is no number: \"{text}\""))
    }
}

/// Sources the settings, and asks for all that the config knows.
///
/// # Errors
/// See [`settings::source`].
pub fn source(config: &Config, file: &Path) -> Result<Option<Settings>, Failure> {
    let names: Vec<&str> = config.settings.keys().map(String::as_str).collect();
    settings::source(file, &names, settings::PATIENCE)
}

/// The environment of the service: what was inherited, in its order, with what the
/// settings file exported or unset, and with what the config says.
#[must_use]
pub fn environment(
    inherited: &[&[u8]],
    settings: Option<&Settings>,
    set: &BTreeMap<String, Vec<u8>>,
) -> Vec<Vec<u8>> {
    // What a shell changes by being there.
    const SHELLS_OWN: [&[u8]; 4] = [b"_", b"SHLVL", b"PWD", b"OLDPWD"];
    let mut entries: Vec<Vec<u8>> = inherited.iter().map(|entry| entry.to_vec()).collect();
    if let Some(settings) = settings {
        let shells_own = |name: &[u8]| SHELLS_OWN.contains(&name);
        entries.retain(|entry| match env::split(entry) {
            Some((name, _)) => shells_own(name) || has(&settings.exported, name),
            None => true,
        });
        for entry in &settings.exported {
            if let Some((name, value)) = env::split(entry)
                && !shells_own(name)
            {
                put(&mut entries, name, value);
            }
        }
    }
    for (name, value) in set {
        put(&mut entries, name.as_bytes(), value);
    }
    entries
}

fn is(entry: &[u8], name: &[u8]) -> bool {
    env::split(entry).is_some_and(|(found, _)| found == name)
}

fn has(entries: &[Vec<u8>], name: &[u8]) -> bool {
    entries.iter().any(|entry| is(entry, name))
}

fn put(entries: &mut Vec<Vec<u8>>, name: &[u8], value: &[u8]) {
    let new = [name, b"=", value].concat();
    match entries.iter_mut().find(|entry| is(entry, name)) {
        Some(entry) => *entry = new,
        None => entries.push(new),
    }
}

fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            settings: [("DIASPORA_HOME", "/app"), ("DEFAULT_ATTEMPTS", "10")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Config::default()
        }
    }

    #[test]
    fn settings_have_defaults_and_an_empty_one_is_none() {
        let config = config();
        let mut settings = Settings::default();
        let expand = |settings: &Settings, text: &str| {
            let bytes = Context::new(&config, Some(settings)).expand(text);
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        assert_eq!(
            expand(&settings, "a${DIASPORA_HOME}/b").as_deref(),
            Ok("a/app/b")
        );
        settings
            .variables
            .insert("DIASPORA_HOME".to_owned(), b"".to_vec());
        assert_eq!(expand(&settings, "${DIASPORA_HOME}").as_deref(), Ok("/app"));
        settings
            .variables
            .insert("DIASPORA_HOME".to_owned(), b"/srv".to_vec());
        assert_eq!(expand(&settings, "${DIASPORA_HOME}").as_deref(), Ok("/srv"));
        for wrong in ["${NO_SUCH}", "${INSTANCE}", "${DIASPORA_HOME"] {
            assert!(expand(&settings, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_environment_keeps_its_order_and_what_is_no_variable() {
        let settings = Settings {
            exported: [&b"A=new"[..], b"C=3", b"SHLVL=9", b"D=4", b"_=x"]
                .map(<[u8]>::to_vec)
                .into(),
            ..Settings::default()
        };
        let set = BTreeMap::from([("C".to_owned(), b"config".to_vec())]);
        let inherited = [&b"junk"[..], b"A=1", b"B=unset", b"C=2", b"SHLVL=1"];
        let after = environment(&inherited, Some(&settings), &set);
        let expected = [&b"junk"[..], b"A=new", b"C=config", b"SHLVL=1", b"D=4"];
        assert_eq!(after, expected.map(<[u8]>::to_vec));
    }
}
