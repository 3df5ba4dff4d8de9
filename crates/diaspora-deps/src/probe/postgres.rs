//! PostgreSQL: begins a session as a client does. A request for authentication shows that
//! the server takes sessions; while it starts or stops, it sends an error.

use super::protocol::{Protocol, Readiness, excerpt, wrong_protocol};

/// The probe.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The user of the session.
    pub user: Vec<u8>,
    /// The database of the session.
    pub database: Vec<u8>,
}

/// Version 3.0 of the protocol.
const VERSION: u32 = 196_608;
/// Longer than any error message.
const LENGTH_MAX: u32 = 16 * 1024;

impl Protocol for Postgres {
    fn request(&self) -> Vec<u8> {
        let mut body = VERSION.to_be_bytes().to_vec();
        for word in [&b"user"[..], &self.user, b"database", &self.database] {
            body.extend_from_slice(word);
            body.push(0);
        }
        body.push(0);
        let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
        [&length.to_be_bytes()[..], &body].concat()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let Some((&kind, rest)) = reply.split_first() else {
            return Readiness::Incomplete;
        };
        if !matches!(kind, b'R' | b'E') {
            return wrong_protocol("postgres", reply);
        }
        let Some(length) = rest
            .first_chunk::<4>()
            .map(|bytes| u32::from_be_bytes(*bytes))
        else {
            return Readiness::Incomplete;
        };
        if !(8..=LENGTH_MAX).contains(&length) {
            return wrong_protocol("postgres", reply);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(body) = rest.get(4..length) else {
            return Readiness::Incomplete;
        };
        if kind == b'R' {
            Readiness::Ready
        } else {
            error(body)
        }
    }

    fn goodbye(&self) -> &'static [u8] {
        b"X\0\0\0\x04"
    }
}

/// Judges the fields of an error: each a letter and a text that a NUL ends.
fn error(body: &[u8]) -> Readiness {
    let field = |letter| {
        body.split(|&byte| byte == 0)
            .find_map(|field| match field.split_first() {
                Some((&found, text)) if found == letter => Some(text),
                _ => None,
            })
    };
    match field(b'C') {
        // The server takes sessions, of another user or for another database.
        Some(code) if code.starts_with(b"28") || code == b"3D000" => Readiness::Ready,
        Some(_) => Readiness::Starting(excerpt(field(b'M').unwrap_or(b"an error"))),
        None => wrong_protocol("postgres", body),
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    fn probe() -> Postgres {
        Postgres {
            user: b"u".to_vec(),
            database: b"d".to_vec(),
        }
    }

    fn refused(code: &str) -> Vec<u8> {
        let body = format!("SFATAL\0C{code}\0Mthe reason\0\0");
        let length = u32::try_from(body.len() + 4).expect("short");
        [&b"E"[..], &length.to_be_bytes(), body.as_bytes()].concat()
    }

    #[test]
    fn the_request_begins_with_its_length() {
        let request = probe().request();
        assert_eq!(request[..8], [0, 0, 0, 27, 0, 3, 0, 0]);
        assert_eq!(request.len(), 27);
    }

    #[test]
    fn a_refused_user_or_database_is_ready_and_another_error_is_not() {
        survives_any_reply(&probe(), b"R\0\0\0\x08\0\0\0\0");
        for code in ["28000", "28P01", "3D000"] {
            survives_any_reply(&probe(), &refused(code));
        }
        for code in ["57P03", "53300", "57P01"] {
            let why = Readiness::Starting("\"the reason\"".to_owned());
            assert_eq!(probe().judge(&refused(code)), why);
        }
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"HTTP/1.1"[..], b"R\xff\xff\xff\xff", b"E\0\0\0\x09abcde"] {
            assert!(matches!(probe().judge(garbage), Readiness::Down(_)));
        }
    }
}
