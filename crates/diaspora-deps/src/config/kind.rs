//! Reads a probe's kind and the fields of that kind. A field that another kind has is a
//! mistake: it would have no effect.

use std::time::Duration;

use toml::Value;

use super::probe::{Http, Kind, Redis, Rhythm, Tls};
use super::written::{Field, Written};
use crate::error::{Location, Mistake};
use crate::net::{Endpoint, Url};
use crate::probe::Status;

/// The seconds that a command may take.
const EXEC_SECONDS: u64 = 5;
/// More seconds than an attempt should take.
const SECONDS_MAX: i64 = 3600;

/// More successes in a row than anybody waits for.
const SUCCESSES_MAX: u32 = 1000;
const INTERVAL_MIN: Duration = Duration::from_millis(10);
const INTERVAL_MAX: Duration = Duration::from_secs(3600);

/// A mistake and the line where it stands.
type Located = (Location, Mistake);

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

/// The written fields, while those of one kind are taken out of them. The first value that
/// can't be taken is remembered.
struct Fields<'a> {
    written: &'a Written,
    /// The fields that the kind has.
    names: Vec<&'static str>,
    wrong: Option<Located>,
    missing: Option<Mistake>,
}

impl<'a> Fields<'a> {
    const fn new(written: &'a Written) -> Self {
        Self {
            written,
            names: Vec::new(),
            wrong: None,
            missing: None,
        }
    }

    fn kind(&self) -> Result<&'a str, Located> {
        match self.written.fields.get("kind") {
            None => Err((self.written.location.clone(), Mistake::NoKind)),
            Some(field) => field
                .value
                .as_str()
                .ok_or_else(|| wrong("kind", field, "a text")),
        }
    }

    /// Where a field stands, or the probe if it does not have that field.
    fn location(&self, name: &str) -> Location {
        let field = self.written.fields.get(name);
        let location = field.map_or(&self.written.location, |field| &field.location);
        location.clone()
    }

    /// The value of a field that the kind has.
    fn take<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.names.push(name);
        let field = self.written.fields.get(name)?;
        let value = read(&field.value);
        if value.is_none() {
            self.wrong.get_or_insert_with(|| wrong(name, field, wanted));
        }
        value
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn text_or(&mut self, name: &'static str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    fn flag(&mut self, name: &'static str) -> bool {
        let flag = self.take(name, "true or false", Value::as_bool);
        flag.unwrap_or(false)
    }

    /// A text that must be there.
    fn needed(&mut self, name: &'static str, missing: Mistake) -> String {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| {
            self.missing.get_or_insert(missing);
            String::new()
        })
    }

    fn address(&mut self) -> String {
        self.needed("address", Mistake::NoAddress)
    }

    fn command(&mut self) -> Vec<String> {
        let words = self.take("command", "a list of texts", |value| {
            let words = value.as_array()?.iter();
            words.map(|word| word.as_str().map(str::to_owned)).collect()
        });
        let words: Vec<String> = words.unwrap_or_default();
        if words.first().is_none_or(String::is_empty) {
            self.missing.get_or_insert(Mistake::NoCommand);
        }
        words
    }

    fn seconds(&mut self, name: &'static str, default: u64) -> u64 {
        let seconds = self.take(name, "whole seconds from 1 to 3600", |value| {
            let seconds = value.as_integer()?;
            let is_fine = (1..=SECONDS_MAX).contains(&seconds);
            is_fine.then(|| u64::try_from(seconds).ok())?
        });
        seconds.unwrap_or(default)
    }

    /// The fields that each kind has.
    fn rhythm(&mut self) -> Rhythm {
        let successes = self.take("successes", "a number from 1 to 1000", |value| {
            let successes = u32::try_from(value.as_integer()?).ok()?;
            (1..=SUCCESSES_MAX)
                .contains(&successes)
                .then_some(successes)
        });
        let interval = self.take("interval", "seconds from 0.01 to 3600", |value| {
            let whole = value
                .as_integer()
                .and_then(|whole| i32::try_from(whole).ok());
            let seconds = value.as_float().or(whole.map(f64::from))?;
            let interval = Duration::try_from_secs_f64(seconds).ok()?;
            (INTERVAL_MIN..=INTERVAL_MAX)
                .contains(&interval)
                .then_some(interval)
        });
        Rhythm {
            successes: successes.unwrap_or(1),
            interval,
        }
    }

    fn redis(&mut self) -> Redis {
        let redis = Redis {
            address: self.address(),
            user: self.text("user"),
            password_file: self.text("password-file"),
            tls: self.tls(),
        };
        if redis.user.is_some() && redis.password_file.is_none() {
            self.missing.get_or_insert(Mistake::UserWithoutPassword);
        }
        redis
    }

    fn http(&mut self) -> Http {
        let address = self.address();
        let (path, host) = (self.text("path"), self.text("host"));
        let statuses = self.take("status", "\"200\", \"2xx\" or a list of these", |value| {
            let texts = match value.as_array() {
                Some(values) => values.as_slice(),
                None => std::slice::from_ref(value),
            };
            let statuses = texts.iter().map(|text| Status::parse(text.as_str()?));
            statuses
                .collect::<Option<Vec<_>>>()
                .filter(|all| !all.is_empty())
        });
        Http {
            statuses: statuses.unwrap_or_default(),
            tls: self.tls(),
            address,
            path,
            host,
        }
    }

    /// TLS, which is on if any of its fields is set.
    fn tls(&mut self) -> Option<Tls> {
        let is_on = self.flag("tls");
        let ca_file = self.text("ca-file");
        let is_insecure = self.flag("insecure");
        (is_on || ca_file.is_some() || is_insecure).then_some(Tls {
            ca_file,
            is_insecure,
        })
    }

    /// Fails if a field is left that the kind does not have, or the value of one could not
    /// be taken. What an earlier file has written for another kind does not matter.
    fn end(&self) -> Result<(), Located> {
        let foreign = |name: &str| name != "kind" && !self.names.contains(&name);
        let mut written = self.written.fields.iter();
        if let Some((name, field)) =
            written.find(|(name, field)| foreign(name) && !field.is_inherited)
        {
            let mistake = Mistake::ForeignField {
                kind: self.kind()?.to_owned(),
                field: name.clone(),
                fields: self.names.clone(),
            };
            return Err((field.location.clone(), mistake));
        }
        if let Some(wrong) = self.wrong.clone() {
            return Err(wrong);
        }
        match self.missing.clone() {
            Some(mistake) => Err((self.written.location.clone(), mistake)),
            None => Ok(()),
        }
    }
}

fn wrong(name: &'static str, field: &Field, wanted: &'static str) -> Located {
    let mistake = Mistake::FieldType {
        field: name.to_owned(),
        wanted,
    };
    (field.location.clone(), mistake)
}

#[cfg(test)]
mod tests;
