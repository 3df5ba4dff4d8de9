//! PostgreSQL: begins a session as a client does. A request for a password shows that the
//! server takes sessions; while it starts or stops, it sends an error.
//!
//! The server writes a line into its log for each session that it refuses, and for each
//! client that ends in another way than it expects. So a session that needs no password is
//! waited for and terminated, one that needs a password is closed without a word. While
//! the server starts or stops, its own `postmaster.pid` says so, and nothing is sent.

use super::protocol::{Protocol, Readiness, Server, excerpt, wrong_protocol};

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

    fn look(&self, server: &dyn Server) -> Readiness {
        match server.own_file("postmaster.pid").as_deref().map(status) {
            Some(Some(b"starting")) => Readiness::Starting("starting up".to_owned()),
            Some(Some(b"stopping")) => Readiness::Starting("shutting down".to_owned()),
            _ => Readiness::Incomplete,
        }
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let mut rest = reply;
        loop {
            let (kind, body, after) = match message(rest) {
                Some(Some(message)) => message,
                Some(None) => return Readiness::Incomplete,
                None => return wrong_protocol("postgres", reply),
            };
            match kind {
                b'E' => return error(body),
                b'R' if body.starts_with(&[0; 4]) => {}
                b'R' | b'Z' => return Readiness::Ready,
                // What a session that needs no password begins with.
                b'N' | b'S' | b'K' if rest.len() < reply.len() => {}
                _ => return wrong_protocol("postgres", rest),
            }
            rest = after;
        }
    }

    fn goodbye(&self, reply: &[u8]) -> &'static [u8] {
        if reply.starts_with(b"R\0\0\0\x08\0\0\0\0") {
            b"X\0\0\0\x04"
        } else {
            b""
        }
    }
}

/// The state in a `postmaster.pid`, in its eighth line.
fn status(file: &[u8]) -> Option<&[u8]> {
    Some(file.split(|&byte| byte == b'\n').nth(7)?.trim_ascii())
}

/// Kind, body, and what follows.
type Message<'a> = (u8, &'a [u8], &'a [u8]);

/// The first message: `None` if it is none, `Some(None)` if it is incomplete.
fn message(bytes: &[u8]) -> Option<Option<Message<'_>>> {
    let Some((&kind, rest)) = bytes.split_first() else {
        return Some(None);
    };
    if !b"RENSKZ".contains(&kind) {
        return None;
    }
    let Some((length, rest)) = rest.split_first_chunk::<4>() else {
        return Some(None);
    };
    let length = u32::from_be_bytes(*length);
    if !(5..=LENGTH_MAX).contains(&length) {
        return None;
    }
    let length = usize::try_from(length - 4).ok()?;
    let split = rest.split_at_checked(length);
    Some(split.map(|(body, after)| (kind, body, after)))
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

    const SASL: &[u8] = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";
    const TRUST: &[u8] = b"R\0\0\0\x08\0\0\0\0";
    const SESSION: &[u8] =
        b"R\0\0\0\x08\0\0\0\0S\0\0\0\x0bTZ\0UTC\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I";

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
        survives_any_reply(&probe(), SASL);
        for code in ["28000", "28P01", "3D000"] {
            survives_any_reply(&probe(), &refused(code));
        }
        for code in ["57P03", "53300", "57P01"] {
            let why = Readiness::Starting("\"the reason\"".to_owned());
            assert_eq!(probe().judge(&refused(code)), why);
        }
    }

    #[test]
    fn a_session_without_a_password_is_waited_for_and_terminated() {
        survives_any_reply(&probe(), SESSION);
        assert_eq!(probe().judge(TRUST), Readiness::Incomplete);
        assert_eq!(probe().goodbye(SESSION), b"X\0\0\0\x04");
        let full = [TRUST, &refused("53300")].concat();
        assert!(matches!(probe().judge(&full), Readiness::Starting(_)));
        let wrong_database = [TRUST, &refused("3D000")].concat();
        assert_eq!(probe().judge(&wrong_database), Readiness::Ready);
    }

    #[test]
    fn a_session_that_needs_a_password_is_closed_without_a_word() {
        assert_eq!(probe().judge(SASL), Readiness::Ready);
        assert_eq!(probe().goodbye(SASL), b"");
    }

    #[test]
    fn the_file_of_the_server_tells_that_it_starts_or_stops() {
        struct Own(&'static str);
        impl Server for Own {
            fn own_file(&self, name: &str) -> Option<Vec<u8>> {
                assert_eq!(name, "postmaster.pid");
                let text = format!("7\n/data\n1\n5432\n/run\nlocalhost\n1 2\n{}\n", self.0);
                Some(text.into_bytes())
            }
        }
        for (status, starting) in [
            ("starting", true),
            ("stopping", true),
            ("ready   ", false),
            ("standby ", false),
        ] {
            let readiness = probe().look(&Own(status));
            assert_eq!(
                matches!(readiness, Readiness::Starting(_)),
                starting,
                "{status}"
            );
        }
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"HTTP/1.1"[..], b"R\xff\xff\xff\xff", b"E\0\0\0\x09abcde"] {
            assert!(matches!(probe().judge(garbage), Readiness::Down(_)));
        }
    }
}
