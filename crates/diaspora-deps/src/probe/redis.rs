//! Redis: an inline `PING`, which every version understands. Only `+PONG` is ready: the
//! port is open long before a large data set is loaded.

use super::login::Login;
use super::protocol::{Protocol, Readiness};
use super::resp::{Reader, unexpected};
use crate::tls::Tls;

/// The probe.
#[derive(Clone, Debug, Default)]
pub struct Redis {
    /// How to log in first.
    pub login: Option<Login>,
    /// How the connection is made secure.
    pub tls: Option<Tls>,
}

impl Protocol for Redis {
    fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    fn request(&self) -> Vec<u8> {
        [&self.log_in()[..], b"PING\r\n"].concat()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let mut reader = Reader::new(reply);
        let answer = self.logged_in(&mut reader);
        match answer.and_then(|()| reader.line()) {
            Ok(b"+PONG") => Readiness::Ready,
            Ok(line) => unexpected(line),
            Err(readiness) => readiness,
        }
    }

    fn may_send_to(&self, user: u32) -> bool {
        self.login
            .as_ref()
            .is_none_or(|login| login.may_send_to(user))
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        b"QUIT\r\n"
    }
}

impl Redis {
    /// What is sent before the first command.
    pub(super) fn log_in(&self) -> Vec<u8> {
        self.login.as_ref().map(Login::request).unwrap_or_default()
    }

    /// Reads the answer to it.
    pub(super) fn logged_in(&self, reader: &mut Reader) -> Result<(), Readiness> {
        self.login
            .as_ref()
            .map_or(Ok(()), |login| login.judge(reader))
    }
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
            login: Some(Login {
                user: None,
                password: b"p w".to_vec(),
                servers: vec![7],
            }),
            tls: None,
        };
        assert!(redis.may_send_to(7) && !redis.may_send_to(8));
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
