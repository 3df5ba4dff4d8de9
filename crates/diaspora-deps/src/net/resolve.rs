//! The addresses of a name, within a time limit: the system's resolver has none.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use daemontools::unix::thread;

/// Why a name has no addresses.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// The resolver, or the thread for it, failed.
    #[error("{host} can't be resolved: {cause}")]
    Failed { host: String, cause: io::Error },
    /// The resolver did not answer in time.
    #[error("{host} was not resolved within {:.1} s", timeout.as_secs_f32())]
    TimedOut { host: String, timeout: Duration },
}

/// Resolves a name or reads an address. A resolver that hangs does so in a thread of its
/// own, which ends with this process or its exec.
pub(super) fn resolve(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, ResolveError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let resolver = move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        let _ = sender.send(addresses.map(Iterator::collect));
    };
    let host = host.to_owned();
    if let Err(cause) = thread::builder().stack_size(256 * 1024).spawn(resolver) {
        return Err(ResolveError::Failed { host, cause });
    }
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(cause)) => Err(ResolveError::Failed { host, cause }),
        Err(_) => Err(ResolveError::TimedOut { host, timeout }),
    }
}
