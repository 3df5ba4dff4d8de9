//! The configuration of one service, after every file was laid over the others: types
//! alone, without the form in which they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Location;

/// What a service speaks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Whatever accepts a connection.
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
}

/// How to see that a service is ready. Texts may hold `${NAME}`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What it speaks.
    pub kind: Kind,
    /// Where, see [`Endpoint::parse`](crate::net::Endpoint::parse).
    pub address: String,
    /// Websocket: whether the handshake must succeed.
    pub strict: bool,
    /// Mongo: whether to ask in today's form only.
    pub modern: bool,
    /// Redis and worker: a file whose first line is the password.
    pub password_file: Option<String>,
    /// Postgres: whom to be.
    pub user: String,
    /// Postgres: which database to ask for.
    pub database: String,
    /// Worker: the set of workers.
    pub key: String,
}

/// A directory that must be there before the service starts.
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

/// A log file that the service, not its logger, writes.
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

/// Arguments that go behind those of `exec`, unless a file has a certain line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The file.
    pub file: String,
    /// The line, without the space around it.
    pub line: String,
    /// The arguments.
    pub args: Vec<String>,
}

/// What a service needs, and where that is said.
#[derive(Clone, Debug)]
pub struct Need {
    /// The name, as written: messages repeat it.
    pub name: String,
    /// Where it is written.
    pub location: Location,
}

/// One service. Texts may hold `${NAME}`.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where it is described; the last file that does so.
    pub location: Location,
    /// What it needs, in the order in which it is waited for.
    pub needs: Vec<Need>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Whether there are several, told apart by what follows `_`.
    pub instances: bool,
    /// How to see that it is ready; none for what nobody waits for.
    pub probe: Option<Probe>,
    /// Whether the shell sources the settings for it.
    pub source_settings: bool,
    /// How often its gate tries, 0 for ever; none means `DEFAULT_ATTEMPTS`.
    pub attempts: Option<u64>,
    /// Where to go first.
    pub directory: Option<String>,
    /// What must be there.
    pub directories: Vec<Directory>,
    /// Its log file.
    pub log: Option<LogFile>,
    /// Program and arguments; empty for what is not started here.
    pub exec: Vec<String>,
    /// More arguments, sometimes.
    pub unless: Option<Unless>,
    /// Whom to become.
    pub user: Option<String>,
    /// Which group, if not the user's.
    pub group: Option<String>,
    /// Set in its environment.
    pub env: BTreeMap<String, String>,
}
