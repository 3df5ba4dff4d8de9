//! The addresses of a name, within a time: the resolver itself knows no deadline.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use daemontools::unix::thread;

/// The addresses of a name. A resolver that hangs does so in a thread of its own,
/// which the exec or the end of this process takes away.
pub(super) fn resolve(
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let asked = move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        let _ = sender.send(addresses.map(Iterator::collect));
    };
    thread::builder()
        .stack_size(256 * 1024)
        .spawn(asked)
        .map_err(|error| format!("{host} can't be resolved: {error}"))?;
    match receiver.recv_timeout(timeout) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(format!("{host} can't be resolved: {error}")),
        Err(_) => Err(format!(
            "{host} was not resolved within {:.1} s",
            timeout.as_secs_f32()
        )),
    }
}
