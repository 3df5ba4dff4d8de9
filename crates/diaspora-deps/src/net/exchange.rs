//! One conversation over a connected socket, until the protocol can tell or the time
//! is up. The deadline is for all of it: a peer that sends a byte now and then gains
//! nothing.

use std::io::Read;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use daemontools::Errno;
use daemontools::unix::socket;

use super::Limits;
use crate::probe::{Protocol, Readiness};

/// A connected socket of either kind.
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

/// Talks until the protocol can tell.
pub(super) fn exchange(
    mut stream: impl Stream,
    protocol: &dyn Protocol,
    deadline: Instant,
    limits: Limits,
) -> Readiness {
    let mut reply = Vec::new();
    match converse(&mut stream, protocol, &mut reply, deadline, limits) {
        Ok(readiness) => {
            if readiness == Readiness::Ready {
                let _ = socket::send_all(&stream, protocol.goodbye());
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

fn converse(
    stream: &mut impl Stream,
    protocol: &dyn Protocol,
    reply: &mut Vec<u8>,
    deadline: Instant,
    limits: Limits,
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
    let hello = protocol.request();
    if !hello.is_empty() {
        stream.set_timeout(left()?)?;
        socket::send_all(&*stream, &hello).map_err(std::io::Error::from)?;
    }
    let mut buffer = [0; 4096];
    loop {
        match protocol.judge(reply) {
            Readiness::Incomplete => {}
            readiness => return Ok(readiness),
        }
        if reply.len() >= limits.reply {
            return Ok(Readiness::Down(format!(
                "its answer has no end: more than {} bytes",
                limits.reply
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

/// The kernel's error number; unknown for an error of the library's own.
pub(super) fn errno(error: &std::io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number),
        None if error.kind() == std::io::ErrorKind::TimedOut => Errno::ETIMEDOUT,
        None => Errno::UnknownErrno,
    }
}
