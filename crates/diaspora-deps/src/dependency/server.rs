//! A server that can be probed: endpoint and protocol, with every setting of the probe's
//! texts replaced by its value.

use std::path::Path;

use daemontools::unix::account;

use crate::config::{self, Config, Kind};
use crate::context::Context;
use crate::error::{Error, FileError};
use crate::name::Name;
use crate::net::{self, Endpoint, Limits, Outcome};
use crate::probe::{
    Accepts, Dialect, Http, Login, Mongo, Postgres, Protocol, Redis, Smtp, Websocket, Worker,
};
use crate::read;
use crate::supervised::Processes;

/// A server that can be probed.
pub(super) struct Server {
    endpoint: Endpoint,
    protocol: Box<dyn Protocol + Send + Sync>,
}

/// Where a probe is: what its texts and its service's processes depend on.
pub(super) struct Place<'a> {
    pub(super) config: &'a Config,
    /// The settings, with the instance of the service.
    pub(super) context: &'a Context<'a>,
    /// The scan directory.
    pub(super) directory: &'a Path,
    /// The service that is probed.
    pub(super) name: &'a Name,
}

impl Server {
    /// The server of a probe of this kind.
    ///
    /// # Errors
    /// A setting is missing, an address can't be read, nor can a password file.
    pub(super) fn new(kind: &Kind, place: &Place) -> Result<Self, Error> {
        let address = place.context.expand(kind.address().unwrap_or_default())?;
        let service = &place.config.services[&place.name.service];
        let directory = service.directory.as_ref();
        let directory = directory.map(|path| place.context.expand_path(path));
        let directory = directory.transpose()?;
        let address = String::from_utf8_lossy(&address);
        Ok(Self {
            endpoint: Endpoint::parse_in(&address, directory.as_deref())?,
            protocol: place.protocol(kind)?,
        })
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn probe(&self) -> Outcome {
        net::probe(&self.endpoint, &*self.protocol, Limits::default())
    }
}

impl Place<'_> {
    fn protocol(&self, kind: &Kind) -> Result<Box<dyn Protocol + Send + Sync>, Error> {
        Ok(match kind {
            Kind::Tcp { .. } | Kind::Unix { .. } | Kind::Service { .. } => Box::new(Accepts),
            Kind::Redis(redis) => Box::new(Redis {
                login: self.login(redis)?,
            }),
            Kind::Mongo { modern, .. } => Box::new(Mongo {
                dialect: if *modern {
                    Dialect::Modern
                } else {
                    Dialect::Any
                },
            }),
            Kind::Http { .. } => Box::new(Http),
            Kind::Websocket { strict, .. } => Box::new(Websocket { strict: *strict }),
            Kind::Smtp { .. } => Box::new(Smtp),
            Kind::Postgres { user, database, .. } => Box::new(Postgres {
                user: self.word(user)?,
                database: self.word(database)?,
            }),
            Kind::Worker { redis, key } => Box::new(Worker {
                login: self.login(redis)?,
                key: self.context.expand(key)?,
                host: host(),
                alive: Processes::new(self.config, &self.name.service, self.directory),
            }),
        })
    }

    /// A text that a protocol ends with a NUL.
    fn word(&self, text: &str) -> Result<Vec<u8>, Error> {
        Ok(self.context.expand_c(text)?.into_bytes())
    }

    /// How to log in to a redis; `None` if it needs no password.
    fn login(&self, redis: &config::Redis) -> Result<Option<Login>, Error> {
        let Some(file) = &redis.password_file else {
            return Ok(None);
        };
        let user = redis.user.as_deref();
        Ok(Some(Login {
            user: user.map(|user| self.context.expand(user)).transpose()?,
            password: self.password(file)?,
            servers: self.redis_users()?,
        }))
    }

    /// The first line of a password file.
    fn password(&self, file: &str) -> Result<Vec<u8>, Error> {
        let file = self.context.expand_path(file)?;
        let bytes = read::regular(&file).map_err(|error| Error::Read {
            file,
            cause: FileError::System(error),
        })?;
        let mut lines = bytes.split(|&byte| byte == b'\n');
        Ok(lines.next().unwrap_or_default().to_vec())
    }

    /// The users that a redis may run as: this process's, and that of each redis that is
    /// described.
    fn redis_users(&self) -> Result<Vec<u32>, Error> {
        let mut users = vec![account::own_user()];
        for service in self.config.services.values() {
            let probe = service.probe.as_ref();
            let is_redis = probe.is_some_and(|probe| matches!(probe.kind, Kind::Redis(_)));
            if is_redis && let Some(user) = &service.user {
                let account = account::find(&self.context.expand_c(user)?);
                users.extend(account.map(|account| account.uid));
            }
        }
        Ok(users)
    }
}

/// The name of this host.
fn host() -> Vec<u8> {
    let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_ascii_end().to_vec()
}
