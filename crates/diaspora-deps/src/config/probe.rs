//! How to see that a service is ready: the kinds of probes, each with its own fields.

use std::time::Duration;

use super::written::Written;
use crate::probe::Status;

/// How to see that a service is ready.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is asked, and how.
    pub kind: Kind,
    /// How often it is asked.
    pub rhythm: Rhythm,
    /// Whether all of it is built in. Then supervise is asked instead where the service
    /// is supervised here and says itself when it is ready.
    pub is_built_in: bool,
    /// The fields as written, for the next file.
    pub(super) written: Written,
}

/// How often a gate probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The probes in a row that must find it ready, 1 or more: a server that is there for
    /// its own initialisation alone answers once and goes.
    pub successes: u32,
    /// The time between two probes; without it, that of the gate.
    pub interval: Option<Duration>,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            successes: 1,
            interval: None,
        }
    }
}

/// The kind of a probe with its fields. Texts may hold `${NAME}`. An address is one of
/// [`Endpoint::parse`](crate::net::Endpoint::parse).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any server that accepts a connection.
    Tcp {
        /// Its address.
        address: String,
    },
    /// A unix socket that accepts a connection.
    Unix {
        /// Its path.
        address: String,
    },
    /// Redis.
    Redis(Redis),
    /// MongoDB.
    Mongo {
        /// Its address.
        address: String,
        /// Whether to use the present form of the request only.
        modern: bool,
    },
    /// A web server.
    Http(Http),
    /// A websocket server.
    Websocket {
        /// Its address.
        address: String,
        /// Whether the handshake must succeed.
        strict: bool,
    },
    /// A mail server.
    Smtp {
        /// Its address.
        address: String,
    },
    /// PostgreSQL.
    Postgres {
        /// Its address.
        address: String,
        /// The user of the session.
        user: String,
        /// The database of the session.
        database: String,
    },
    /// A resque worker, as its redis knows it.
    Worker {
        /// Its redis.
        redis: Redis,
        /// The key of the set of workers in redis.
        key: String,
    },
    /// A sidekiq, as its redis knows it.
    Sidekiq {
        /// Its redis.
        redis: Redis,
        /// The key of the set of processes in redis.
        key: String,
    },
    /// MySQL or MariaDB.
    Mysql {
        /// Its address.
        address: String,
        /// The user to log in as. Without one it is the user of this process over a unix
        /// socket, which a server takes by that, and a name of no account over TCP.
        user: Option<String>,
        /// A file whose first line is the password.
        password_file: Option<String>,
    },
    /// Memcached.
    Memcached {
        /// Its address.
        address: String,
    },
    /// A message broker that speaks AMQP, such as RabbitMQ.
    Amqp {
        /// Its address.
        address: String,
    },
    /// A command, which succeeds.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
        /// The seconds that it may take.
        timeout: u64,
    },
    /// A file, which has something in it.
    File {
        /// Its path.
        path: String,
    },
    /// A service that is supervised here, as its supervise knows it.
    Service {
        /// Its directory, relative to the scan directory; without it, the one that is
        /// called as the service.
        directory: Option<String>,
    },
}

/// A web server and what to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Its address, or a URL.
    pub address: String,
    /// The path with its query. Without path, host and statuses an incomplete request is
    /// sent, which any web server answers, and which reaches no application.
    pub path: Option<String>,
    /// The name of the site: the one to ask for, and that of the certificate.
    pub host: Option<String>,
    /// The statuses that are ready; the usual ones if it is empty.
    pub statuses: Vec<Status>,
    /// How the connection is made secure.
    pub tls: Option<Tls>,
}

/// TLS: whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file with the certificates of authorities, instead of the system's.
    pub ca_file: Option<String>,
    /// Whether every certificate is taken.
    pub is_insecure: bool,
}

/// A redis and how to log in to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redis {
    /// Its address.
    pub address: String,
    /// The user to log in as, if not the default one.
    pub user: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<String>,
    /// How the connection is made secure.
    pub tls: Option<Tls>,
}

impl Kind {
    /// The names of all kinds.
    pub const NAMES: [&str; 16] = [
        "tcp",
        "unix",
        "redis",
        "mongo",
        "http",
        "websocket",
        "smtp",
        "postgres",
        "mysql",
        "memcached",
        "amqp",
        "worker",
        "sidekiq",
        "exec",
        "file",
        "service",
    ];

    /// Its name, one of [`Kind::NAMES`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tcp { .. } => "tcp",
            Self::Unix { .. } => "unix",
            Self::Redis(_) => "redis",
            Self::Mongo { .. } => "mongo",
            Self::Http(_) => "http",
            Self::Websocket { .. } => "websocket",
            Self::Smtp { .. } => "smtp",
            Self::Postgres { .. } => "postgres",
            Self::Mysql { .. } => "mysql",
            Self::Memcached { .. } => "memcached",
            Self::Amqp { .. } => "amqp",
            Self::Worker { .. } => "worker",
            Self::Sidekiq { .. } => "sidekiq",
            Self::Exec { .. } => "exec",
            Self::File { .. } => "file",
            Self::Service { .. } => "service",
        }
    }

    /// The address of a server.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Tcp { address }
            | Self::Unix { address }
            | Self::Mongo { address, .. }
            | Self::Mysql { address, .. }
            | Self::Memcached { address }
            | Self::Amqp { address }
            | Self::Websocket { address, .. }
            | Self::Smtp { address }
            | Self::Postgres { address, .. } => Some(address),
            Self::Http(http) => Some(&http.address),
            Self::Redis(redis) | Self::Worker { redis, .. } | Self::Sidekiq { redis, .. } => {
                Some(&redis.address)
            }
            Self::Exec { .. } | Self::File { .. } | Self::Service { .. } => None,
        }
    }

    /// Whether the address is that of the service itself, so that no other service can
    /// have it. That of a worker is its redis's.
    #[must_use]
    pub const fn listens(&self) -> bool {
        !matches!(self, Self::Worker { .. } | Self::Sidekiq { .. })
    }
}
