//! The parts of an address with a scheme. Pure.

/// The parts of `user:password@host:port/path?query`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    /// Host and port, or nothing before the path of a socket.
    pub(super) host: &'a str,
    /// The path, with its slash.
    pub(super) path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(rest: &'a str) -> Self {
        // A password may hold what ends a host.
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, rest),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, password) = match login.and_then(|login| login.split_once(':')) {
            Some((user, password)) => (Some(user), Some(password)),
            None => (login, None),
        };
        Self {
            user: user.filter(|user| !user.is_empty()),
            password: password.filter(|password| !password.is_empty()),
            host,
            path,
            query,
        }
    }

    /// `host:port`, or the path of a socket.
    pub(super) fn address(&self, port: Option<u16>) -> String {
        let after_brackets = self
            .host
            .rsplit_once(']')
            .map_or(self.host, |(_, after)| after);
        match port {
            _ if self.host.is_empty() => self.path.to_owned(),
            Some(port) if !after_brackets.contains(':') => format!("{}:{port}", self.host),
            _ => self.host.to_owned(),
        }
    }

    /// The first name of the path, if that is not the path of a socket.
    pub(super) fn database(&self) -> Option<&'a str> {
        let name = self.path.trim_start_matches('/').split('/').next()?;
        (!self.host.is_empty() && !name.is_empty()).then_some(name)
    }

    /// The address without the password. A query may hold one too; that of a page is
    /// what is asked for.
    pub(super) fn shown(&self, scheme: &str) -> String {
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        let query = self.query.filter(|_| scheme.starts_with("http"));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{scheme}://{user}{}{}{query}", self.host, self.path)
    }
}

/// A part of an address with its `%40` and the like replaced.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        rest = byte.map_or(after, |_| &after[2..]);
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
