//! Something to say about a file of a service directory.

use std::fmt;

/// A file, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    file: String,
    text: String,
}

impl Finding {
    /// About this file; the empty name is the directory itself.
    pub(super) fn of(file: &str, text: String) -> Self {
        Self {
            file: file.to_owned(),
            text,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.file.is_empty() { "" } else { "/" };
        write!(f, "{slash}{}: {}", self.file, self.text)
    }
}
