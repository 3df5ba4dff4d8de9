//! Asks a dependency: the one place with sockets. Every address of a name is tried,
//! each within its own time; a reply is bounded in size; a name that can't be
//! resolved, a peer that trickles or is silent, nobody holds the gate up.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use daemontools::unix::socket;

use crate::probe::{Protocol, Verdict, refusal};

mod endpoint;
mod resolve;
mod talk;

pub use endpoint::Endpoint;

use resolve::resolve;
use talk::{errno, talk};

/// Bounds of one question.
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

/// What came out of a question.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Ready, starting or down; never [`Verdict::NeedMore`].
    pub verdict: Verdict,
    /// Whether nobody was there to notice that we asked.
    pub absent: bool,
    /// How long it took.
    pub took: Duration,
}

/// Asks at `endpoint`; the best answer of its addresses counts.
#[must_use]
pub fn ask(endpoint: &Endpoint, protocol: &dyn Protocol, limits: Limits) -> Finding {
    let start = Instant::now();
    let (verdict, absent) = match endpoint {
        Endpoint::Unix(path) => {
            let deadline = start + limits.answer;
            match socket::connect_unix(path) {
                Ok(stream) => match socket::peer_user(&stream) {
                    Ok(user) if protocol.may_see(user) => {
                        (talk(stream, protocol, deadline, limits), false)
                    }
                    Ok(user) => (Verdict::Down(stranger(user)), false),
                    Err(error) => (refusal(true, error).verdict, false),
                },
                Err(error) => {
                    let refusal = refusal(true, error);
                    (refusal.verdict, refusal.absent)
                }
            }
        }
        Endpoint::Tcp(host, port) => match resolve(host, *port, limits.resolve) {
            Ok(addresses) => ask_all(&addresses, protocol, limits),
            Err(why) => (Verdict::Down(why), false),
        },
    };
    log::debug!("{endpoint}: {verdict:?}");
    Finding {
        verdict,
        absent,
        took: start.elapsed(),
    }
}

fn ask_all(addresses: &[SocketAddr], protocol: &dyn Protocol, limits: Limits) -> (Verdict, bool) {
    let mut best: Option<Verdict> = None;
    let mut absent = true;
    for address in addresses {
        let deadline = Instant::now() + limits.answer;
        let verdict = match TcpStream::connect_timeout(address, limits.answer) {
            Ok(stream) => {
                absent = false;
                let _ = stream.set_nodelay(true);
                talk(stream, protocol, deadline, limits)
            }
            Err(error) => {
                let refusal = refusal(false, errno(&error));
                absent &= refusal.absent;
                refusal.verdict
            }
        };
        if verdict == Verdict::Ready {
            return (verdict, false);
        }
        if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
            best = Some(verdict);
        }
    }
    let nowhere = || Verdict::Down("the name has no address".to_owned());
    (best.unwrap_or_else(nowhere), absent)
}

fn stranger(user: u32) -> String {
    format!("its socket is held by user {user}, to whom no password is sent")
}

const fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Ready => 2,
        Verdict::Starting(_) => 1,
        Verdict::Down(_) | Verdict::NeedMore => 0,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
mod tests;
