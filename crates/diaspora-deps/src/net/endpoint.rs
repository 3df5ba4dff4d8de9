//! The address of a dependency, as services.toml and messages have it. Pure.

use std::fmt;
use std::path::{Path, PathBuf};

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
    /// Reads `host:port`, `[address]:port` or `/path`, also as `tcp://host:port`,
    /// `unix:/path` or `unix:///path`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        Self::parse_in(text, None)
    }

    /// The same, where `unix:path` and `unix://path` may be relative to a directory.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse_in(text: &str, directory: Option<&Path>) -> Result<Self, NotAnAddress> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = Path::new(path.strip_prefix("//").unwrap_or(path));
            return match directory {
                _ if path.is_absolute() => Ok(Self::Unix(path.to_owned())),
                Some(directory) if path != "" => Ok(Self::Unix(directory.join(path))),
                _ => Err(NotAnAddress::Relative(text.to_owned())),
            };
        }
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let host_and_port = text.strip_prefix("tcp://").unwrap_or(text);
        tcp(host_and_port).ok_or_else(|| NotAnAddress::of(text))
    }
}

/// Reads `host:port` or `[address]:port`.
fn tcp(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_name = !host.contains([':', '/']);
    let host = bare.or_else(|| is_name.then_some(host))?;
    let port = port.parse().ok().filter(|&port| port != 0)?;
    (!host.is_empty()).then(|| Endpoint::Tcp(host.to_owned(), port))
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
        assert_eq!(Endpoint::parse("tcp://a:3000"), tcp("a", 3000));
        let unix = |path: &str| Ok(Endpoint::Unix(PathBuf::from(path)));
        for text in ["/x.sock", "unix:/x.sock", "unix:///x.sock"] {
            assert_eq!(Endpoint::parse(text), unix("/x.sock"), "{text}");
        }
        for text in ["unix:tmp/x.sock", "unix://tmp/x.sock"] {
            let pod = Some(Path::new("/pod"));
            assert_eq!(Endpoint::parse_in(text, pod), unix("/pod/tmp/x.sock"));
            assert_eq!(Endpoint::parse_in("unix:///x.sock", pod), unix("/x.sock"));
        }
    }

    #[test]
    fn what_is_no_address_has_its_fix() {
        for (text, fix) in [
            ("", "write \"host:port\""),
            (":80", "write \"host:port\""),
            ("tmp/x", "write \"host:port\""),
            ("localhost", "write \"host:port\""),
            ("localhost:", "write \"localhost:PORT\""),
            ("a:0", "a port is a number from 1 to 65535"),
            ("a:65536", "a port is a number from 1 to 65535"),
            ("a:-1", "a port is a number from 1 to 65535"),
            ("localhost:http", "write \"localhost:80\""),
            ("localhost:postgresql", "write \"localhost:5432\""),
            ("localhost:nosuch", "a port is a number from 1 to 65535"),
            ("::1:25", "write \"[::1]:25\""),
            ("http://a/", "write \"a:80\""),
            ("https://a/x", "write \"a:443\""),
            ("redis://a:7000/0", "write \"a:7000\""),
            ("unix://run/x.sock", "write \"/run/x.sock\""),
            ("unix:", "write \"/path/of/socket\""),
        ] {
            let message = Endpoint::parse(text).expect_err(text).to_string();
            assert!(message.starts_with(&format!("\"{text}\" ")), "{message}");
            assert!(message.contains(fix), "{message}");
        }
        let message = Endpoint::parse("redis://:secret@a:7000/0").expect_err("a URL");
        let expected = "\"redis://...@a:7000\" is no address: write \"a:7000\"";
        assert_eq!(message.to_string(), expected);
    }
}
