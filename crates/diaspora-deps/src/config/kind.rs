//! Reads a probe's kind and the fields of that kind. A field that another kind has is a
//! mistake: it would have no effect.

use toml::Value;

use super::probe::{Kind, Redis};
use super::written::{Field, Written};
use crate::error::{Location, Mistake};
use crate::net::Endpoint;

/// A mistake and the line where it stands.
type Located = (Location, Mistake);

/// Reads a probe.
///
/// # Errors
/// The first mistake: an unknown kind; a field that the kind does not have; a value of
/// another type; a field that is missing.
pub(super) fn read(written: &Written) -> Result<Kind, Located> {
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
        "http" => Kind::Http {
            address: fields.address(),
        },
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
    fields.end()?;
    check_address(&kind).map_err(|mistake| (fields.location("address"), mistake))?;
    Ok(kind)
}

/// Checks an address as far as it is known before its settings are.
fn check_address(kind: &Kind) -> Result<(), Mistake> {
    let Some(address) = kind.address().filter(|address| !address.contains("${")) else {
        return Ok(());
    };
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

    fn address(&mut self) -> String {
        self.text("address")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| {
                self.missing.get_or_insert(Mistake::NoAddress);
                String::new()
            })
    }

    fn redis(&mut self) -> Redis {
        let redis = Redis {
            address: self.address(),
            user: self.text("user"),
            password_file: self.text("password-file"),
        };
        if redis.user.is_some() && redis.password_file.is_none() {
            self.missing.get_or_insert(Mistake::UserWithoutPassword);
        }
        redis
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
