//! Redis: an inline `PING`, which every version understands. Only `+PONG` is ready: the
//! port is open long before a large data set is loaded.

use super::protocol::{Protocol, Readiness, excerpt, first_line, wrong_protocol};

/// The probe.
#[derive(Clone, Debug, Default)]
pub struct Redis {
    /// Sent first, with `AUTH`.
    pub password: Option<Vec<u8>>,
    /// The users, besides root, that the password may be sent to: those that the server
    /// may run as.
    pub users: Vec<u32>,
}

/// Longer than any line that answers `AUTH` or `PING`.
const LINE_MAX: usize = 1024;

impl Protocol for Redis {
    fn request(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(password) = &self.password {
            bytes.extend_from_slice(&command(&[b"AUTH", password]));
        }
        bytes.extend_from_slice(b"PING\r\n");
        bytes
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let Some(line) = first_line(reply) else {
            return match reply.first() {
                Some(b'+' | b'-') | None if reply.len() <= LINE_MAX => Readiness::Incomplete,
                _ => wrong_protocol("redis", reply),
            };
        };
        if self.password.is_none() {
            return pong(line);
        }
        // The reply to AUTH. An error of a server that has no password is passed over; a
        // server that refuses the password replies NOAUTH to the PING.
        let rest = &reply[reply
            .iter()
            .position(|&b| b == b'\n')
            .map_or(0, |at| at + 1)..];
        if line.starts_with(b"-WRONGPASS") || line.starts_with(b"-ERR invalid password") {
            return Readiness::Starting("refuses the password that it is given".to_owned());
        }
        if !line.starts_with(b"+OK") && !line.starts_with(b"-ERR") {
            return pong(line);
        }
        Self::default().judge(rest)
    }

    fn may_send_to(&self, user: u32) -> bool {
        self.password.is_none() || user == 0 || self.users.contains(&user)
    }

    fn goodbye(&self) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

fn pong(line: &[u8]) -> Readiness {
    match line {
        b"+PONG" => Readiness::Ready,
        _ if line.starts_with(b"-NOAUTH") => Readiness::Starting(
            "wants a password: give the probe a password-file in services.toml".to_owned(),
        ),
        [b'-', why @ ..] => Readiness::Starting(excerpt(why)),
        _ => wrong_protocol("redis", line),
    }
}

/// A command in redis's own form, an array of strings, which may have any bytes.
pub(super) fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    fn judge(reply: &[u8]) -> Readiness {
        Redis::default().judge(reply)
    }

    #[test]
    fn only_pong_is_ready() {
        survives_any_reply(&Redis::default(), b"+PONG\r\n");
        for starting in [
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script",
            "MASTERDOWN Link with MASTER is down",
            "ERR max number of clients reached",
            "NOAUTH Authentication required.",
        ] {
            let readiness = judge(format!("-{starting}\r\n").as_bytes());
            assert!(matches!(readiness, Readiness::Starting(_)), "{readiness:?}");
        }
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"220 hello\r\n",
            b"\0",
        ] {
            assert!(matches!(judge(garbage), Readiness::Down(_)));
        }
        assert!(matches!(judge(&[b'+'; 2000]), Readiness::Down(_)));
        assert_eq!(judge(b"+PO"), Readiness::Incomplete);
    }

    #[test]
    fn a_password_is_sent_before_the_ping_and_its_reply_is_skipped() {
        let redis = Redis {
            password: Some(b"p w".to_vec()),
            users: vec![7],
        };
        assert!(redis.may_send_to(0) && redis.may_send_to(7) && !redis.may_send_to(8));
        assert!(Redis::default().may_send_to(8));
        assert_eq!(
            redis.request(),
            b"*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\nPING\r\n"
        );
        survives_any_reply(&redis, b"+OK\r\n+PONG\r\n");
        assert_eq!(redis.judge(b"+OK\r\n"), Readiness::Incomplete);
        let unasked = b"-ERR AUTH called without any password configured\r\n+PONG\r\n";
        assert_eq!(redis.judge(unasked), Readiness::Ready);
        let wrong = redis.judge(b"-WRONGPASS invalid\r\n-NOAUTH\r\n");
        assert!(matches!(wrong, Readiness::Starting(_)));
    }
}
