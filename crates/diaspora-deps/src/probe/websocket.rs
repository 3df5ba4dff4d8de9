//! A websocket server. Any status line is ready by default: servers older than RFC 6455
//! answer its handshake with 400. In strict mode the handshake must succeed.

use super::http::Http;
use super::protocol::{Protocol, Readiness, excerpt, first_line};

/// The probe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Websocket {
    /// Whether the handshake must succeed.
    pub strict: bool,
}

/// The example key of RFC 6455, section 1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

impl Protocol for Websocket {
    fn request(&self) -> Vec<u8> {
        format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        )
        .into_bytes()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let readiness = Http::default().judge(reply);
        if !self.strict || readiness != Readiness::Ready {
            return readiness;
        }
        let Some(line) = first_line(reply) else {
            return Readiness::Incomplete;
        };
        if line.split(|&byte| byte == b' ').nth(1) != Some(b"101") {
            return Readiness::Starting(format!("refuses the handshake: {}", excerpt(line)));
        }
        let Some(end) = reply.windows(4).position(|part| part == b"\r\n\r\n") else {
            return Readiness::Incomplete;
        };
        let mut lines = reply[..end].split(|&byte| byte == b'\n');
        let accept = lines.find_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            line[..colon]
                .eq_ignore_ascii_case(b"Sec-WebSocket-Accept")
                .then(|| line[colon + 1..].trim_ascii())
        });
        match accept {
            Some(ACCEPT) => Readiness::Ready,
            _ => Readiness::Starting("the handshake's answer is not to our key".to_owned()),
        }
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        // A close frame, masked with zeroes. It is valid only after a handshake that has
        // succeeded.
        if self.strict {
            b"\x88\x80\0\0\0\0"
        } else {
            b""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    const STRICT: Websocket = Websocket { strict: true };
    const GOOD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
sec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[test]
    fn any_status_is_ready_unless_strict() {
        let old = b"HTTP/1.1 400 Bad request\r\n\r\n";
        assert_eq!(Websocket::default().judge(old), Readiness::Ready);
        assert!(matches!(STRICT.judge(old), Readiness::Starting(_)));
    }

    #[test]
    fn strict_wants_101_and_the_right_answer_to_the_key() {
        survives_any_reply(&STRICT, GOOD);
        assert_eq!(STRICT.judge(&GOOD[..GOOD.len() - 2]), Readiness::Incomplete);
        let other = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: AAAA\r\n\r\n";
        assert!(matches!(STRICT.judge(other), Readiness::Starting(_)));
        let none = b"HTTP/1.1 101 x\r\n\r\n";
        assert!(matches!(STRICT.judge(none), Readiness::Starting(_)));
    }
}
