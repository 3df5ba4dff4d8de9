//! Logging in to a server: passwords from their files, and the users that may have them.

use daemontools::unix::account;

use crate::config::{self, Config, Kind};
use crate::context::Context;
use crate::error::{Error, FileError};
use crate::net::Endpoint;
use crate::probe::{Login, MysqlLogin, Redis};
use crate::read;

use super::web;

/// A user that no MySQL has. The server then writes who it was that asked.
const NOBODY: &str = "diaspora-deps";

/// What a login depends on.
pub(super) struct Access<'a> {
    pub(super) config: &'a Config,
    pub(super) context: &'a Context<'a>,
}

impl Access<'_> {
    pub(super) fn redis(&self, redis: &config::Redis, endpoint: &Endpoint) -> Result<Redis, Error> {
        let tls = redis.tls.as_ref();
        Ok(Redis {
            login: self.redis_login(redis)?,
            tls: tls
                .map(|tls| web::tls(tls, self.context, web::host(endpoint)))
                .transpose()?,
        })
    }

    fn redis_login(&self, redis: &config::Redis) -> Result<Option<Login>, Error> {
        let Some(file) = &redis.password_file else {
            return Ok(None);
        };
        let user = redis.user.as_deref();
        Ok(Some(Login {
            user: user.map(|user| self.context.expand(user)).transpose()?,
            password: self.password(file)?,
            servers: self.users(|kind| matches!(kind, Kind::Redis(_)))?,
        }))
    }

    pub(super) fn mysql(
        &self,
        user: Option<&str>,
        password_file: Option<&str>,
        endpoint: &Endpoint,
    ) -> Result<MysqlLogin, Error> {
        let user = match (user, endpoint) {
            (Some(user), _) => self.context.expand_c(user)?.into_bytes(),
            (None, Endpoint::Unix(_)) => account::own_name().unwrap_or_default().into_bytes(),
            (None, Endpoint::Tcp(..)) => NOBODY.as_bytes().to_vec(),
        };
        Ok(MysqlLogin {
            user,
            password: password_file.map(|file| self.password(file)).transpose()?,
            servers: self.users(|kind| matches!(kind, Kind::Mysql { .. }))?,
        })
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

    /// The users that a server of these kinds may run as: this process's, and that of each
    /// such service that is described.
    fn users(&self, is_of_kind: impl Fn(&Kind) -> bool) -> Result<Vec<u32>, Error> {
        let mut users = vec![account::own_user()];
        for service in self.config.services.values() {
            let probe = service.probe.as_ref();
            if probe.is_some_and(|probe| is_of_kind(&probe.kind))
                && let Some(user) = &service.user
            {
                let account = account::find(&self.context.expand_c(user)?);
                users.extend(account.map(|account| account.uid));
            }
        }
        Ok(users)
    }
}
