//! The HTTP form. One thread and one place that waits; a peer that is slow, or has many
//! connections, costs the others nothing: each connection has a time limit, and the oldest
//! goes when there are too many.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::poll::{self, Direction};

use super::http::{self, Asked, HEAD_MAX};

/// From the beginning of a connection until its end.
const LIMIT: Duration = Duration::from_secs(10);
/// The most connections.
const MOST: usize = 64;
/// For how long the samples count: however often they are asked for, the services are not
/// read more often.
const FRESH: Duration = Duration::from_millis(500);
/// How long no connection is taken when the system has no descriptor for one.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    until: Monotonic,
    request: Vec<u8>,
    /// The rest of the answer, once there is one.
    answer: Option<Vec<u8>>,
    written: usize,
}

/// Answers scrapes.
#[derive(Debug)]
pub(super) struct Server {
    listener: TcpListener,
    connections: VecDeque<Connection>,
    samples: Option<(Monotonic, String)>,
    /// No connection is taken before.
    accept_from: Monotonic,
}

impl Server {
    /// On a listener that does not block.
    pub(super) const fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            connections: VecDeque::new(),
            samples: None,
            accept_from: Monotonic(0),
        }
    }

    /// Answers until the deadline passes, if there is one. `collect` gives the samples.
    pub(super) fn serve(&mut self, deadline: Option<Monotonic>, collect: &impl Fn() -> String) {
        loop {
            let now = Monotonic::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return;
            }
            self.connections.retain(|connection| connection.until > now);
            let accepts = self.accept_from <= now;
            let mut fds = vec![(self.listener.as_fd(), Direction::Read)];
            if !accepts {
                fds.clear();
            }
            fds.extend(self.connections.iter().map(|connection| {
                let direction = match connection.answer {
                    None => Direction::Read,
                    Some(_) => Direction::Write,
                };
                (connection.stream.as_fd(), direction)
            }));
            let first = self.connections.front().map(|connection| connection.until);
            let again = (!accepts).then_some(self.accept_from);
            let wake = [deadline, first, again].into_iter().flatten().min();
            let Ok(mut ready) = poll::ready_among(&fds, wake) else {
                poll::pause_until(now + PAUSE);
                continue;
            };
            let may_accept = accepts && ready.remove(0);
            let mut ready = ready.into_iter();
            let samples = &mut self.samples;
            self.connections
                .retain_mut(|connection| match ready.next() {
                    Some(true) => connection.step(|| fresh(samples, collect)),
                    _ => true,
                });
            if may_accept {
                self.accept();
            }
        }
    }

    fn accept(&mut self) {
        let now = Monotonic::now();
        match self.listener.accept() {
            Ok((stream, _)) => {
                if stream.set_nonblocking(true).is_ok() {
                    if self.connections.len() == MOST {
                        self.connections.pop_front();
                    }
                    self.connections.push_back(Connection {
                        stream,
                        until: now + LIMIT,
                        request: Vec::new(),
                        answer: None,
                        written: 0,
                    });
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // No descriptors, for example: the oldest connection gives one back.
            Err(_) => {
                self.connections.pop_front();
                self.accept_from = now + PAUSE;
            }
        }
    }
}

/// The samples, which may be some instants old.
fn fresh(samples: &mut Option<(Monotonic, String)>, collect: &impl Fn() -> String) -> String {
    let now = Monotonic::now();
    match samples {
        Some((time, text)) if now.since(*time) < FRESH => text.clone(),
        _ => {
            let text = collect();
            *samples = Some((Monotonic::now(), text.clone()));
            text
        }
    }
}

impl Connection {
    /// Reads or writes what is possible now. Gives whether the connection goes on.
    fn step(&mut self, samples: impl FnOnce() -> String) -> bool {
        if self.answer.is_none() {
            let mut buffer = [0; HEAD_MAX];
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.request.extend_from_slice(&buffer[..count]),
                Err(error) => return is_temporary(&error),
            }
            self.answer = match http::asked(&self.request) {
                Asked::More => None,
                Asked::Metrics(with_body) => Some(http::metrics(&samples(), with_body)),
                Asked::Wrong(status) => Some(http::wrong(status)),
            };
        }
        let Some(answer) = &self.answer else {
            return true;
        };
        match self.stream.write(&answer[self.written..]) {
            Ok(count) => self.written += count,
            Err(error) => return is_temporary(&error),
        }
        self.written < answer.len()
    }
}

fn is_temporary(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
