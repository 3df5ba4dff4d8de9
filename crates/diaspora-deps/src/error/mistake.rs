//! Mistakes in a `services.toml`: each says what is wrong and what to write instead.

use std::fmt;

use thiserror::Error;

use super::address::NotAnAddress;
use crate::similar::similar;

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
    /// It is not TOML; the parser's words.
    #[error("{0}")]
    Toml(String),
    /// A file in another encoding.
    #[error("not UTF-8: iconv -f latin1 -t utf-8 {0} shows it as it is meant")]
    NotUtf8(String),
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
        "{} {kind} probe has no {field}: {}",
        article(kind),
        meant(field, fields)
    )]
    ForeignField {
        /// The kind of the probe.
        kind: String,
        /// The field.
        field: String,
        /// The fields of that kind.
        fields: Vec<&'static str>,
    },
    /// A field that a table does not have.
    #[error("{table} has no {field}: {}", meant(field, fields))]
    UnknownField {
        /// The table, as messages call it.
        table: String,
        /// The field.
        field: String,
        /// The fields of that table.
        fields: Vec<&'static str>,
    },
    /// A field that a table must have.
    #[error("{table} has no {field}, which it needs")]
    MissingField {
        /// The table, as messages call it.
        table: String,
        /// The field.
        field: &'static str,
    },
    /// A field whose value has another type.
    #[error("{field} must be {wanted}")]
    FieldType {
        /// The field.
        field: String,
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
    /// A name of a variable of the environment.
    #[error("\"{0}\" can't be the name of a variable of the environment")]
    VariableName(String),
    /// A field that nothing reads.
    #[error("service \"{service}\" has {field} and no {wanted}: {field} would have no effect")]
    WithoutEffect {
        /// The service.
        service: String,
        /// The field.
        field: &'static str,
        /// The field that it belongs to.
        wanted: &'static str,
    },
    /// A name in `own` that no service has.
    #[error(
        "service \"{service}\" is Diaspora's own beside \"{neighbour}\", which is unknown: {suggestion}"
    )]
    UnknownNeighbour {
        /// The service.
        service: String,
        /// The name.
        neighbour: String,
        /// What may have been meant.
        suggestion: Suggestion,
    },
    /// An alias that is another service's name or alias as well.
    #[error("\"{alias}\" is a name of \"{other}\" already, at {place}: take one of them out")]
    NameOfTwo {
        /// The alias.
        alias: String,
        /// The other service.
        other: String,
        /// Where the other service, or its alias, is written.
        place: Location,
    },
    /// A `${` without its `}`.
    #[error("\"{0}\" has a ${{ without its }}")]
    OpenVariable(String),
    /// A `${NAME}` that is no setting.
    #[error("${{{name}}} is no setting: {}", setting(name, similar.as_deref()))]
    UnknownSetting {
        /// The name.
        name: String,
        /// A setting that is spelled almost like it.
        similar: Option<String>,
    },
    /// A setting of the operator's that no text holds.
    #[error("no text has ${{{name}}}: {}", unused(similar.as_deref()))]
    UnusedSetting {
        /// The setting.
        name: String,
        /// Another one that is spelled almost like it.
        similar: Option<String>,
    },
    /// A `${INSTANCE}` in a service that has no instances.
    #[error("service \"{0}\" has no instances, and so no ${{INSTANCE}}: write instances = true")]
    NoInstances(String),
    /// A setting that is found by a setting that is found itself.
    #[error("${{{0}}} is found itself: only settings that are texts may be here")]
    FoundByFound(String),
    /// Services that need each other, each with the place of the need.
    #[error(
        "cycle: {}: none of these can ever start: take one need out",
        cycle(needs)
    )]
    Cycle {
        /// Each service, with the place where it needs the next.
        needs: Vec<(String, Location)>,
    },
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

/// What to write instead of a field.
fn meant(field: &str, fields: &[&str]) -> String {
    match similar(fields.iter(), field) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("its fields are {}", listed(fields)),
    }
}

fn setting(name: &str, similar: Option<&str>) -> String {
    match similar {
        Some(similar) => format!("did you mean ${{{similar}}}?"),
        None => format!("give {name} a default under [settings]"),
    }
}

fn unused(similar: Option<&str>) -> String {
    match similar {
        Some(similar) => format!("did you mean {similar}?"),
        None => "take it out, or use it".to_owned(),
    }
}

/// `a (file:1) -> b (file:2) -> a`.
fn cycle(needs: &[(String, Location)]) -> String {
    let mut names: Vec<String> = needs
        .iter()
        .map(|(name, place)| format!("{name} ({place})"))
        .collect();
    names.extend(needs.first().map(|(name, _)| name.clone()));
    names.join(" -> ")
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
