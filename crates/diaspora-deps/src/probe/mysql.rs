//! MySQL and MariaDB: logs in as a client does, and out again. A client that goes after
//! the greeting would be a line in the server's log, and the server counts it: after
//! `max_connect_errors` of them it blocks the host. A refused login is a line, but not
//! counted. A login that succeeds is neither.

use super::protocol::{Protocol, Readiness, excerpt, wrong_protocol};

mod login;
mod packet;

pub use login::MysqlLogin;

use packet::{Greeting, Packet, SwitchRequest, packets};

/// The probe.
#[derive(Clone, Debug, Default)]
pub struct Mysql {
    /// How to log in.
    pub login: MysqlLogin,
}

const OK: u8 = 0;
const MORE_DATA: u8 = 1;
const SWITCH: u8 = 0xfe;
const ERROR: u8 = 0xff;

/// The errors of a server that takes sessions, of another user, from another host or in
/// another way.
const REFUSALS: [u16; 11] = [
    1044, 1045, 1049, 1130, 1251, 1698, 1820, 1862, 3118, 3159, 4151,
];

/// What the packets so far mean.
enum State<'a> {
    Known(Readiness),
    /// The server waits for a login.
    Greeted(Greeting<'a>),
    /// The server wants another method of login.
    Switching(SwitchRequest<'a>),
}

impl Mysql {
    fn state(reply: &[u8]) -> State<'_> {
        let known = State::Known;
        let mut packets = packets(reply);
        let greeting = match packets.next() {
            Some(Packet::Whole(body)) => body,
            Some(Packet::Cut) | None => return known(Readiness::Incomplete),
            Some(Packet::Garbage) => return known(wrong_protocol("mysql", reply)),
        };
        if let [ERROR, error @ ..] = greeting {
            return known(refusal(error));
        }
        let Some(greeting) = Greeting::read(greeting) else {
            return known(wrong_protocol("mysql", reply));
        };
        let mut state = State::Greeted(greeting);
        for packet in packets {
            let Packet::Whole(body) = packet else {
                return known(match packet {
                    Packet::Garbage => wrong_protocol("mysql", reply),
                    _ => Readiness::Incomplete,
                });
            };
            state = match body {
                // The method `caching_sha2_password` goes on: users are told apart.
                [OK | MORE_DATA, ..] => return known(Readiness::Ready),
                [ERROR, error @ ..] => return known(refusal(error)),
                [SWITCH, request @ ..] => State::Switching(SwitchRequest::read(request)),
                _ => return known(wrong_protocol("mysql", reply)),
            };
        }
        state
    }
}

impl Protocol for Mysql {
    fn request(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        match Self::state(reply) {
            State::Known(readiness) => readiness,
            State::Greeted(_) | State::Switching(_) => Readiness::Incomplete,
        }
    }

    fn answer(&self, reply: &[u8], answered: usize) -> Option<Vec<u8>> {
        match (Self::state(reply), answered) {
            (State::Greeted(greeting), 0) => Some(self.login.log_in(&greeting)),
            (State::Switching(request), 1) => Some(self.login.switch(&request)),
            _ => None,
        }
    }

    fn may_send_to(&self, user: u32) -> bool {
        self.login.may_send_to(user)
    }

    fn goodbye(&self, _reply: &[u8]) -> &'static [u8] {
        // The command QUIT.
        b"\x01\0\0\0\x01"
    }
}

/// Judges an error: its number, `#` with a state of five letters, the message.
fn refusal(error: &[u8]) -> Readiness {
    let Some((number, text)) = error.split_first_chunk::<2>() else {
        return wrong_protocol("mysql", error);
    };
    if REFUSALS.contains(&u16::from_le_bytes(*number)) {
        return Readiness::Ready;
    }
    let text = match text {
        [b'#', _, _, _, _, _, text @ ..] => text,
        text => text,
    };
    Readiness::Starting(excerpt(text))
}

#[cfg(test)]
mod tests;
