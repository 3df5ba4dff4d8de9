//! What "ready" means, protocol by protocol. A probe is bytes to send and a pure
//! parser of the bytes that came back so far; who connects, waits and sets bounds is
//! [`crate::net`].

mod http;
mod mongo;
mod postgres;
mod redis;
mod smtp;
mod tcp;
mod unix;
mod websocket;
mod worker;

pub use http::Http;
pub use mongo::{Dialect, Mongo};
pub use postgres::Postgres;
pub use redis::Redis;
pub use smtp::Smtp;
pub use tcp::Accepts;
pub use unix::{Refusal, refusal};
pub use websocket::Websocket;
pub use worker::{Alive, Worker};

/// What the bytes so far say of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does its work.
    Ready,
    /// It is there and does not yet do its work; why.
    Starting(String),
    /// It is not there, or something else is; why.
    Down(String),
    /// Not enough bytes to tell.
    Incomplete,
}

/// A way to ask.
pub trait Protocol {
    /// What to send after connecting.
    fn request(&self) -> Vec<u8>;
    /// Judges the reply so far, at first an empty one. Any bytes may come: half
    /// replies, garbage, what a hostile peer sends.
    fn judge(&self, reply: &[u8]) -> Readiness;
    /// Whether a server that runs as this user, as the kernel tells it, may see what is
    /// sent.
    fn may_send_to(&self, user: u32) -> bool {
        let _ = user;
        true
    }
    /// What to send before closing, as a polite client would.
    fn goodbye(&self) -> &'static [u8] {
        b""
    }
}

/// The readiness on bytes that are not of the protocol.
fn wrong_protocol(protocol: &str, reply: &[u8]) -> Readiness {
    Readiness::Down(format!(
        "answers, but not as {protocol} does: {}",
        excerpt(reply)
    ))
}

/// The first line of a reply for a message: printable, and not much of it.
fn excerpt(reply: &[u8]) -> String {
    let line = reply.split(|&byte| byte == b'\n').next().unwrap_or(reply);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut text: String = line
        .iter()
        .take(60)
        .map(|&byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        })
        .collect();
    if line.len() > 60 {
        text.push_str("...");
    }
    format!("\"{text}\"")
}

/// The first line of a reply, without its end; `None` until it is complete.
fn first_line(reply: &[u8]) -> Option<&[u8]> {
    let end = reply.iter().position(|&byte| byte == b'\n')?;
    let line = &reply[..end];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether `reply` may still become something that begins with `start`.
fn may_begin(reply: &[u8], start: &[u8]) -> bool {
    reply.iter().zip(start).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No reply, whole, cut anywhere, or changed in one byte, may bring a parser
    /// down, and a cut one is never a reason to call a dependency ready or down.
    pub(super) fn survives_any_reply(protocol: &dyn Protocol, good: &[u8]) {
        assert_eq!(protocol.judge(good), Readiness::Ready);
        for cut in 0..good.len() {
            let readiness = protocol.judge(&good[..cut]);
            assert!(
                matches!(readiness, Readiness::Incomplete | Readiness::Ready),
                "{cut}: {readiness:?}"
            );
        }
        for place in 0..good.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff, b'\n', b'-', b'9'] {
                let mut reply = good.to_vec();
                reply[place] = byte;
                let _ = protocol.judge(&reply);
                reply.truncate(place + 1);
                let _ = protocol.judge(&reply);
            }
        }
        for byte in 0..=255 {
            let _ = protocol.judge(&[byte; 5000]);
        }
    }

    #[test]
    fn an_excerpt_is_printable_and_short() {
        assert_eq!(excerpt(b"a\x1b[31m\r\nsecond"), "\"a.[31m\"");
        assert_eq!(excerpt(&[b'x'; 100]), format!("\"{}...\"", "x".repeat(60)));
        assert_eq!(excerpt(b""), "\"\"");
    }
}
