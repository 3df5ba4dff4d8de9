//! What every probe has in common: the request, the reply's readiness, and messages about
//! replies.

use std::time::Duration;

use crate::tls::Tls;

/// The readiness of a dependency, as far as a reply tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does its work.
    Ready,
    /// It accepts connections and does not do its work yet; why.
    Starting(String),
    /// Nobody listens, or something else does; why.
    Down(String),
    /// The reply is too short to tell.
    Incomplete,
}

/// What can be learned about a server without asking it.
pub trait Server {
    /// A file in the working directory of the process that listens; `None` if that is not
    /// known: it is on another host, or its files may not be read.
    fn own_file(&self, name: &str) -> Option<Vec<u8>>;
}

/// The protocol of a probe.
pub trait Protocol {
    /// How the connection is made secure, if it is.
    fn tls(&self) -> Option<&Tls> {
        None
    }
    /// The bytes to send after connecting.
    fn request(&self) -> Vec<u8>;
    /// Judges the reply so far, at first an empty one. The bytes are not trusted: they
    /// may be incomplete, of another protocol, or made to do harm.
    fn judge(&self, reply: &[u8]) -> Readiness;
    /// The bytes to send when the reply so far is incomplete because the server waits for
    /// them. `answered` is the number of such answers that were sent.
    fn answer(&self, reply: &[u8], answered: usize) -> Option<Vec<u8>> {
        let _ = (reply, answered);
        None
    }
    /// Whether the request may be sent to a server that runs as this user. The user is
    /// the kernel's word, for a unix socket.
    fn may_send_to(&self, user: u32) -> bool {
        let _ = user;
        true
    }
    /// The bytes of a reply that are read at most. More is no answer.
    fn reply_max(&self) -> usize {
        64 * 1024
    }
    /// The readiness that the kernel and the files of the server tell, before anything is
    /// sent to it.
    fn look(&self, server: &dyn Server) -> Readiness {
        let _ = server;
        Readiness::Incomplete
    }
    /// The silence after which the server counts as ready, if it need not answer.
    fn silence_is_ready(&self) -> Option<Duration> {
        None
    }
    /// The bytes to send before closing, after a reply that is ready.
    fn goodbye(&self, reply: &[u8]) -> &'static [u8] {
        let _ = reply;
        b""
    }
}

/// The readiness where the reply is not of the protocol.
pub(super) fn wrong_protocol(protocol: &str, reply: &[u8]) -> Readiness {
    Readiness::Down(format!(
        "answers, but not as {protocol} does: {}",
        excerpt(reply)
    ))
}

/// The first line of a reply for a message: printable, at most 60 bytes.
pub(super) fn excerpt(reply: &[u8]) -> String {
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

/// The last line of an output that has something in it, for a message.
pub(crate) fn last_line(output: &[u8]) -> Option<String> {
    let mut lines = output.rsplit(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.find(|line| !line.is_empty()).map(excerpt)
}

/// The first line of a reply, without its line end; `None` if it is incomplete.
pub(super) fn first_line(reply: &[u8]) -> Option<&[u8]> {
    let end = reply.iter().position(|&byte| byte == b'\n')?;
    let line = &reply[..end];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Whether `reply` begins with `start`, or with a part of it if it is shorter.
pub(super) fn may_begin(reply: &[u8], start: &[u8]) -> bool {
    reply.iter().zip(start).all(|(a, b)| a == b)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Asserts that a parser takes a reply whole, cut at each byte, and changed in each
    /// byte, without a panic; and that a cut reply is never one for "down".
    pub(in crate::probe) fn survives_any_reply(protocol: &dyn Protocol, good: &[u8]) {
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
