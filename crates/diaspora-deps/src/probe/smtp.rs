//! A mail server: it sends first, and `220` is ready.

use super::protocol::{Protocol, Readiness, excerpt, wrong_protocol};

/// The probe.
#[derive(Clone, Copy, Debug)]
pub struct Smtp;

impl Protocol for Smtp {
    fn request(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let digits = reply.iter().take(3).all(u8::is_ascii_digit);
        match reply {
            _ if !digits => wrong_protocol("smtp", reply),
            [_, _, _, b' ' | b'-' | b'\r' | b'\n', ..] => match reply[0] {
                b'2' if reply.starts_with(b"220") => Readiness::Ready,
                b'4' | b'5' => Readiness::Starting(excerpt(reply)),
                _ => wrong_protocol("smtp", reply),
            },
            [_, _, _, _, ..] => wrong_protocol("smtp", reply),
            _ => Readiness::Incomplete,
        }
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    #[test]
    fn a_220_is_ready_and_a_4xx_or_5xx_is_starting() {
        survives_any_reply(&Smtp, b"220 mail.example ESMTP\r\n");
        assert_eq!(Smtp.judge(b"220-first\r\n220 second\r\n"), Readiness::Ready);
        for refusal in [
            &b"421 too busy\r\n"[..],
            b"454 later\r\n",
            b"554 no service\r\n",
        ] {
            assert!(matches!(Smtp.judge(refusal), Readiness::Starting(_)));
        }
        for garbage in [&b"+PONG\r\n"[..], b"2200 x", b"250 ok\r\n"] {
            assert!(matches!(Smtp.judge(garbage), Readiness::Down(_)));
        }
    }
}
