//! Asks a dependency: the one place with sockets. Every address of a name is tried,
//! each within its own time; a reply is bounded in size; a name that can't be
//! resolved, a peer that trickles or is silent, nobody holds the gate up.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use daemontools::unix::socket;

use crate::probe::{Protocol, Readiness, refusal};

mod endpoint;
mod resolve;
mod exchange;

pub use endpoint::Endpoint;

use resolve::resolve;
use exchange::{errno, exchange};

/// Bounds of one dependency.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For resolving a name.
    pub resolve: Duration,
    /// For each address, from connecting to the end of the answer.
    pub answer: Duration,
    /// Bytes of a reply.
    pub reply: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            answer: Duration::from_secs(2),
            reply: 64 * 1024,
        }
    }
}

/// What came out of a dependency.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Ready, starting or down; never [`Readiness::Incomplete`].
    pub readiness: Readiness,
    /// Whether nobody was there to notice that we asked.
    pub absent: bool,
    /// How long it took.
    pub took: Duration,
}

/// Asks at `endpoint`; the best answer of its addresses counts.
#[must_use]
pub fn ask(endpoint: &Endpoint, protocol: &dyn Protocol, limits: Limits) -> Outcome {
    let start = Instant::now();
    let (readiness, absent) = match endpoint {
        Endpoint::Unix(path) => {
            let deadline = start + limits.answer;
            match socket::connect_unix(path) {
                Ok(stream) => match socket::peer_user(&stream) {
                    Ok(user) if protocol.may_send_to(user) => {
                        (exchange(stream, protocol, deadline, limits), false)
                    }
                    Ok(user) => (Readiness::Down(stranger(user)), false),
                    Err(error) => (refusal(true, error).readiness, false),
                },
                Err(error) => {
                    let refusal = refusal(true, error);
                    (refusal.readiness, refusal.absent)
                }
            }
        }
        Endpoint::Tcp(host, port) => match resolve(host, *port, limits.resolve) {
            Ok(addresses) => ask_all(&addresses, protocol, limits),
            Err(why) => (Readiness::Down(why), false),
        },
    };
    log::debug!("{endpoint}: {readiness:?}");
    Outcome {
        readiness,
        absent,
        took: start.elapsed(),
    }
}

fn ask_all(addresses: &[SocketAddr], protocol: &dyn Protocol, limits: Limits) -> (Readiness, bool) {
    let mut best: Option<Readiness> = None;
    let mut absent = true;
    for address in addresses {
        let deadline = Instant::now() + limits.answer;
        let readiness = match TcpStream::connect_timeout(address, limits.answer) {
            Ok(stream) => {
                absent = false;
                let _ = stream.set_nodelay(true);
                exchange(stream, protocol, deadline, limits)
            }
            Err(error) => {
                let refusal = refusal(false, errno(&error));
                absent &= refusal.absent;
                refusal.readiness
            }
        };
        if readiness == Readiness::Ready {
            return (readiness, false);
        }
        if best.as_ref().is_none_or(|best| rank(&readiness) > rank(best)) {
            best = Some(readiness);
        }
    }
    let nowhere = || Readiness::Down("the name has no address".to_owned());
    (best.unwrap_or_else(nowhere), absent)
}

fn stranger(user: u32) -> String {
    format!("its socket is held by user {user}, to whom no password is sent")
}

const fn rank(readiness: &Readiness) -> u8 {
    match readiness {
        Readiness::Ready => 2,
        Readiness::Starting(_) => 1,
        Readiness::Down(_) | Readiness::Incomplete => 0,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
mod tests;
