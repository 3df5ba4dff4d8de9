//! A mail server: it speaks first, and `220` is its welcome.

use super::{Protocol, Verdict, excerpt, not_the_protocol};

/// The probe.
#[derive(Clone, Copy, Debug)]
pub struct Smtp;

impl Protocol for Smtp {
    fn hello(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, reply: &[u8]) -> Verdict {
        let digits = reply.iter().take(3).all(u8::is_ascii_digit);
        match reply {
            _ if !digits => not_the_protocol("smtp", reply),
            [_, _, _, b' ' | b'-' | b'\r' | b'\n', ..] => match reply[0] {
                b'2' if reply.starts_with(b"220") => Verdict::Ready,
                b'4' | b'5' => Verdict::Starting(excerpt(reply)),
                _ => not_the_protocol("smtp", reply),
            },
            [_, _, _, _, ..] => not_the_protocol("smtp", reply),
            _ => Verdict::NeedMore,
        }
    }

    fn goodbye(&self) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::bear_anything;
    use super::*;

    #[test]
    fn a_welcome_is_ready_and_a_refusal_is_not() {
        bear_anything(&Smtp, b"220 mail.example ESMTP\r\n");
        assert_eq!(Smtp.judge(b"220-first\r\n220 second\r\n"), Verdict::Ready);
        for refusal in [
            &b"421 too busy\r\n"[..],
            b"454 later\r\n",
            b"554 no service\r\n",
        ] {
            assert!(matches!(Smtp.judge(refusal), Verdict::Starting(_)));
        }
        for garbage in [&b"+PONG\r\n"[..], b"2200 x", b"250 ok\r\n"] {
            assert!(matches!(Smtp.judge(garbage), Verdict::Down(_)));
        }
    }
}
