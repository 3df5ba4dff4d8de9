//! The fields of a probe as they are written, whatever its kind. Those of the operator's
//! file replace the built-in ones of the same name.

use std::collections::BTreeMap;

use toml::Value;

use crate::error::Location;

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
    /// Lays `fields` over these. `location` is that of the probe.
    pub(super) fn lay_over(
        mut self,
        location: Location,
        fields: Vec<(String, Location, Value)>,
    ) -> Self {
        for field in self.fields.values_mut() {
            field.is_inherited = true;
        }
        self.location = location;
        for (name, location, value) in fields {
            let field = Field {
                value,
                location,
                is_inherited: false,
            };
            self.fields.insert(name, field);
        }
        self
    }

    /// Its texts, also those in lists, each with the place of its field.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Location, &str)> {
        self.fields.values().flat_map(|field| {
            let list = field.value.as_array().into_iter().flatten();
            let values = std::iter::once(&field.value).chain(list);
            values.filter_map(|value| Some((&field.location, value.as_str()?)))
        })
    }
}
