//! Reads a probe's kind and the fields of that kind. A field that another kind has is a
//! mistake: it would have no effect.

use toml::Value;

use super::fields::{Fields, Located};
use super::probe::{Kind, Rhythm};
use super::written::{Field, Written};
use crate::error::{Location, Mistake};
use crate::net::{Endpoint, Url};

/// The seconds that a command may take.
const EXEC_SECONDS: u64 = 5;

/// Reads a probe.
///
/// # Errors
/// The first mistake: an unknown kind; a field that the kind does not have; a value of
/// another type; a field that is missing.
pub(super) fn read(written: &Written) -> Result<(Kind, Rhythm), Located> {
    let mut fields = Fields::new(written);
    let kind = match fields.kind()? {
        "tcp" => Kind::Tcp {
            address: fields.address(),
        },
        "unix" => Kind::Unix {
            address: fields.address(),
        },
        "redis" => Kind::Redis(fields.redis()),
        "mongo" => Kind::Mongo {
            address: fields.address(),
            modern: fields.flag("modern"),
        },
        "http" => Kind::Http(fields.http()),
        "websocket" => Kind::Websocket {
            address: fields.address(),
            strict: fields.flag("strict"),
        },
        "smtp" => Kind::Smtp {
            address: fields.address(),
        },
        "postgres" => Kind::Postgres {
            address: fields.address(),
            user: fields.text_or("user", "postgres"),
            database: fields.text_or("database", "postgres"),
        },
        "worker" => Kind::Worker {
            redis: fields.redis(),
            key: fields.text_or("key", "resque:workers"),
        },
        "sidekiq" => Kind::Sidekiq {
            redis: fields.redis(),
            key: fields.text_or("key", "processes"),
        },
        "mysql" => Kind::Mysql {
            address: fields.address(),
            user: fields.text("user"),
            password_file: fields.text("password-file"),
        },
        "memcached" => Kind::Memcached {
            address: fields.address(),
        },
        "amqp" => Kind::Amqp {
            address: fields.address(),
        },
        "exec" => Kind::Exec {
            command: fields.command(),
            timeout: fields.seconds("timeout", EXEC_SECONDS),
        },
        "file" => Kind::File {
            path: fields.needed("path", Mistake::NoPath),
        },
        "service" => Kind::Service {
            directory: fields.text("directory"),
        },
        unknown => {
            let mistake = Mistake::UnknownKind {
                kind: unknown.to_owned(),
                kinds: &Kind::NAMES,
            };
            return Err((fields.location("kind"), mistake));
        }
    };
    let rhythm = fields.rhythm();
    fields.end()?;
    check_address(&kind).map_err(|mistake| (fields.location("address"), mistake))?;
    Ok((kind, rhythm))
}

/// The probe of this kind with `words`: those of its command, its path or its address. All
/// other fields have their defaults.
///
/// # Errors
/// As [`read`], without a place.
pub fn of(kind: &str, words: &[String]) -> Result<Kind, Mistake> {
    let field = |value| Field {
        value,
        location: Location::default(),
        is_inherited: false,
    };
    let text = |word: &String| Value::String(word.clone());
    let (name, value) = match (kind, words) {
        ("exec", words) => ("command", Value::Array(words.iter().map(text).collect())),
        ("file", words) => ("path", text(&words.concat())),
        (_, words) => ("address", text(&words.concat())),
    };
    let kind = Value::String(kind.to_owned());
    let fields = [("kind", kind), (name, value)];
    let written = Written {
        location: Location::default(),
        fields: fields
            .map(|(name, value)| (name.to_owned(), field(value)))
            .into(),
    };
    let read = read(&written).map_err(|(_, mistake)| mistake);
    read.map(|(kind, _)| kind)
}

/// Checks an address as far as it is known before its settings are.
fn check_address(kind: &Kind) -> Result<(), Mistake> {
    let Some(address) = kind.address().filter(|address| !address.contains("${")) else {
        return Ok(());
    };
    let url = Url::parse(address).filter(|_| matches!(kind, Kind::Http(_)));
    let address = url.as_ref().map_or(address, |url| &url.address);
    match (kind, Endpoint::parse(address)?) {
        (Kind::Unix { .. }, Endpoint::Tcp(..)) => Err(Mistake::NotASocketPath),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
