//! The address of a dependency, as services.toml and messages have it. Pure.

use std::fmt;
use std::path::PathBuf;

use crate::error::NotAnAddress;

/// The address of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A name or an address, and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// Reads `host:port`, `[address]:port`, `/path` or `unix:/path`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let wrong = || NotAnAddress(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let port = port
            .parse()
            .ok()
            .filter(|&port| port != 0)
            .ok_or_else(wrong)?;
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return Err(wrong());
        }
        Ok(Self::Tcp(host.to_owned(), port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_or_the_path_of_a_socket() {
        let tcp = |host: &str, port| Ok(Endpoint::Tcp(host.to_owned(), port));
        assert_eq!(Endpoint::parse("localhost:6379"), tcp("localhost", 6379));
        assert_eq!(Endpoint::parse("[::1]:25"), tcp("::1", 25));
        let unix = Ok(Endpoint::Unix(PathBuf::from("/tmp/thin.0.sock")));
        assert_eq!(Endpoint::parse("/tmp/thin.0.sock"), unix);
        assert_eq!(Endpoint::parse("unix:/tmp/thin.0.sock"), unix);
        for wrong in [
            "",
            "localhost",
            ":1",
            "a:",
            "a:0",
            "a:65536",
            "::1:25",
            "tmp/x",
        ] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
    }
}
