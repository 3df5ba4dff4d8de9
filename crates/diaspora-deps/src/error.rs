//! Why something was not done. Each kind has its facts, its message and its exit code.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use daemontools::unix::file::PathError;
use daemontools::{Errno, PERMANENT, TEMPORARY, errno};

mod address;
use crate::tls::TlsError;

mod mistake;
mod source;

pub use address::NotAnAddress;
pub use mistake::{Location, Mistake, Suggestion};
pub use source::SourceError;

/// The exit code of a gate that has no attempts left.
pub const GAVE_UP: i32 = 126;

/// Why something was not done. The text is the message, without the program's name.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // What the operator has written.
    /// A mistake in a `services.toml`.
    #[error("{location}: {mistake}")]
    Mistake {
        /// Where it stands.
        location: Location,
        /// What is wrong.
        mistake: Mistake,
    },
    /// A need, found in order when the file was read, that can't be probed.
    #[error("{location}: {cause}")]
    Need {
        /// Where the need is written.
        location: Location,
        /// Why it can't be probed.
        cause: Box<Self>,
    },
    /// A `${` without its `}`.
    #[error("\"{0}\" has a ${{ without its }}")]
    OpenVariable(String),
    /// A `${NAME}` that is not set and has no default.
    #[error("${{{0}}} is no setting: give it a default under [settings]")]
    UnknownSetting(String),
    /// A setting whose value is a version of which none is installed.
    #[error("{setting}: there is no {path}: install it, or set {setting} in the settings file")]
    NoVersion {
        /// The setting.
        setting: String,
        /// Where it was looked for.
        path: String,
    },
    /// A `${INSTANCE}` where no instance is named.
    #[error("the service has instances, and none is named: call its directory NAME_0, say")]
    UnnamedInstance,
    /// A text for the system that holds a NUL.
    #[error("\"{0}\" holds a NUL")]
    HoldsNul(String),
    /// A path or name without a value.
    #[error("\"{0}\" is empty: set it in the settings file, or write it in services.toml")]
    Empty(String),
    /// `DEFAULT_ATTEMPTS` that is no number.
    #[error("DEFAULT_ATTEMPTS is no number: \"{0}\"")]
    Attempts(String),
    /// An address that can't be read.
    #[error(transparent)]
    Address(#[from] NotAnAddress),
    /// A probe that is described on a command line in a wrong way.
    #[error(transparent)]
    Probe(Mistake),
    /// More than one address where there is one probe.
    #[error("\"{}\" is more than one address: write one, or exec for a program", .0.join(" "))]
    OneAddress(Vec<String>),
    /// A probe that can't use TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A mode that is not octal.
    #[error("mode \"{0}\" is not octal")]
    Mode(String),
    /// A user that the system does not have.
    #[error("unknown user {0}")]
    UnknownUser(String),
    /// A group that the system does not have.
    #[error("unknown group {0}")]
    UnknownGroup(String),

    // What was asked for.
    /// A service that is not known, with what may have been meant.
    #[error("unknown '{name}': {suggestion}")]
    UnknownService {
        /// The name.
        name: String,
        /// What may have been meant.
        suggestion: Suggestion,
    },
    /// A dependency without a probe.
    #[error("{0} has no probe: nobody can wait for it")]
    NoProbe(String),
    /// A dependency that has instances, of which none is named.
    #[error("{0} has instances: name one, {0}_0 say")]
    NoInstance(String),
    /// A service directory whose name has no instance, for a service that has them.
    #[error("the directory's name \"{directory}\" has no instance: call it {service}_0, say")]
    NoInstanceInDirectory {
        /// The name of the service directory.
        directory: String,
        /// The service.
        service: String,
    },
    /// A service that has no program.
    #[error("{name} has no program: add exec = [...] to [service.{service}]")]
    NoProgram {
        /// The service as it was named.
        name: String,
        /// The service in the configuration.
        service: String,
    },

    // What the system said.
    /// A file that can't be read or must not be trusted.
    #[error("unable to read {}: {cause}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why not.
        cause: FileError,
    },
    /// A scan directory that can't be read.
    #[error("unable to read {}: {cause}", directory.display())]
    ReadDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The settings file could not be sourced.
    #[error("unable to source {}: {cause}", file.display())]
    Source {
        /// The file.
        file: PathBuf,
        /// Why not.
        cause: SourceError,
    },
    /// `install` could not make a file or directory.
    #[error("unable to make {}: {cause}", path.display())]
    Make {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        cause: FileError,
    },
    /// A step of the preparation of a service failed.
    #[error("unable to {verb} {}: {cause}", path.display())]
    Prepare {
        /// The step.
        step: Step,
        /// What was tried, in a word.
        verb: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        cause: PathError,
    },
    /// A directory or log file that somebody else has put in its place.
    #[error("{} is not a {kind} of its own", path.display())]
    NotItsOwn {
        /// The file or directory.
        path: PathBuf,
        /// Which of them it should be.
        kind: &'static str,
    },
    /// The owner of a directory or log file could not be found.
    #[error(transparent)]
    Owner(Box<Self>),
    /// The supplementary groups of a user could not be read.
    #[error("the groups of {user}: {}", errno::text(*cause))]
    Groups {
        /// The user.
        user: String,
        /// Why not.
        cause: Errno,
    },
    /// The service's user could not be assumed.
    #[error("unable to change user: {}", errno::text(*.0))]
    ChangeUser(Errno),
    /// The service's program could not be executed.
    #[error("unable to run {program}: {}", errno::text(*cause))]
    Run {
        /// The program.
        program: String,
        /// Why not.
        cause: Errno,
    },
    /// The service's program is nowhere in PATH.
    #[error("unable to run {program}: file does not exist in {path}")]
    NotInPath {
        /// The program.
        program: String,
        /// PATH.
        path: String,
    },
    /// The service's program is a script whose interpreter is nowhere in PATH.
    #[error("unable to run {program}: its interpreter {interpreter} does not exist in {path}")]
    NoInterpreter {
        /// The program.
        program: String,
        /// Its interpreter.
        interpreter: String,
        /// PATH.
        path: String,
    },
    /// An error with what to do about it.
    #[error("{cause}: {fix}")]
    Fixable {
        /// The error.
        cause: Box<Self>,
        /// What to do.
        fix: String,
    },
    /// A gate has no attempts left.
    #[error("no attempts left")]
    GaveUp,
    /// A gate has no time left, before it has waited.
    #[error("gave up after {} s: {cause}", timeout.as_secs_f64())]
    OutOfTime {
        /// The time that it had.
        timeout: Duration,
        /// What it was about.
        cause: Box<Self>,
    },
    /// A gate has no time left.
    #[error(
        "gave up after {} s: {service} is {why}{}", timeout.as_secs_f64(), not_reached(.not_tried)
    )]
    TimedOut {
        /// The time that it had.
        timeout: Duration,
        /// The service that it waited for.
        service: String,
        /// The state of that service, the reason and the address.
        why: String,
        /// The services that come after it.
        not_tried: Vec<String>,
    },
}

/// `; not tried yet: web, websocket`.
fn not_reached(services: &[String]) -> String {
    match services {
        [] => String::new(),
        services => format!("; not tried yet: {}", services.join(", ")),
    }
}

/// Why a file could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The system said no, or another user may change the file or its path.
    #[error("{0}")]
    Path(PathError),
}

/// A step of the preparation of a service; its number is the exit code where it fails,
/// as the scripts of old had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Change to the service's working directory.
    ChangeDirectory = 1,
    /// Make a directory or the log file.
    Create = 2,
    /// Give it its owner.
    ChangeOwner = 3,
    /// Give it its mode.
    ChangeMode = 4,
}

impl Error {
    /// The exit code of a program that ends for this reason.
    #[must_use]
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::GaveUp | Self::TimedOut { .. } | Self::OutOfTime { .. } => GAVE_UP,
            Self::Prepare { step, .. } => *step as i32,
            Self::NotItsOwn { .. } => Step::Create as i32,
            Self::Owner(_) => Step::ChangeOwner as i32,
            Self::Mode(_) => Step::ChangeMode as i32,
            Self::Source { cause, .. } if cause.is_permanent() => PERMANENT,
            Self::Source { .. }
            | Self::ReadDirectory { .. }
            | Self::Make { .. }
            | Self::ChangeUser(_)
            | Self::Run { .. }
            | Self::NotInPath { .. }
            | Self::NoInterpreter { .. } => TEMPORARY,
            Self::Fixable { cause, .. } => cause.exit_code(),
            _ => PERMANENT,
        }
    }
}

#[cfg(test)]
mod tests;
