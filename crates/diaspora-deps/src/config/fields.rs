//! The fields of a probe, taken out of what is written while it is seen which of them the
//! kind has.

use std::time::Duration;

use toml::Value;

use super::probe::{Http, Redis, Rhythm, Tls};
use super::written::{Field, Written};
use crate::error::{Location, Mistake};
use crate::probe::Status;

/// More seconds than an attempt should take.
const SECONDS_MAX: i64 = 3600;

/// More successes in a row than anybody waits for.
const SUCCESSES_MAX: u32 = 1000;
const INTERVAL_MIN: Duration = Duration::from_millis(10);
const INTERVAL_MAX: Duration = Duration::from_secs(3600);

/// A mistake and the line where it stands.
pub(super) type Located = (Location, Mistake);

/// The written fields, while those of one kind are taken out of them. The first value that
/// can't be taken is remembered.
pub(super) struct Fields<'a> {
    written: &'a Written,
    /// The fields that the kind has.
    names: Vec<&'static str>,
    wrong: Option<Located>,
    missing: Option<Mistake>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(written: &'a Written) -> Self {
        Self {
            written,
            names: Vec::new(),
            wrong: None,
            missing: None,
        }
    }

    pub(super) fn kind(&self) -> Result<&'a str, Located> {
        match self.written.fields.get("kind") {
            None => Err((self.written.location.clone(), Mistake::NoKind)),
            Some(field) => field
                .value
                .as_str()
                .ok_or_else(|| wrong("kind", field, "a text")),
        }
    }

    /// Where a field stands, or the probe if it does not have that field.
    pub(super) fn location(&self, name: &str) -> Location {
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

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn text_or(&mut self, name: &'static str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        let flag = self.take(name, "true or false", Value::as_bool);
        flag.unwrap_or(false)
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, name: &'static str, missing: Mistake) -> String {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| {
            self.missing.get_or_insert(missing);
            String::new()
        })
    }

    pub(super) fn address(&mut self) -> String {
        self.needed("address", Mistake::NoAddress)
    }

    pub(super) fn command(&mut self) -> Vec<String> {
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

    pub(super) fn seconds(&mut self, name: &'static str, default: u64) -> u64 {
        let seconds = self.take(name, "whole seconds from 1 to 3600", |value| {
            let seconds = value.as_integer()?;
            let is_fine = (1..=SECONDS_MAX).contains(&seconds);
            is_fine.then(|| u64::try_from(seconds).ok())?
        });
        seconds.unwrap_or(default)
    }

    /// The fields that each kind has.
    pub(super) fn rhythm(&mut self) -> Rhythm {
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

    pub(super) fn redis(&mut self) -> Redis {
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

    pub(super) fn http(&mut self) -> Http {
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
    pub(super) fn end(&self) -> Result<(), Located> {
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
