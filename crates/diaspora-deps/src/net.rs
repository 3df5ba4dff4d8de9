//! Asks a dependency: the one place with sockets. Every address of a name is tried,
//! each within its own time; a reply is bounded in size; a name that can't be
//! resolved, a peer that trickles or is silent, nobody holds the gate up.

use std::fmt;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use daemontools::Errno;
use daemontools::unix::socket;

use crate::probe::{Protocol, Verdict, refusal};

/// Where a dependency listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A name or an address, and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// Reads `host:port`, `[address]:port`, `/path` or `unix:/path`.
    ///
    /// # Errors
    /// Says what is wrong, and how it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let wrong = || {
            format!(
                "\"{text}\" is no address: write \"host:port\", \"[::1]:port\" or \"/path/of/socket\""
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let port = port
            .parse()
            .ok()
            .filter(|&port| port != 0)
            .ok_or_else(wrong)?;
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return Err(wrong());
        }
        Ok(Self::Tcp(host.to_owned(), port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Bounds of one question.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For resolving a name.
    pub resolve: Duration,
    /// For each address, from connecting to the end of the answer.
    pub answer: Duration,
    /// Bytes of a reply.
    pub reply: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            answer: Duration::from_secs(2),
            reply: 64 * 1024,
        }
    }
}

/// What came out of a question.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Ready, starting or down; never [`Verdict::NeedMore`].
    pub verdict: Verdict,
    /// Whether nobody was there to notice that we asked.
    pub absent: bool,
    /// How long it took.
    pub took: Duration,
}

/// Asks at `endpoint`; the best answer of its addresses counts.
#[must_use]
pub fn ask(endpoint: &Endpoint, protocol: &dyn Protocol, limits: Limits) -> Finding {
    let start = Instant::now();
    let (verdict, absent) = match endpoint {
        Endpoint::Unix(path) => {
            let deadline = start + limits.answer;
            match socket::connect_unix(path) {
                Ok(stream) => (talk(stream, protocol, deadline, limits), false),
                Err(error) => {
                    let refusal = refusal(true, error);
                    (refusal.verdict, refusal.absent)
                }
            }
        }
        Endpoint::Tcp(host, port) => match resolve(host, *port, limits.resolve) {
            Ok(addresses) => ask_all(&addresses, protocol, limits),
            Err(why) => (Verdict::Down(why), false),
        },
    };
    log::debug!("{endpoint}: {verdict:?}");
    Finding {
        verdict,
        absent,
        took: start.elapsed(),
    }
}

fn ask_all(addresses: &[SocketAddr], protocol: &dyn Protocol, limits: Limits) -> (Verdict, bool) {
    let mut best: Option<Verdict> = None;
    let mut absent = true;
    for address in addresses {
        let deadline = Instant::now() + limits.answer;
        let verdict = match TcpStream::connect_timeout(address, limits.answer) {
            Ok(stream) => {
                absent = false;
                let _ = stream.set_nodelay(true);
                talk(stream, protocol, deadline, limits)
            }
            Err(error) => {
                let refusal = refusal(false, errno(&error));
                absent &= refusal.absent;
                refusal.verdict
            }
        };
        if verdict == Verdict::Ready {
            return (verdict, false);
        }
        if best.as_ref().is_none_or(|best| rank(&verdict) > rank(best)) {
            best = Some(verdict);
        }
    }
    let nowhere = || Verdict::Down("the name has no address".to_owned());
    (best.unwrap_or_else(nowhere), absent)
}

const fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Ready => 2,
        Verdict::Starting(_) => 1,
        Verdict::Down(_) | Verdict::NeedMore => 0,
    }
}

/// The addresses of a name. A resolver that hangs does so in a thread of its own,
/// which the exec or the end of this process takes away.
fn resolve(host: &str, port: u16, patience: Duration) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let asked = move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        let _ = sender.send(addresses.map(Iterator::collect));
    };
    thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(asked)
        .map_err(|error| format!("{host} can't be resolved: {error}"))?;
    match receiver.recv_timeout(patience) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(format!("{host} can't be resolved: {error}")),
        Err(_) => Err(format!(
            "{host} was not resolved within {:.1} s",
            patience.as_secs_f32()
        )),
    }
}

/// A connected socket of either kind.
trait Stream: Read + AsFd {
    fn set_patience(&self, patience: Duration) -> std::io::Result<()>;
}

impl Stream for TcpStream {
    fn set_patience(&self, patience: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(patience))?;
        self.set_write_timeout(Some(patience))
    }
}

impl Stream for UnixStream {
    fn set_patience(&self, patience: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(patience))?;
        self.set_write_timeout(Some(patience))
    }
}

/// Talks until the protocol can tell.
fn talk(
    mut stream: impl Stream,
    protocol: &dyn Protocol,
    deadline: Instant,
    limits: Limits,
) -> Verdict {
    let mut reply = Vec::new();
    match converse(&mut stream, protocol, &mut reply, deadline, limits) {
        Ok(verdict) => {
            if verdict == Verdict::Ready {
                let _ = socket::send_all(&stream, protocol.goodbye());
            }
            verdict
        }
        Err(error) => {
            let got = match reply.len() {
                0 => "no answer".to_owned(),
                count => format!("half an answer ({count} bytes)"),
            };
            Verdict::Starting(match errno(&error) {
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
) -> std::io::Result<Verdict> {
    let timed_out = || std::io::Error::from_raw_os_error(Errno::ETIMEDOUT as i32);
    let left = || {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(timed_out())
        } else {
            Ok(left)
        }
    };
    let hello = protocol.hello();
    if !hello.is_empty() {
        stream.set_patience(left()?)?;
        socket::send_all(&*stream, &hello).map_err(std::io::Error::from)?;
    }
    let mut buffer = [0; 4096];
    loop {
        match protocol.judge(reply) {
            Verdict::NeedMore => {}
            verdict => return Ok(verdict),
        }
        if reply.len() >= limits.reply {
            return Ok(Verdict::Down(format!(
                "its answer has no end: more than {} bytes",
                limits.reply
            )));
        }
        stream.set_patience(left()?)?;
        match stream.read(&mut buffer) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => reply.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The kernel's error number; unknown for an error of the library's own.
fn errno(error: &std::io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number),
        None if error.kind() == std::io::ErrorKind::TimedOut => Errno::ETIMEDOUT,
        None => Errno::UnknownErrno,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;
    use crate::probe::{Accepts, Redis};

    const QUICK: Limits = Limits {
        resolve: Duration::from_secs(2),
        answer: Duration::from_millis(100),
        reply: 1000,
    };

    #[test]
    fn addresses() {
        let tcp = |host: &str, port| Ok(Endpoint::Tcp(host.to_owned(), port));
        assert_eq!(Endpoint::parse("localhost:6379"), tcp("localhost", 6379));
        assert_eq!(Endpoint::parse("[::1]:25"), tcp("::1", 25));
        let unix = Ok(Endpoint::Unix(PathBuf::from("/tmp/thin.0.sock")));
        assert_eq!(Endpoint::parse("/tmp/thin.0.sock"), unix);
        assert_eq!(Endpoint::parse("unix:/tmp/thin.0.sock"), unix);
        for wrong in [
            "",
            "localhost",
            ":1",
            "a:",
            "a:0",
            "a:65536",
            "::1:25",
            "tmp/x",
        ] {
            assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// A server that does `serve` with each connection, and the endpoint for it.
    fn server(serve: impl Fn(TcpStream) + Send + 'static) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream);
            }
        });
        Endpoint::Tcp("127.0.0.1".to_owned(), port)
    }

    fn verdict(endpoint: &Endpoint) -> Verdict {
        ask(endpoint, &Redis::default(), QUICK).verdict
    }

    #[test]
    fn every_address_of_a_name_is_tried() {
        // Only the second of the two addresses that most machines give localhost.
        let Endpoint::Tcp(_, port) = server(|mut stream| {
            let _ = stream.write_all(b"+PONG\r\n");
            let _ = stream.read(&mut [0; 64]);
        }) else {
            panic!("a TCP endpoint");
        };
        let addresses: Vec<SocketAddr> = ["[::1]", "127.0.0.2", "127.0.0.1"]
            .iter()
            .map(|host| format!("{host}:{port}").parse().expect("an address"))
            .collect();
        let (verdict, _) = ask_all(&addresses, &Redis::default(), QUICK);
        assert_eq!(verdict, Verdict::Ready);
        assert!(resolve("localhost", port, QUICK.resolve).is_ok_and(|all| !all.is_empty()));
    }

    #[test]
    fn silence_and_half_an_answer_are_starting() {
        let silent = server(|stream| drop(thread::spawn(move || stream.peek(&mut [0; 9]))));
        // Nobody reads from the backlog either.
        let _ = verdict(&silent);
        let half = server(|mut stream| {
            let _ = stream.write_all(b"+PO");
            // Silent from here on, until the other side has had enough.
            while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
        });
        let Verdict::Starting(why) = verdict(&half) else {
            panic!("not starting");
        };
        assert!(why.contains("half an answer (3 bytes)"), "{why}");
        let shut = server(drop);
        assert!(matches!(verdict(&shut), Verdict::Starting(_)));
    }

    #[test]
    fn an_answer_without_end_is_cut_and_a_trickle_is_too() {
        let endless = server(|mut stream| while stream.write_all(&[b'+'; 100]).is_ok() {});
        assert!(matches!(verdict(&endless), Verdict::Down(_)));
        let trickle = server(|mut stream| {
            while stream.write_all(b"+").is_ok() {
                thread::sleep(Duration::from_millis(5));
            }
        });
        assert!(matches!(verdict(&trickle), Verdict::Starting(_)));
    }

    #[test]
    fn nobody_there_is_absent() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        let endpoint = Endpoint::Tcp("localhost".to_owned(), port);
        let finding = ask(&endpoint, &Accepts, QUICK);
        assert!(finding.absent);
        assert_eq!(
            finding.verdict,
            Verdict::Down("connection refused".to_owned())
        );
    }
}
