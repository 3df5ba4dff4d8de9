//! One request and its reply over a connected socket. The deadline is for the whole
//! exchange: a peer that sends a byte now and then does not extend it.

use std::io::Read;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use daemontools::Errno;
use daemontools::unix::socket;

use super::listener::Listener;
use crate::probe::{Protocol, Readiness};

/// Limits of one probe.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For resolving a name.
    pub resolve: Duration,
    /// For each address, from connecting to the end of the reply.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            answer: Duration::from_secs(2),
        }
    }
}

/// A connected socket, TCP or unix.
pub(super) trait Stream: Read + AsFd {
    fn set_timeout(&self, timeout: Duration) -> std::io::Result<()>;
}

impl Stream for TcpStream {
    fn set_timeout(&self, timeout: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl Stream for UnixStream {
    fn set_timeout(&self, timeout: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// Looks at the server, sends the request and reads until the protocol knows the readiness.
pub(super) fn exchange(
    mut stream: impl Stream,
    listener: &Listener,
    protocol: &dyn Protocol,
    deadline: Instant,
    limits: Limits,
) -> Readiness {
    let seen = protocol.look(listener);
    if seen != Readiness::Incomplete {
        return seen;
    }
    let mut reply = Vec::new();
    match request_and_read(&mut stream, protocol, &mut reply, deadline) {
        Ok(readiness) => {
            if readiness == Readiness::Ready {
                let _ = socket::send_all(&stream, protocol.goodbye(&reply));
            }
            readiness
        }
        Err(error) => {
            let got = match reply.len() {
                0 => "no answer".to_owned(),
                count => format!("half an answer ({count} bytes)"),
            };
            Readiness::Starting(match errno(&error) {
                Errno::EAGAIN | Errno::ETIMEDOUT => format!(
                    "accepted, but {got} within {:.1} s",
                    limits.answer.as_secs_f32()
                ),
                Errno::UnknownErrno => format!("closed the connection after {got}"),
                other => format!("accepted, but {got}: {}", other.desc().to_lowercase()),
            })
        }
    }
}

fn request_and_read(
    stream: &mut impl Stream,
    protocol: &dyn Protocol,
    reply: &mut Vec<u8>,
    deadline: Instant,
) -> std::io::Result<Readiness> {
    let timed_out = || std::io::Error::from_raw_os_error(Errno::ETIMEDOUT as i32);
    let left = || {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(timed_out())
        } else {
            Ok(left)
        }
    };
    let request = protocol.request();
    if !request.is_empty() {
        stream.set_timeout(left()?)?;
        socket::send_all(&*stream, &request).map_err(std::io::Error::from)?;
    }
    let mut buffer = [0; 16 * 1024];
    loop {
        match protocol.judge(reply) {
            Readiness::Incomplete => {}
            readiness => return Ok(readiness),
        }
        if reply.len() >= protocol.reply_max() {
            return Ok(Readiness::Down(format!(
                "its answer has no end: more than {} bytes",
                protocol.reply_max()
            )));
        }
        stream.set_timeout(left()?)?;
        match stream.read(&mut buffer) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => reply.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The kernel's error number; `UnknownErrno` for an error of the standard library.
pub(super) fn errno(error: &std::io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number),
        None if error.kind() == std::io::ErrorKind::TimedOut => Errno::ETIMEDOUT,
        None => Errno::UnknownErrno,
    }
}
