//! Unix sockets without two properties of the standard library: its `connect` waits while
//! the listener's backlog is full, and its `write` raises SIGPIPE.

use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, socket};
use std::os::fd::{AsFd, AsRawFd};

use crate::Result;

/// Connects to the unix socket at `path`, or fails at once. The stream is blocking.
///
/// # Errors
/// Those of `connect(2)`: ENOENT if there is no such file, ECONNREFUSED if no
/// process listens any more, EAGAIN if the backlog is full.
pub fn connect_unix(path: &Path) -> Result<UnixStream> {
    let fd = socket(
        AddressFamily::Unix,
        SockType::Stream,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    super::fd::set_nonblocking(&fd, false)?;
    Ok(UnixStream::from(fd))
}

/// The effective user id that the peer of a connected unix socket had when it began to
/// listen. It is from the kernel, so the peer can't forge it.
///
/// # Errors
/// Those of `getsockopt(2)`.
pub fn peer_user(socket: &UnixStream) -> Result<u32> {
    let peer = nix::sys::socket::getsockopt(socket, nix::sys::socket::sockopt::PeerCredentials)?;
    Ok(peer.uid())
}

/// The process that began to listen at the peer of a connected unix socket, as the kernel
/// knows it; 0 if it is in another namespace of pids.
///
/// # Errors
/// Those of `getsockopt(2)`.
pub fn peer_process(socket: &UnixStream) -> Result<u32> {
    let peer = nix::sys::socket::getsockopt(socket, nix::sys::socket::sockopt::PeerCredentials)?;
    Ok(u32::try_from(peer.pid()).unwrap_or(0))
}

/// Sends bytes, and gives the number of those that were sent. Unlike a write it raises no
/// SIGPIPE if the peer has closed the socket: not every program may ignore that signal.
///
/// # Errors
/// Those of `send(2)`; EPIPE if the peer has closed the socket.
pub fn send(socket: impl AsFd, bytes: &[u8]) -> Result<usize> {
    let fd = socket.as_fd().as_raw_fd();
    nix::sys::socket::send(fd, bytes, MsgFlags::MSG_NOSIGNAL)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::Errno;

    #[test]
    fn connects_only_while_a_process_listens() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("socket");
        let connect = || connect_unix(&path).map(drop);
        assert_eq!(connect(), Err(Errno::ENOENT));
        let listener = UnixListener::bind(&path).expect("bind");
        assert_eq!(connect(), Ok(()));
        let stream = connect_unix(&path).expect("a connection");
        assert_eq!(peer_user(&stream), Ok(nix::unistd::geteuid().as_raw()));
        drop(listener);
        assert_eq!(connect(), Err(Errno::ECONNREFUSED));
    }
}
