//! Logging in to a redis, before the first command.

use super::protocol::Readiness;
use super::resp::{Reader, command, unexpected};

/// A password, and who may have it.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user of redis; the default one without it.
    pub user: Option<Vec<u8>>,
    /// The password.
    pub password: Vec<u8>,
    /// The users of the system, besides root, that the password may be sent to: those that
    /// the server may run as.
    pub servers: Vec<u32>,
}

impl Login {
    pub(super) fn request(&self) -> Vec<u8> {
        match &self.user {
            Some(user) => command(&[b"AUTH", user, &self.password]),
            None => command(&[b"AUTH", &self.password]),
        }
    }

    /// Whether the password may be sent to a server that runs as this user.
    pub(super) fn may_send_to(&self, user: u32) -> bool {
        user == 0 || self.servers.contains(&user)
    }

    /// Reads the answer. A server that has no password is passed over.
    pub(super) fn judge(&self, reader: &mut Reader) -> Result<(), Readiness> {
        let line = reader.line()?;
        let holds = |part: &[u8]| line.windows(part.len()).any(|found| found == part);
        if line == b"+OK" || holds(b"without any password") || holds(b"no password is set") {
            return Ok(());
        }
        if line.starts_with(b"-WRONGPASS") || line.starts_with(b"-ERR invalid password") {
            let refused = "refuses the password that it is given";
            return Err(Readiness::Starting(refused.to_owned()));
        }
        Err(unexpected(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(user: Option<&str>) -> Login {
        Login {
            user: user.map(|user| user.as_bytes().to_vec()),
            password: b"p w".to_vec(),
            servers: vec![7],
        }
    }

    #[test]
    fn the_user_is_sent_before_the_password() {
        let request = b"*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n";
        assert_eq!(login(None).request(), request);
        let request = b"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$3\r\np w\r\n";
        assert_eq!(login(Some("me")).request(), request);
    }

    #[test]
    fn only_root_and_users_of_the_server_get_the_password() {
        let may = [0, 7, 8].map(|user| login(None).may_send_to(user));
        assert_eq!(may, [true, true, false]);
    }

    #[test]
    fn a_server_without_a_password_is_logged_in_to() {
        let judge = |reply: &[u8]| login(None).judge(&mut Reader::new(reply));
        for reply in [
            &b"+OK\r\n"[..],
            b"-ERR AUTH <password> called without any password configured for the default user.\r\n",
            b"-ERR Client sent AUTH, but no password is set\r\n",
        ] {
            assert_eq!(judge(reply), Ok(()));
        }
        for reply in [
            &b"-WRONGPASS invalid username-password pair\r\n"[..],
            b"-ERR invalid password\r\n",
            b"-ERR max number of clients reached\r\n",
            b"-ERR wrong number of arguments for 'auth' command\r\n",
        ] {
            assert!(matches!(judge(reply), Err(Readiness::Starting(_))));
        }
        assert_eq!(judge(b"+O"), Err(Readiness::Incomplete));
        assert!(matches!(judge(b"+PONG\r\n"), Err(Readiness::Down(_))));
    }
}
