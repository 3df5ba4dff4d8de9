//! A URL as the address of a web server. Pure.

/// The parts of `http://host:port/path` and `https://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether it is `https`.
    pub is_secure: bool,
    /// `host:port`.
    pub address: String,
    /// The path with its query.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads a URL; `None` if the text is none. A user, a password and a fragment are not
    /// taken.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (rest, is_secure, port) = match text.strip_prefix("http://") {
            Some(rest) => (rest, false, 80),
            None => (text.strip_prefix("https://")?, true, 443),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let after_brackets = host.rsplit_once(']').map_or(host, |(_, after)| after);
        let address = if after_brackets.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:{port}")
        };
        let is_plain = !host.is_empty() && !host.contains('@') && !text.contains('#');
        is_plain.then_some(Self {
            is_secure,
            address,
            path: if path.is_empty() { "/" } else { path },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_and_the_path_may_be_left_out() {
        for (text, is_secure, address, path) in [
            ("http://a", false, "a:80", "/"),
            ("https://a/", true, "a:443", "/"),
            ("https://a:8443/up?x=1", true, "a:8443", "/up?x=1"),
            ("http://[::1]/up", false, "[::1]:80", "/up"),
            ("http://[::1]:8080?x", false, "[::1]:8080", "?x"),
        ] {
            let address = address.to_owned();
            let url = Url {
                is_secure,
                address,
                path,
            };
            assert_eq!(Url::parse(text), Some(url), "{text}");
        }
        for wrong in [
            "",
            "a:80",
            "ftp://a",
            "http://",
            "http://u:p@a/",
            "http://a/#b",
        ] {
            assert_eq!(Url::parse(wrong), None, "{wrong}");
        }
    }
}
