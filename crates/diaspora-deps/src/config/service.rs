//! The configuration of one service, after every file was laid over the others: types
//! alone, without the form in which they are written.

use std::collections::BTreeMap;

use super::own::Own;
use super::probe::Probe;
use crate::error::Location;

/// A directory that is made before the service starts, if it does not exist.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Its path.
    pub path: String,
    /// Its owner.
    pub user: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Its mode, octal.
    pub mode: Option<String>,
}

/// A log file that the program itself writes.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Its path.
    pub file: String,
    /// Its owner.
    pub user: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Its mode, octal.
    pub mode: Option<String>,
}

/// Arguments after those of `exec`, unless a file has a certain line.
#[derive(Clone, Debug)]
pub struct Unless {
    /// The file.
    pub file: String,
    /// The line, without the white space around it.
    pub line: String,
    /// The arguments.
    pub args: Vec<String>,
}

/// A service that another one needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// The name as written: messages repeat it.
    pub name: String,
    /// Where it is written.
    pub location: Location,
}

/// Another name of a service.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// Where it is written.
    pub location: Location,
}

/// One service. Texts may hold `${NAME}`.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where it is described, in the last file that does so.
    pub location: Location,
    /// The services that it needs, in the order in which its gate waits for them.
    pub needs: Vec<Need>,
    /// Other names.
    pub aliases: Vec<Alias>,
    /// Whether it has instances, told apart by the text after the last `_`.
    pub instances: bool,
    /// How to see that it is ready; without one nobody can wait for it.
    pub probe: Option<Probe>,
    /// Whether the settings file is sourced for it.
    pub source_settings: bool,
    /// The attempts of its gate, 0 for no limit; `DEFAULT_ATTEMPTS` without it.
    pub attempts: Option<u64>,
    /// Its working directory.
    pub directory: Option<String>,
    /// The directories to make.
    pub directories: Vec<Directory>,
    /// The log file to make.
    pub log: Option<LogFile>,
    /// Program and arguments; empty for a service that is not started here.
    pub exec: Vec<String>,
    /// More arguments.
    pub unless: Option<Unless>,
    /// The user to run as.
    pub user: Option<String>,
    /// The group to run as, if not the user's.
    pub group: Option<String>,
    /// Defaults of settings that hold for this service alone.
    pub settings: BTreeMap<String, String>,
    /// Variables to set in its environment.
    pub env: BTreeMap<String, String>,
    /// Whether the plain forms of `diaspora_svc` mean it.
    pub own: Own,
}
