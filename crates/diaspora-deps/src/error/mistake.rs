//! Mistakes in a `services.toml`: each says what is wrong and what to write instead.

use std::fmt;

use thiserror::Error;

use super::address::NotAnAddress;

/// A line of a file, shown as `file:line`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The file, as messages name it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl Location {
    /// The line of a byte of a file's text.
    pub(crate) fn of_byte(file: &str, text: &str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let before = bytes.get(..at).unwrap_or(bytes);
        Self {
            file: file.to_owned(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What is wrong in a `services.toml`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Mistake {
    /// It is not TOML, or has a field or type that is not known; the parser's words.
    #[error("{0}")]
    Toml(String),
    /// A value that is no text.
    #[error("{0} must be a text")]
    NotAText(String),
    /// A key of `[settings]` that no shell variable can have.
    #[error("\"{0}\" is no name of a setting: use letters, digits and _")]
    SettingName(String),
    /// A service whose name could not be that of a directory.
    #[error("\"{0}\" can't be the name of a service")]
    ServiceName(String),
    /// `exec` without a program.
    #[error("exec is empty: write exec = [\"program\", \"argument\"]")]
    EmptyExec,
    /// A kind of probe that does not exist.
    #[error(
        "there is no probe of kind \"{kind}\": the kinds are {}",
        listed(kinds)
    )]
    UnknownKind {
        /// The kind, as written.
        kind: String,
        /// All kinds.
        kinds: &'static [&'static str],
    },
    /// A probe without a kind.
    #[error("the probe has no kind: write kind = \"tcp\", say")]
    NoKind,
    /// A probe without an address.
    #[error("the probe has no address: write address = \"localhost:1234\", say")]
    NoAddress,
    /// An address that can't be read.
    #[error(transparent)]
    Address(#[from] NotAnAddress),
    /// A unix probe with a host and a port.
    #[error("a unix probe wants the path of a socket as its address")]
    NotASocketPath,
    /// A field of a probe that its kind does not have.
    #[error(
        "{} {kind} probe has no {field}: its fields are {}",
        article(kind),
        listed(fields)
    )]
    ForeignField {
        /// The kind of the probe.
        kind: String,
        /// The field.
        field: String,
        /// The fields of that kind.
        fields: Vec<&'static str>,
    },
    /// A field of a probe whose value has another type.
    #[error("{field} must be {wanted}")]
    FieldType {
        /// The field.
        field: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A file probe without a path.
    #[error("the probe has no path: write path = \"/run/x/ready\", say")]
    NoPath,
    /// An exec probe without a program.
    #[error("the probe has no command: write command = [\"program\", \"argument\"]")]
    NoCommand,
    /// A user of redis without a password.
    #[error("the probe has a user and no password: write password-file = \"/path\", say")]
    UserWithoutPassword,
    /// A need that no service is called.
    #[error("service \"{service}\" needs \"{need}\", which is unknown: {suggestion}")]
    UnknownNeed {
        /// The service that has the need.
        service: String,
        /// The need, as written.
        need: String,
        /// What may have been meant.
        suggestion: Suggestion,
    },
    /// A need that cannot be waited for.
    #[error(
        "service \"{service}\" needs \"{need}\", which has no probe: \
         add probe = {{ kind = ..., address = ... }} to [service.{need}]"
    )]
    NeedWithoutProbe {
        /// The service that has the need.
        service: String,
        /// The service that it needs.
        need: String,
    },
    /// A need that has instances, of which none is named.
    #[error("service \"{service}\" needs \"{need}\", which has instances: write \"{need}_0\", say")]
    NeedWithoutInstance {
        /// The service that has the need.
        service: String,
        /// The service that it needs.
        need: String,
    },
}

impl Mistake {
    /// What the TOML parser says, in one line.
    pub(crate) fn toml(message: &str) -> Self {
        Self::Toml(message.lines().collect::<Vec<_>>().join(", "))
    }
}

/// What somebody who wrote an unknown name may have meant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Suggestion {
    /// A known name that is spelled almost like it.
    #[error("did you mean \"{0}\"?")]
    Similar(String),
    /// No known name is similar to this one.
    #[error("describe it as [service.{0}], or use a known name")]
    Describe(String),
}

fn listed(names: &[&str]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => names.concat(),
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    }
}
