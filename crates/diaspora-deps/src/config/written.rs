//! The fields of a probe as they are written, whatever its kind. Those of the operator's
//! file replace the built-in ones of the same name.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::error::Location;

/// The fields of a probe as a file has them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Entries(BTreeMap<Spanned<String>, Value>);

/// The fields of a probe, after every file was laid over the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// Where the probe is written, in the last file that does so.
    pub(super) location: Location,
    /// By name.
    pub(super) fields: BTreeMap<String, Field>,
}

/// A field as written.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) value: Value,
    pub(super) location: Location,
    /// Whether an earlier file has it, and not the last one.
    pub(super) is_inherited: bool,
}

impl Written {
    /// Lays `entries` over these. `location` gives the line of a byte offset.
    pub(super) fn lay_over(
        mut self,
        entries: Entries,
        at: usize,
        location: impl Fn(usize) -> Location,
    ) -> Self {
        for field in self.fields.values_mut() {
            field.is_inherited = true;
        }
        self.location = location(at);
        for (name, value) in entries.0 {
            let field = Field {
                value,
                location: location(name.span().start),
                is_inherited: false,
            };
            self.fields.insert(name.into_inner(), field);
        }
        self
    }
}
