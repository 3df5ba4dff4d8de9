//! The default of a setting, as `[settings]` has it: types alone.

use crate::error::Location;

/// The value of a setting that neither the settings file nor the environment sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// This text.
    Text(String),
    /// What a TOML file says.
    Key(Key),
    /// The newest of several versions.
    Newest(Newest),
}

/// A key of a TOML file. Texts may hold `${NAME}` of settings that are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The file, which need not exist.
    pub file: String,
    /// Keys with dots, of which the first that is there counts.
    pub keys: Vec<String>,
    /// The value if none of them is there.
    pub default: String,
    /// Where the setting is written.
    pub location: Location,
}

/// What `*` stands for in a path. Of several, the highest version counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The path with one `*`, which must exist.
    pub newest: String,
    /// Paths with one `*`. A version for which one of them exists goes before all others.
    pub with: Vec<String>,
}
