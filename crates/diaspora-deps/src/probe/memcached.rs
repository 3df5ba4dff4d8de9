//! Memcached: the command `version`, which every version has and no log shows.

use super::protocol::{Protocol, Readiness, excerpt, first_line, may_begin, wrong_protocol};

/// The probe.
#[derive(Clone, Copy, Debug)]
pub struct Memcached;

const VERSION: &[u8] = b"VERSION ";
/// A server that wants a password before anything else: it takes sessions.
const UNAUTHENTICATED: &[u8] = b"CLIENT_ERROR unauthenticated";
const ERRORS: [&[u8]; 3] = [b"ERROR", b"SERVER_ERROR", b"CLIENT_ERROR"];
/// Longer than any answer.
const LINE_MAX: usize = 1024;

impl Protocol for Memcached {
    fn request(&self) -> Vec<u8> {
        b"version\r\n".to_vec()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let is_error = || ERRORS.iter().any(|start| may_begin(reply, start));
        match first_line(reply) {
            _ if !may_begin(reply, VERSION) && !is_error() => wrong_protocol("memcached", reply),
            None if reply.len() > LINE_MAX => wrong_protocol("memcached", reply),
            None => Readiness::Incomplete,
            Some(line) if line.starts_with(VERSION) || line == UNAUTHENTICATED => Readiness::Ready,
            Some(line) if ERRORS.iter().any(|start| line.starts_with(start)) => {
                Readiness::Starting(excerpt(line))
            }
            Some(line) => wrong_protocol("memcached", line),
        }
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        b"quit\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    #[test]
    fn a_version_is_ready_and_an_error_is_starting() {
        survives_any_reply(&Memcached, b"VERSION 1.6.18\r\n");
        survives_any_reply(&Memcached, b"CLIENT_ERROR unauthenticated\r\n");
        let full = Memcached.judge(b"ERROR Too many open connections\r\n");
        let why = "\"ERROR Too many open connections\"".to_owned();
        assert_eq!(full, Readiness::Starting(why));
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"+PONG\r\n"[..], b"-ERR unknown", b"VERSE\r\n", b"\x81"] {
            assert!(matches!(Memcached.judge(garbage), Readiness::Down(_)));
        }
    }
}
