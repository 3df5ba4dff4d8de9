//! A table of a `services.toml`, whose fields are taken by name. A value of another type,
//! and a field that nobody takes, are mistakes with the line where they stand.

use serde::Deserialize;
use toml::de::{DeArray, DeString, DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Value};

use crate::error::{Error, Location, Mistake};

/// A file and its text.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// The line of a byte offset.
    pub(super) fn location(self, at: usize) -> Location {
        Location::of_byte(self.file, self.text, at)
    }

    pub(super) fn mistake(self, at: usize, mistake: Mistake) -> Error {
        Error::Mistake {
            location: self.location(at),
            mistake,
        }
    }
}

/// A text and where it stands.
pub(super) type Placed = (String, Location);

/// A field and its value.
pub(super) type Field<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// A table, while its fields are taken.
pub(super) struct Table<'a> {
    source: Source<'a>,
    /// What messages call it.
    name: String,
    at: usize,
    fields: &'a DeTable<'a>,
    /// The fields that it may have.
    names: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) const fn new(
        source: Source<'a>,
        name: String,
        at: usize,
        fields: &'a DeTable<'a>,
    ) -> Self {
        Self {
            source,
            name,
            at,
            fields,
            names: Vec::new(),
        }
    }

    /// The table that is the value of `field`.
    pub(super) fn of(source: Source<'a>, name: String, field: Field<'a>) -> Result<Self, Error> {
        let (key, value) = field;
        let at = key.span().start;
        match value.get_ref() {
            DeValue::Table(fields) => Ok(Self::new(source, name, at, fields)),
            _ => Err(wrong(source, at, key.get_ref(), "a table")),
        }
    }

    /// Where the table stands.
    pub(super) fn location(&self) -> Location {
        self.source.location(self.at)
    }

    /// Where a field stands, or the table if it does not have that field.
    pub(super) fn location_of(&self, name: &str) -> Location {
        let field = self.fields.get_key_value(name);
        self.source
            .location(field.map_or(self.at, |(key, _)| key.span().start))
    }

    /// All fields, with the place of each and its value without places.
    pub(super) fn values(&self) -> Vec<(String, Location, Value)> {
        let value = |(key, value): Field| {
            let location = self.source.location(key.span().start);
            let value = Value::deserialize(ValueDeserializer::from(value.clone())).ok()?;
            Some((key.get_ref().to_string(), location, value))
        };
        self.fields.iter().filter_map(value).collect()
    }

    /// A field and its value.
    pub(super) fn field(&mut self, name: &'static str) -> Option<Field<'a>> {
        self.names.push(name);
        self.fields.get_key_value(name)
    }

    fn take<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some((key, value)) = self.field(name) else {
            return Ok(None);
        };
        match read(value.get_ref()) {
            Some(value) => Ok(Some(value)),
            None => Err(wrong(self.source, key.span().start, name, wanted)),
        }
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.take(name, "a text", text)
    }

    /// A text that must not be missing.
    pub(super) fn needed_text(&mut self, name: &'static str) -> Result<String, Error> {
        let text = self.text(name)?;
        text.ok_or_else(|| self.missing(name))
    }

    /// A list of texts that must not be missing.
    pub(super) fn needed_texts(&mut self, name: &'static str) -> Result<Vec<Placed>, Error> {
        let texts = self.texts(name)?;
        texts.ok_or_else(|| self.missing(name))
    }

    fn missing(&self, field: &'static str) -> Error {
        let table = self.name.clone();
        let mistake = Mistake::MissingField { table, field };
        self.source.mistake(self.at, mistake)
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Error> {
        self.take(name, "true or false", DeValue::as_bool)
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<u64>, Error> {
        self.take(name, "a number, 0 or more", |value| {
            let number = value.as_integer()?;
            u64::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    /// The texts of a list, each with its place.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<Placed>>, Error> {
        let source = self.source;
        self.take(name, "a list of texts", |value| {
            let list = value.as_array()?.iter();
            let placed = |item: &'a Spanned<DeValue<'a>>| {
                Some((text(item.get_ref())?, source.location(item.span().start)))
            };
            list.map(placed).collect()
        })
    }

    /// A table in this one.
    pub(super) fn table(&mut self, name: &'static str) -> Result<Option<Self>, Error> {
        let field = self.field(name);
        let table = field.map(|field| Self::of(self.source, name.to_owned(), field));
        table.transpose()
    }

    /// The tables of a list.
    pub(super) fn tables(&mut self, name: &'static str) -> Result<Option<Vec<Self>>, Error> {
        let source = self.source;
        self.take(name, "a list of tables", |value| {
            let list = value.as_array()?.iter();
            let table = |item: &'a Spanned<DeValue<'a>>| {
                let at = item.span().start;
                let fields = item.get_ref().as_table()?;
                Some(Self::new(source, name.to_owned(), at, fields))
            };
            list.map(table).collect()
        })
    }

    /// The fields of a table whose names are free, by name.
    pub(super) fn fields_of(&mut self, name: &'static str) -> Result<Vec<Field<'a>>, Error> {
        let table = self.table(name)?;
        Ok(table.map_or_else(Vec::new, |table| table.fields.iter().collect()))
    }

    /// The texts of a table whose names are free, each with the place of its name.
    pub(super) fn named_texts(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Vec<(Placed, String)>>, Error> {
        let Some(table) = self.table(name)? else {
            return Ok(None);
        };
        let mut texts = Vec::new();
        for (key, value) in table.fields {
            let at = key.span().start;
            match text(value.get_ref()) {
                Some(text) => {
                    texts.push(((key.get_ref().to_string(), self.source.location(at)), text));
                }
                None => return Err(wrong(self.source, at, key.get_ref(), "a text")),
            }
        }
        Ok(Some(texts))
    }

    /// Fails if there is a field that was not taken.
    pub(super) fn end(self) -> Result<(), Error> {
        let is_known = |name: &str| self.names.contains(&name);
        let mut fields = self.fields.iter();
        let Some((key, _)) = fields.find(|(key, _)| !is_known(key.get_ref())) else {
            return Ok(());
        };
        let mistake = Mistake::UnknownField {
            table: self.name,
            field: key.get_ref().to_string(),
            fields: self.names,
        };
        Err(self.source.mistake(key.span().start, mistake))
    }
}

/// The mistake of a value of another type.
pub(super) fn wrong(source: Source, at: usize, field: &str, wanted: &'static str) -> Error {
    let field = field.to_owned();
    source.mistake(at, Mistake::FieldType { field, wanted })
}

pub(super) fn text(value: &DeValue) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The texts of a list.
pub(super) fn texts(list: &DeArray) -> Option<Vec<String>> {
    list.iter().map(|item| text(item.get_ref())).collect()
}
