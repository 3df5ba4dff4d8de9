//! A connected socket with a deadline, and TLS over it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use daemontools::Errno;
use daemontools::unix::socket;
use rustls::{ClientConnection, StreamOwned};

use crate::tls::Tls;

/// A connected socket, TCP or unix.
pub(super) trait Stream: Read + AsFd {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl Stream for UnixStream {
    fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// A stream whose reads and writes fail with ETIMEDOUT or EAGAIN after the deadline.
pub(super) struct Wire<S> {
    stream: S,
    deadline: Instant,
}

impl<S: Stream> Wire<S> {
    pub(super) const fn new(stream: S, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    /// TLS over it. The handshake is made by the first read or write.
    pub(super) fn secured(
        self,
        tls: &Tls,
    ) -> Result<StreamOwned<ClientConnection, Self>, rustls::Error> {
        Ok(StreamOwned::new(tls.connection()?, self))
    }

    fn set_timeout(&self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from_raw_os_error(Errno::ETIMEDOUT as i32));
        }
        self.stream.set_timeout(left)
    }
}

impl<S: Stream> Read for Wire<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.set_timeout()?;
        self.stream.read(buffer)
    }
}

impl<S: Stream> Write for Wire<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.set_timeout()?;
        Ok(socket::send(&self.stream, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
