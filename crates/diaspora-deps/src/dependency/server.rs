//! A server that can be probed: endpoint and protocol, with every setting of the probe's
//! texts replaced by its value.

use std::path::Path;

use crate::config::{Config, Kind};
use crate::context::Context;
use crate::error::Error;
use crate::net::{self, Endpoint, Limits, Outcome, Url};
use crate::probe::{
    Accepts, Amqp, Dialect, Memcached, Mongo, Mysql, Postgres, Protocol, Smtp, Websocket, Worker,
};
use crate::supervised::Processes;

use super::access::Access;
use super::web;

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
    pub(super) service: &'a str,
}

impl Server {
    /// The server of a probe of this kind.
    ///
    /// # Errors
    /// A setting is missing, an address can't be read, nor can a password file or the
    /// certificates of authorities.
    pub(super) fn new(kind: &Kind, place: &Place) -> Result<Self, Error> {
        let address = place.context.expand(kind.address().unwrap_or_default())?;
        let address = String::from_utf8_lossy(&address);
        let url = Url::parse(&address).filter(|_| matches!(kind, Kind::Http(_)));
        let address = url.as_ref().map_or(&*address, |url| &url.address);
        // A pod says where it listens relative to its own directory.
        let service = place.config.services.get(place.service);
        let directory = service.and_then(|service| service.directory.as_ref());
        let directory = directory.map(|path| place.context.expand_path(path));
        let endpoint = Endpoint::parse_in(address, directory.transpose()?.as_deref())?;
        let protocol = place.protocol(kind, &endpoint, url.as_ref())?;
        Ok(Self { endpoint, protocol })
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn probe(&self, limits: Limits) -> Outcome {
        net::probe(&self.endpoint, &*self.protocol, limits)
    }
}

impl Place<'_> {
    fn protocol(
        &self,
        kind: &Kind,
        endpoint: &Endpoint,
        url: Option<&Url>,
    ) -> Result<Box<dyn Protocol + Send + Sync>, Error> {
        let access = Access {
            config: self.config,
            context: self.context,
        };
        let word = |text: &str| Ok::<_, Error>(self.context.expand_c(text)?.into_bytes());
        Ok(match kind {
            Kind::Redis(redis) => Box::new(access.redis(redis, endpoint)?),
            Kind::Mongo { modern, .. } => Box::new(Mongo {
                dialect: if *modern {
                    Dialect::Modern
                } else {
                    Dialect::Any
                },
            }),
            Kind::Http(http) => Box::new(web::http(http, self.context, endpoint, url)?),
            Kind::Websocket { strict, .. } => Box::new(Websocket { strict: *strict }),
            Kind::Smtp { .. } => Box::new(Smtp),
            Kind::Postgres { user, database, .. } => Box::new(Postgres {
                user: word(user)?,
                database: word(database)?,
            }),
            Kind::Mysql {
                user,
                password_file,
                ..
            } => Box::new(Mysql {
                login: access.mysql(user.as_deref(), password_file.as_deref(), endpoint)?,
            }),
            Kind::Memcached { .. } => Box::new(Memcached),
            Kind::Amqp { .. } => Box::new(Amqp),
            Kind::Worker { redis, key } | Kind::Sidekiq { redis, key } => Box::new(Worker {
                kind: kind.name(),
                redis: access.redis(redis, endpoint)?,
                key: self.context.expand(key)?,
                host: host(),
                alive: Processes::new(self.config, self.service, self.directory),
            }),
            Kind::Tcp { .. }
            | Kind::Unix { .. }
            | Kind::Exec { .. }
            | Kind::File { .. }
            | Kind::Service { .. } => Box::new(Accepts),
        })
    }
}

/// The name of this host.
fn host() -> Vec<u8> {
    let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_ascii_end().to_vec()
}
