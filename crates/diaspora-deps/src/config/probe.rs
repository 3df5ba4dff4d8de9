//! How to see that a service is ready: the kinds of probes, each with its own fields.

use super::written::Written;

/// How to see that a service is ready.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is asked, and how.
    pub kind: Kind,
    /// Whether all of it is built in. Then supervise is asked instead where the service
    /// is supervised here and says itself when it is ready.
    pub is_built_in: bool,
    /// The fields as written, for the next file.
    pub(super) written: Written,
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
    Http {
        /// Its address.
        address: String,
    },
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
    /// A service that is supervised here, as its supervise knows it.
    Service {
        /// Its directory, relative to the scan directory; without it, the one that is
        /// called as the service.
        directory: Option<String>,
    },
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
}

impl Kind {
    /// The names of all kinds.
    pub const NAMES: [&str; 10] = [
        "tcp",
        "unix",
        "redis",
        "mongo",
        "http",
        "websocket",
        "smtp",
        "postgres",
        "worker",
        "service",
    ];

    /// The address of a server.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Tcp { address }
            | Self::Unix { address }
            | Self::Mongo { address, .. }
            | Self::Http { address }
            | Self::Websocket { address, .. }
            | Self::Smtp { address }
            | Self::Postgres { address, .. } => Some(address),
            Self::Redis(redis) | Self::Worker { redis, .. } => Some(&redis.address),
            Self::Service { .. } => None,
        }
    }

    /// Whether the address is that of the service itself, so that no other service can
    /// have it. That of a worker is its redis's.
    #[must_use]
    pub const fn listens(&self) -> bool {
        !matches!(self, Self::Worker { .. } | Self::Service { .. })
    }
}
