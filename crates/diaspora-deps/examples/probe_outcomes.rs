//! Prints a table: the outcome of each probe, and the time it took, with a peer that is
//! ready, not ready, incomplete, of another protocol, silent, gone or stale. The peers are
//! scripted; the sockets are real.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;

use diaspora_deps::net::{Endpoint, Limits, probe};
use diaspora_deps::probe::{
    Accepts, Alive, Http, Mongo, Postgres, Protocol, Readiness, Redis, Smtp, Websocket, Worker,
};

struct Me;

impl Alive for Me {
    fn is_alive(&self, pid: u32) -> bool {
        pid == std::process::id()
    }
}

/// A peer that sends this and then keeps the connection.
fn peer(answer: Vec<u8>) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(&answer);
            thread::spawn(move || while stream.read(&mut [0; 512]).is_ok_and(|count| count > 0) {});
        }
    });
    Endpoint::Tcp("127.0.0.1".to_owned(), port)
}

fn gone() -> Endpoint {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    Endpoint::Tcp("localhost".to_owned(), port)
}

fn row(kind: &str, case: &str, endpoint: &Endpoint, protocol: &dyn Protocol) {
    let outcome = probe(endpoint, protocol, Limits::default());
    let words = match outcome.readiness {
        Readiness::Ready => "ready".to_owned(),
        Readiness::Starting(why) => format!("starting: {why}"),
        Readiness::Down(why) => format!("down: {why}"),
        Readiness::Incomplete => "?".to_owned(),
    };
    let line = format!(
        "| {kind} | {case} | {words} | {:.1} ms |\n",
        outcome.took.as_secs_f64() * 1e3
    );
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// A probe, the reply of a peer that is ready, and the reply of one that is not.
type Peers<'a> = (&'a str, &'a dyn Protocol, Vec<u8>, Vec<u8>);

/// An answer of a Mongo server: a document with these elements.
fn mongo(elements: &[u8]) -> Vec<u8> {
    let length = u32::try_from(elements.len() + 5).unwrap();
    let mut bytes = (length + 36).to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 20]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(elements);
    bytes.push(0);
    bytes
}

fn postgres(code: &str) -> Vec<u8> {
    let body = format!("C{code}\0Mthe database system is starting up\0\0");
    let length = u32::try_from(body.len() + 4).unwrap();
    [b"E", &length.to_be_bytes()[..], body.as_bytes()].concat()
}

fn main() {
    let host = "here";
    let worker = Worker {
        kind: "worker",
        redis: Redis::default(),
        key: b"resque:workers".to_vec(),
        host: host.into(),
        alive: Me,
    };
    let members = |pid: u32| {
        let entry = format!("{host}:{pid}:*");
        format!("*1\r\n${}\r\n{entry}\r\n", entry.len()).into_bytes()
    };
    let user = || b"postgres".to_vec();
    let postgres_probe = Postgres {
        user: user(),
        database: user(),
    };
    let ok = b"\x01ok\0\0\0\0\0\0\0\xf0\x3f";
    let primary = [&b"\x08ismaster\0\x01"[..], ok].concat();
    let secondary = [&b"\x08ismaster\0\0\x08secondary\0\x01"[..], ok].concat();
    let strict = Websocket { strict: true };
    let shaken = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let probes: [Peers; 8] = [
        (
            "redis",
            &Redis::default(),
            b"+PONG\r\n".to_vec(),
            b"-LOADING Redis is loading the dataset in memory\r\n".to_vec(),
        ),
        (
            "mongo",
            &Mongo::default(),
            mongo(&primary),
            mongo(&secondary),
        ),
        (
            "http",
            &Http::default(),
            b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
            Vec::new(),
        ),
        (
            "websocket",
            &Websocket::default(),
            b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
            Vec::new(),
        ),
        (
            "websocket, strict",
            &strict,
            shaken.to_vec(),
            b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
        ),
        (
            "smtp",
            &Smtp,
            b"220 mail\r\n".to_vec(),
            b"421 too busy\r\n".to_vec(),
        ),
        (
            "postgres",
            &postgres_probe,
            postgres("28000"),
            postgres("57P03"),
        ),
        (
            "worker",
            &worker,
            members(std::process::id()),
            members(u32::MAX),
        ),
    ];
    std::io::stdout()
        .write_all(b"| probe | peer | what came out | after |\n|---|---|---|---|\n")
        .unwrap();
    for (name, protocol, ready, not_ready) in probes {
        row(name, "ready", &peer(ready.clone()), protocol);
        if !not_ready.is_empty() {
            row(name, "not ready", &peer(not_ready), protocol);
        }
        row(name, "half a reply", &peer(ready[..3].to_vec()), protocol);
        row(
            name,
            "garbage",
            &peer(b"\xff\x00garbage\xfe\r\n\r\n".repeat(10)),
            protocol,
        );
        row(name, "silence", &peer(Vec::new()), protocol);
        row(name, "refused", &gone(), protocol);
    }
    row("tcp", "accepts", &peer(Vec::new()), &Accepts);
    row("tcp", "refused", &gone(), &Accepts);
    let place = std::env::temp_dir().join(format!("probe-outcomes-{}", std::process::id()));
    let endpoint = Endpoint::Unix(place.clone());
    row("unix", "no file", &endpoint, &Accepts);
    let listener = UnixListener::bind(&place).unwrap();
    row("unix", "accepts", &endpoint, &Accepts);
    drop(listener);
    row("unix", "stale", &endpoint, &Accepts);
    let _ = std::fs::remove_file(&place);
    // Give the peers' last threads no time to complain.
    thread::sleep(Duration::from_millis(1));
}
