//! The configuration of one service, after every file was laid over the others: types
//! alone, without the form in which they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::own::Own;
use crate::error::Location;

/// The protocol of a probe.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any server that accepts a connection.
    Tcp,
    /// A unix socket that accepts a connection.
    Unix,
    /// Redis.
    Redis,
    /// MongoDB.
    Mongo,
    /// A web server.
    Http,
    /// A websocket server.
    Websocket,
    /// A mail server.
    Smtp,
    /// PostgreSQL.
    Postgres,
    /// A resque worker, as its redis knows it.
    Worker,
    /// A service that is supervised here, as its supervise knows it.
    Service,
}

/// How to see that a service is ready. Texts may hold `${NAME}`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The protocol.
    pub kind: Kind,
    /// Whether all of it is built in. Then supervise is asked instead where the service
    /// is supervised here and says itself when it is ready.
    pub is_built_in: bool,
    /// The address, see [`Endpoint::parse`](crate::net::Endpoint::parse); empty for a
    /// service.
    pub address: String,
    /// Websocket: whether the handshake must succeed.
    pub strict: bool,
    /// Mongo: whether to use the present form of the request only.
    pub modern: bool,
    /// Redis: a file whose first line is the password.
    pub password_file: Option<String>,
    /// Postgres: the user of the session.
    pub user: String,
    /// Postgres: the database of the session.
    pub database: String,
    /// Worker: the key of the set of workers in redis.
    pub key: String,
    /// Service: its directory, relative to the scan directory; without it, the one that
    /// is called as the service.
    pub directory: Option<String>,
}

/// A directory that is made before the service starts, if it does not exist.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub aliases: Vec<String>,
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
