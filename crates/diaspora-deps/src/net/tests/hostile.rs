//! Peers that do harm, against each protocol: a probe ends in its time, never with "ready",
//! and reads no more than its limit.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::net::{Endpoint, Limits, Outcome, probe};
use crate::probe::{
    Alive, Amqp, Dialect, Http, Login, Memcached, Mongo, Mysql, MysqlLogin, Page, Postgres,
    Protocol, Readiness, Redis, Smtp, Status, Websocket, Worker,
};
use crate::tls::Tls;

/// Short, so that all take little time. On a loaded machine a probe may end later.
const LIMIT: Duration = Duration::from_millis(300);
/// Long enough for a loaded machine; a probe that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);
/// More than the largest answer that is read, and what two sockets hold.
const BYTES_MAX: usize = 48 << 20;

struct Everybody;

impl Alive for Everybody {
    fn is_alive(&self, _pid: u32) -> bool {
        true
    }
}

fn login() -> Login {
    Login {
        user: Some(b"u".to_vec()),
        password: b"p".to_vec(),
        servers: Vec::new(),
    }
}

fn tls() -> Option<Tls> {
    Some(Tls::unverified("localhost").expect("a name"))
}

fn worker(kind: &'static str, login: Option<Login>) -> Worker<Everybody> {
    Worker {
        kind,
        redis: Redis { login, tls: None },
        key: b"k".to_vec(),
        host: b"here".to_vec(),
        alive: Everybody,
    }
}

/// A protocol, and the start of an answer that is ready.
type Victim = (Box<dyn Protocol + Send + Sync>, &'static [u8]);

fn victims() -> Vec<Victim> {
    let page = Page {
        path: b"/".to_vec(),
        host: b"h".to_vec(),
        statuses: Status::USUAL.to_vec(),
    };
    let redis = |login, tls| Box::new(Redis { login, tls });
    let http = |page, tls| Box::new(Http { page, tls });
    let mysql = MysqlLogin {
        user: b"u".to_vec(),
        password: Some(b"p".to_vec()),
        servers: Vec::new(),
    };
    vec![
        (redis(None, None), b"+PON"),
        (redis(Some(login()), None), b"+OK\r\n+PON"),
        (redis(None, tls()), b"\x16\x03\x03"),
        (Box::new(Mongo::default()), b"\x40\0\0\0\0\0\0\0"),
        (
            Box::new(Mongo {
                dialect: Dialect::Modern,
            }),
            b"\x40\0\0\0\0\0\0\0",
        ),
        (http(None, None), b"HTTP/1."),
        (http(Some(page.clone()), None), b"HTTP/1.1 500 "),
        (http(Some(page), tls()), b"\x16\x03\x03\x40\0"),
        (Box::new(Websocket { strict: true }), b"HTTP/1.1 101 "),
        (Box::new(Smtp), b"22"),
        (
            Box::new(Postgres {
                user: b"u".to_vec(),
                database: b"d".to_vec(),
            }),
            b"R\0\0\0\x08\0\0\0\0S\0\0",
        ),
        (Box::new(Mysql { login: mysql }), b"\x4a\0\0\0\x0a5.5\0"),
        (Box::new(Memcached), b"VERSION"),
        (Box::new(Amqp), b"\x01\0\0\xff\xff\xff\xff\0"),
        (Box::new(worker("worker", None)), b"*9999\r\n$4\r\nabcd\r\n"),
        (
            Box::new(worker("sidekiq", Some(login()))),
            b"+OK\r\n*10000\r\n",
        ),
    ]
}

/// What a peer does with a connection, after the start of an answer or without it.
type Harm = fn(&mut TcpStream, &AtomicUsize);

fn flood(stream: &mut TcpStream, sent: &AtomicUsize, bytes: &[u8]) {
    while let Ok(count) = stream.write(bytes) {
        sent.fetch_add(count, Ordering::Relaxed);
    }
}

const HARMS: [(&str, Harm); 10] = [
    ("silence", |stream, _| {
        let _ = stream.read(&mut [0; 1]);
        while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
    }),
    ("closes", |_, _| {}),
    ("half of it is closed", |stream, _| {
        let _ = stream.shutdown(std::net::Shutdown::Write);
        while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
    }),
    ("a byte now and then", |stream, _| {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    }),
    ("zeroes", |stream, sent| {
        flood(stream, sent, &[0; 65536]);
    }),
    ("ones", |stream, sent| {
        flood(stream, sent, &[0xff; 65536]);
    }),
    ("letters", |stream, sent| {
        flood(stream, sent, &[b'x'; 65536]);
    }),
    ("lines", |stream, sent| {
        flood(stream, sent, &[b'\n'; 65536]);
    }),
    ("errors", |stream, sent| {
        flood(stream, sent, &b"-ERR x\r\n".repeat(8192));
    }),
    ("strings", |stream, sent| {
        flood(stream, sent, &b"$4\r\nabcd\r\n".repeat(6000));
    }),
];

/// A peer that sends `start` and then does harm to each connection. What it could send of
/// it is counted.
fn peer(start: &'static [u8], harm: Harm) -> (Endpoint, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("an address").port();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("accept");
        let _ = stream.write_all(start);
        harm(&mut stream, &counted);
    });
    (Endpoint::Tcp("127.0.0.1".to_owned(), port), sent)
}

#[test]
fn no_peer_is_ready_or_holds_a_probe_up_or_fills_the_memory() {
    let mut count = 0;
    for (name, harm) in HARMS {
        let (sender, receiver) = mpsc::channel();
        let mut sent = Vec::new();
        for (number, (_, start)) in victims().into_iter().enumerate() {
            for start in [b"", start] {
                let (endpoint, bytes) = peer(start, harm);
                sent.push(bytes);
                let sender = sender.clone();
                let protocol = victims().swap_remove(number).0;
                thread::spawn(move || {
                    let Outcome { readiness, .. } =
                        probe(&endpoint, &*protocol, Limits::total(LIMIT));
                    let _ = sender.send((number, start, readiness));
                });
            }
        }
        for _ in 0..sent.len() {
            let (number, start, readiness) = receiver.recv_timeout(HANGS).expect("a probe hangs");
            let case = format!("{name}, protocol {number}, after {start:?}: {readiness:?}");
            let is_told = matches!(readiness, Readiness::Starting(_) | Readiness::Down(_));
            assert!(is_told, "{case}");
            count += 1;
        }
        for bytes in sent {
            assert!(bytes.load(Ordering::Relaxed) < BYTES_MAX, "{name}");
        }
    }
    assert_eq!(count, 320);
}
