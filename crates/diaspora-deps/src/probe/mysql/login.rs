//! Logging in to a MySQL. The password is mixed with the server's challenge, and never
//! sent itself.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::packet::{Greeting, SwitchRequest, packet};

/// A user of a MySQL, and who may have the password.
#[derive(Clone, Debug, Default)]
pub struct MysqlLogin {
    /// The user.
    pub user: Vec<u8>,
    /// The password, if there is one.
    pub password: Option<Vec<u8>>,
    /// The users of the system, besides root, that the password may be sent to.
    pub servers: Vec<u32>,
}

/// The method of login that has a password; the only one that does without TLS.
const NATIVE: &[u8] = b"mysql_native_password";

/// Long passwords, the protocol of version 4.1, its passwords, methods by name.
const CAPABILITIES: u32 = 0x1 | 0x200 | 0x8000 | 0x8_0000;
const PACKET_MAX: u32 = 1 << 24;
/// utf8mb4.
const CHARSET: u8 = 45;

impl MysqlLogin {
    pub(super) fn may_send_to(&self, user: u32) -> bool {
        self.password.is_none() || user == 0 || self.servers.contains(&user)
    }

    /// The answer to a greeting.
    pub(super) fn log_in(&self, greeting: &Greeting) -> Vec<u8> {
        let is_native = greeting.method == NATIVE || greeting.method.is_empty();
        let proof = if is_native {
            self.proof(&greeting.challenge)
        } else {
            Vec::new()
        };
        let mut body = Vec::new();
        body.extend_from_slice(&CAPABILITIES.to_le_bytes());
        body.extend_from_slice(&PACKET_MAX.to_le_bytes());
        body.push(CHARSET);
        body.extend_from_slice(&[0; 23]);
        body.extend_from_slice(&self.user);
        body.push(0);
        body.push(u8::try_from(proof.len()).unwrap_or(0));
        body.extend_from_slice(&proof);
        body.extend_from_slice(NATIVE);
        body.push(0);
        packet(1, &body)
    }

    /// The answer where another method is wanted. One that is not known gets an empty
    /// answer, so that the login ends in order.
    pub(super) fn switch(&self, request: &SwitchRequest) -> Vec<u8> {
        let proof = if request.method == NATIVE {
            self.proof(request.challenge)
        } else {
            Vec::new()
        };
        packet(3, &proof)
    }

    /// What shows that the password is known: its hash, XORed with the hash of the
    /// challenge and the hash of the hash.
    fn proof(&self, challenge: &[u8]) -> Vec<u8> {
        let Some(password) = self.password.as_ref().filter(|text| !text.is_empty()) else {
            return Vec::new();
        };
        let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
        let hash = sha1(password);
        let stored = sha1(hash.as_ref());
        let mask = sha1(&[challenge, stored.as_ref()].concat());
        let pairs = hash.as_ref().iter().zip(mask.as_ref());
        pairs.map(|(a, b)| a ^ b).collect()
    }
}
