//! A request to the pod's web server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer of the pod takes.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The status and the body of an answer.
pub(crate) fn request(method: &str, path: &str) -> io::Result<(u16, String)> {
    let address = SocketAddr::from(([127, 0, 0, 1], 80));
    let mut peer = TcpStream::connect_timeout(&address, TIMEOUT)?;
    peer.set_read_timeout(Some(TIMEOUT))?;
    let head = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    peer.write_all(head.as_bytes())?;
    let mut answer = String::new();
    peer.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.unwrap_or(0), body.to_owned()))
}
