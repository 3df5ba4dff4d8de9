//! A message broker: sends the header of AMQP 0-9-1, and any answer in AMQP is ready. A
//! broker of another version answers with a header of its own.

use super::protocol::{Protocol, Readiness, may_begin, wrong_protocol};

/// The probe.
#[derive(Clone, Copy, Debug)]
pub struct Amqp;

const NAME: &[u8] = b"AMQP";
const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// A method on the connection itself, before its length.
const METHOD: &[u8] = b"\x01\0\0";
/// `connection.start`, after the length.
const START: &[u8] = b"\0\x0a\0\x0a";

impl Protocol for Amqp {
    fn request(&self) -> Vec<u8> {
        HEADER.to_vec()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let (start, end): (&[u8], _) = match reply.first() {
            Some(b'A') => (NAME, HEADER.len()),
            _ => (METHOD, METHOD.len() + 4 + START.len()),
        };
        if !may_begin(reply, start) {
            return wrong_protocol("amqp", reply);
        }
        match reply.get(..end) {
            None => Readiness::Incomplete,
            Some(whole) if start == NAME || whole.ends_with(START) => Readiness::Ready,
            Some(_) => Readiness::Starting("refuses the connection".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    #[test]
    fn a_start_or_a_header_is_ready() {
        survives_any_reply(&Amqp, b"\x01\0\0\0\0\x01\xec\0\x0a\0\x0a\0\x09\0");
        survives_any_reply(&Amqp, b"AMQP\x03\x01\0\0");
        let close = b"\x01\0\0\0\0\0\x20\0\x0a\0\x32";
        assert!(matches!(Amqp.judge(close), Readiness::Starting(_)));
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"HTTP/1.1 400 Bad"[..], b"+PONG", b"\x02", b"AMXX"] {
            assert!(matches!(Amqp.judge(garbage), Readiness::Down(_)));
        }
    }
}
