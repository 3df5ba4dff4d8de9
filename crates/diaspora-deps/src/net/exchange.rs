//! One request and its reply over a connected socket. The deadline is for the whole
//! exchange: a peer that sends a byte now and then does not extend it.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use daemontools::Errno;

use super::listener::Listener;
use super::wire::{Stream, Wire};
use crate::probe::{Protocol, Readiness};

/// Limits of one probe.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For resolving a name.
    pub resolve: Duration,
    /// For each address, from connecting to the end of the reply.
    pub answer: Duration,
    /// For all of it; none of its own if the others suffice.
    pub total: Option<Duration>,
}

impl Limits {
    /// Everything within this time.
    #[must_use]
    pub const fn total(time: Duration) -> Self {
        Self {
            resolve: time,
            answer: time,
            total: Some(time),
        }
    }

    /// The same, and everything within this time.
    #[must_use]
    pub fn at_most(self, longest: Duration) -> Self {
        Self {
            resolve: self.resolve.min(longest),
            answer: self.answer.min(longest),
            total: Some(self.total.map_or(longest, |total| total.min(longest))),
        }
    }

    /// What is left of these limits after a time.
    pub(super) fn after(self, time: Duration) -> Self {
        let left = self.total.map(|total| total.saturating_sub(time));
        let least = |limit: Duration| left.map_or(limit, |left| limit.min(left));
        Self {
            resolve: least(self.resolve),
            answer: least(self.answer),
            total: left,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            answer: Duration::from_secs(2),
            total: None,
        }
    }
}

/// Looks at the server, sends the request and reads until the protocol knows the readiness.
pub(super) fn exchange(
    stream: impl Stream,
    listener: &Listener,
    protocol: &dyn Protocol,
    deadline: Instant,
    limits: Limits,
) -> Readiness {
    let seen = protocol.look(listener);
    if seen != Readiness::Incomplete {
        return seen;
    }
    let silence = protocol.silence_is_ready();
    let end = silence.map_or(deadline, |silence| deadline.min(Instant::now() + silence));
    let wire = Wire::new(stream, end);
    let mut reply = Vec::new();
    let outcome = match protocol.tls() {
        None => talk(wire, protocol, &mut reply),
        Some(tls) => match wire.secured(tls) {
            Ok(wire) => talk(wire, protocol, &mut reply),
            Err(error) => return Readiness::Down(format!("no TLS: {error}")),
        },
    };
    outcome.unwrap_or_else(|error| {
        if let Some(error) = tls_error(&error) {
            return Readiness::Down(format!("no TLS: {error}"));
        }
        let got = match reply.len() {
            0 => "no answer".to_owned(),
            count => format!("half an answer ({count} bytes)"),
        };
        Readiness::Starting(match errno(&error) {
            Errno::EAGAIN | Errno::ETIMEDOUT if silence.is_some() => return Readiness::Ready,
            _ if silence.is_some() => "closed the connection at once".to_owned(),
            Errno::EAGAIN | Errno::ETIMEDOUT => format!(
                "accepted, but {got} within {:.1} s",
                limits.answer.as_secs_f32()
            ),
            Errno::UnknownErrno => format!("closed the connection after {got}"),
            other => format!("accepted, but {got}: {}", other.desc().to_lowercase()),
        })
    })
}

/// Sends the request, reads until the protocol knows the readiness, and says goodbye.
fn talk(
    mut stream: impl Read + Write,
    protocol: &dyn Protocol,
    reply: &mut Vec<u8>,
) -> io::Result<Readiness> {
    let readiness = request_and_read(&mut stream, protocol, reply)?;
    if readiness == Readiness::Ready {
        let goodbye = stream.write_all(protocol.goodbye(reply));
        let _ = goodbye.and_then(|()| stream.flush());
    }
    Ok(readiness)
}

fn request_and_read(
    stream: &mut (impl Read + Write),
    protocol: &dyn Protocol,
    reply: &mut Vec<u8>,
) -> io::Result<Readiness> {
    stream.write_all(&protocol.request())?;
    stream.flush()?;
    let mut buffer = [0; 16 * 1024];
    let mut answered = 0;
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
        if let Some(answer) = protocol.answer(reply, answered) {
            stream.write_all(&answer)?;
            stream.flush()?;
            answered += 1;
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => reply.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The kernel's error number; `UnknownErrno` for an error of the standard library.
pub(super) fn errno(error: &io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number),
        None if error.kind() == io::ErrorKind::TimedOut => Errno::ETIMEDOUT,
        None => Errno::UnknownErrno,
    }
}
