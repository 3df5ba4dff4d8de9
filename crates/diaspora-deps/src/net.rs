//! Probes a dependency: the one place with sockets. Every address of a name is tried,
//! each within a time limit; a reply has a size limit. So neither a name server nor a
//! peer, silent or slow, holds a gate up.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use daemontools::unix::socket;

use crate::probe::{Protocol, Readiness, refusal};

mod endpoint;
mod exchange;
mod listener;
mod resolve;
mod url;
mod wire;

pub use endpoint::Endpoint;
pub use exchange::Limits;
pub use url::Url;

use exchange::{errno, exchange};
use listener::Listener;
use resolve::resolve;

/// The outcome of one probe.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Ready, starting or down; never [`Readiness::Incomplete`].
    pub readiness: Readiness,
    /// Whether nobody listened, so that nobody noticed the probe.
    pub absent: bool,
    /// The address that was probed, or the service directory whose supervise was asked.
    pub address: String,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The outcome of a probe that costs the service nothing, begun at `start`.
    pub(crate) fn unnoticed(readiness: Readiness, address: String, start: Instant) -> Self {
        Self {
            readiness,
            absent: true,
            address,
            took: start.elapsed(),
        }
    }
}

/// Probes an endpoint once. Of several addresses the best result counts.
#[must_use]
pub fn probe(endpoint: &Endpoint, protocol: &dyn Protocol, limits: Limits) -> Outcome {
    let start = Instant::now();
    let (readiness, absent) = match endpoint {
        Endpoint::Unix(path) => probe_socket(path, protocol, limits),
        Endpoint::Tcp(host, port) => match resolve(host, *port, limits.resolve) {
            Ok(addresses) => probe_addresses(&addresses, protocol, limits.after(start.elapsed())),
            Err(error) => (Readiness::Down(error.to_string()), false),
        },
    };
    log::debug!("{endpoint}: {readiness:?}");
    Outcome {
        readiness,
        absent,
        address: endpoint.to_string(),
        took: start.elapsed(),
    }
}

fn probe_socket(path: &Path, protocol: &dyn Protocol, limits: Limits) -> (Readiness, bool) {
    let deadline = Instant::now() + limits.answer;
    let peer = socket::connect_unix(path).and_then(|stream| {
        let user = socket::peer_user(&stream)?;
        Ok((stream, user))
    });
    match peer {
        Ok((stream, user)) if protocol.may_send_to(user) => {
            let listener = Listener::of_unix(&stream);
            (
                exchange(stream, &listener, protocol, deadline, limits),
                false,
            )
        }
        Ok((_, user)) => {
            let why = format!("its socket is held by user {user}, to whom no password is sent");
            (Readiness::Down(why), false)
        }
        Err(error) => {
            let refusal = refusal(true, error);
            (refusal.readiness, refusal.absent)
        }
    }
}

fn probe_addresses(
    addresses: &[SocketAddr],
    protocol: &dyn Protocol,
    limits: Limits,
) -> (Readiness, bool) {
    let mut best: Option<Readiness> = None;
    let mut absent = true;
    let start = Instant::now();
    for address in addresses {
        let limits = limits.after(start.elapsed());
        if limits.answer.is_zero() {
            let why = "no time is left for its other addresses";
            best.get_or_insert_with(|| Readiness::Down(why.to_owned()));
            break;
        }
        let deadline = Instant::now() + limits.answer;
        let readiness = match TcpStream::connect_timeout(address, limits.answer) {
            Ok(stream) => {
                absent = false;
                let _ = stream.set_nodelay(true);
                let listener = Listener::of_tcp(&stream);
                exchange(stream, &listener, protocol, deadline, limits)
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
        if best
            .as_ref()
            .is_none_or(|best| rank(&readiness) > rank(best))
        {
            best = Some(readiness);
        }
    }
    let none = || Readiness::Down("the name has no address".to_owned());
    (best.unwrap_or_else(none), absent)
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
