//! Texts that are no address of a dependency: each says what to write instead.

use thiserror::Error;

/// A text that is no address of a dependency.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotAnAddress {
    /// It has no form of an address.
    #[error("\"{0}\" is no address: write \"host:port\", \"[::1]:port\" or \"/path/of/socket\"")]
    Form(String),
    /// It would be an address if it were written as `meant`.
    #[error("\"{text}\" is no address: write \"{meant}\"")]
    Meant {
        /// The text.
        text: String,
        /// What to write.
        meant: String,
    },
    /// Its port is no port.
    #[error("\"{0}\" is no address: a port is a number from 1 to 65535")]
    Port(String),
    /// It has a scheme of no server that can be probed.
    #[error("\"{text}\" is no address: it begins with none of {}://", .schemes.join("://, "))]
    Scheme {
        /// The text, without a password.
        text: String,
        /// The schemes that are known.
        schemes: Vec<&'static str>,
    },
    /// It has a password that is needed; without it.
    #[error(
        "\"{0}\" has a password, which every user can see on a command line: \
         describe the server in services.toml, with password-file"
    )]
    Password(String),
    /// The path of a socket that is not absolute.
    #[error("\"{0}\" has no absolute path: write \"{path}\"", path = absolute(.0))]
    Relative(String),
}

/// Ports by the names that people write for them.
const PORTS: [(&str, u16); 12] = [
    ("amqp", 5672),
    ("http", 80),
    ("https", 443),
    ("memcached", 11_211),
    ("mongodb", 27_017),
    ("mysql", 3306),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("redis", 6379),
    ("smtp", 25),
    ("smtps", 465),
    ("submission", 587),
];

impl NotAnAddress {
    /// Why a text is no address, and what is meant by it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        meant(text).unwrap_or_else(|| Self::Form(text.to_owned()))
    }
}

fn meant(text: &str) -> Option<NotAnAddress> {
    let instead = |meant| {
        let text = text.to_owned();
        Some(NotAnAddress::Meant { text, meant })
    };
    if let Some((scheme, rest)) = text.split_once("://") {
        let login_and_place = rest.split('/').next()?;
        // A login may have a password: no message repeats it.
        let (text, place) = match login_and_place.rsplit_once('@') {
            Some((_, place)) => (format!("{scheme}://...@{place}"), place),
            None => (text.to_owned(), login_and_place),
        };
        let meant = match (place.contains(':'), port(scheme)) {
            (true, _) => place.to_owned(),
            (false, Some(port)) => format!("{place}:{port}"),
            (false, None) => format!("{place}:PORT"),
        };
        return Some(NotAnAddress::Meant { text, meant });
    }
    let (host, number) = text.rsplit_once(':')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if host.is_empty() || host.contains('/') {
        None
    } else if host.contains(':') && !host.starts_with('[') && is_number {
        instead(format!("[{host}]:{number}"))
    } else if number.is_empty() {
        instead(format!("{host}:PORT"))
    } else {
        match port(number) {
            Some(port) => instead(format!("{host}:{port}")),
            None => Some(NotAnAddress::Port(text.to_owned())),
        }
    }
}

fn port(name: &str) -> Option<u16> {
    let found = PORTS.iter().find(|(known, _)| *known == name);
    found.map(|&(_, port)| port)
}

/// The path that somebody who wrote `unix://run/x.sock` may have meant.
fn absolute(text: &str) -> String {
    let path = text.trim_start_matches("unix:").trim_start_matches('/');
    match path {
        "" => "/path/of/socket".to_owned(),
        path => format!("/{path}"),
    }
}
