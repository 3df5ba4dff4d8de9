//! A web server: any status line is ready. The request has no `Host` on purpose: nginx
//! answers 400 by itself, logs nothing and asks no upstream. A complete `GET /` before
//! the application is up would make nginx mark every upstream as down.

use super::protocol::{Protocol, Readiness, may_begin, wrong_protocol};

/// The probe.
#[derive(Clone, Copy, Debug)]
pub struct Http;

/// The start of every status line.
pub(super) const STATUS: &[u8] = b"HTTP/1.";

impl Protocol for Http {
    fn request(&self) -> Vec<u8> {
        b"GET / HTTP/1.1\r\n\r\n".to_vec()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        if !may_begin(reply, STATUS) {
            return wrong_protocol("http", reply);
        }
        // "HTTP/1.1 400"
        match reply.get(STATUS.len()..STATUS.len() + 5) {
            None => Readiness::Incomplete,
            Some([minor, b' ', code @ ..])
                if minor.is_ascii_digit() && code.iter().all(u8::is_ascii_digit) =>
            {
                Readiness::Ready
            }
            Some(_) => wrong_protocol("http", reply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    #[test]
    fn any_status_is_ready_and_the_request_has_no_host() {
        survives_any_reply(&Http, b"HTTP/1.1 400 Bad Request\r\n");
        assert_eq!(
            Http.judge(b"HTTP/1.0 502 Bad Gateway\r\n"),
            Readiness::Ready
        );
        assert!(!Http.request().windows(4).any(|part| part == b"Host"));
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"-ERR unknown command"[..], b"220 mail", b"HTTP/1.x abc"] {
            assert!(matches!(Http.judge(garbage), Readiness::Down(_)));
        }
    }
}
