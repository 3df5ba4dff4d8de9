//! Prints a table: the outcome of each probe, and the time it took, with a peer that is
//! ready, not ready, incomplete, of another protocol, silent, gone or stale. The peers are
//! scripted; the sockets are real.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use diaspora_deps::config::{Config, kind_of};
use diaspora_deps::context::Context;
use diaspora_deps::dependency::Dependency;
use diaspora_deps::net::{Endpoint, Limits, Outcome, probe};
use diaspora_deps::probe::{
    Accepts, Alive, Amqp, Http, Memcached, Mongo, Mysql, Page, Postgres, Protocol, Readiness,
    Redis, Smtp, Status, Websocket, Worker,
};
use diaspora_deps::settings::SettingsFile;
use diaspora_deps::tls::Tls;

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

/// A peer that closes each connection at once, as a proxy without its server.
fn closing() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(drop));
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
    print(kind, case, probe(endpoint, protocol, Limits::default()));
}

/// A row of what has no server.
fn local(kind: &str, case: &str, words: &[&str]) {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let probed = kind_of(kind, &words).unwrap();
    let (config, settings) = (Config::default(), SettingsFile::new(Path::new(""), false));
    let context = Context::verbatim(&config, &settings);
    let dependency = Dependency::of_kind(&config, &context, kind, &probed).unwrap();
    let within = Limits::total(Duration::from_secs(2));
    print(kind, case, dependency.within(within).probe());
}

fn print(kind: &str, case: &str, outcome: Outcome) {
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

const GREETING: &[u8] = b"\n10.11.14\0\x0c\0\0\0~I/Ls~?\\\0\xfe\xf7\x08\x02\0\xff\x81\x15\
\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native_password\0";

/// A packet of a MySQL server.
fn mysql(number: u8, body: &[u8]) -> Vec<u8> {
    [&[u8::try_from(body.len()).unwrap(), 0, 0, number], body].concat()
}

fn postgres(code: &str) -> Vec<u8> {
    let body = format!("C{code}\0Mthe database system is starting up\0\0");
    let length = u32::try_from(body.len() + 4).unwrap();
    [b"E", &length.to_be_bytes()[..], body.as_bytes()].concat()
}

fn main() {
    let host = "here";
    let worker = |kind| Worker {
        kind,
        redis: Redis::default(),
        key: b"resque:workers".to_vec(),
        host: host.into(),
        alive: Me,
    };
    let (worker, sidekiq) = (worker("worker"), worker("sidekiq"));
    let page = Http {
        page: Some(Page {
            path: b"/up".to_vec(),
            host: b"localhost".to_vec(),
            statuses: Status::USUAL.to_vec(),
        }),
        tls: None,
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
    let probes: [Peers; 13] = [
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
            "http, page",
            &page,
            b"HTTP/1.1 204 No Content\r\n".to_vec(),
            b"HTTP/1.1 503 Service Unavailable\r\n".to_vec(),
        ),
        (
            "mysql",
            &Mysql::default(),
            [mysql(0, GREETING), mysql(2, b"\0\0\0\x02\0\0\0")].concat(),
            mysql(0, b"\xff\x10\x04Too many connections"),
        ),
        (
            "memcached",
            &Memcached,
            b"VERSION 1.6.18\r\n".to_vec(),
            b"ERROR Too many open connections\r\n".to_vec(),
        ),
        (
            "amqp",
            &Amqp,
            b"\x01\0\0\0\0\x01\xec\0\x0a\0\x0a\0\x09".to_vec(),
            b"\x01\0\0\0\0\0\x20\0\x0a\0\x32".to_vec(),
        ),
        (
            "worker",
            &worker,
            members(std::process::id()),
            members(u32::MAX),
        ),
        (
            "sidekiq",
            &sidekiq,
            members(std::process::id()),
            b"*0\r\n".to_vec(),
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
    let secure = Http {
        page: None,
        tls: Some(Tls::unverified("localhost").unwrap()),
    };
    row(
        "https",
        "no TLS",
        &peer(b"HTTP/1.1 400 Bad Request\r\n".to_vec()),
        &secure,
    );
    row("https", "silence", &peer(Vec::new()), &secure);
    row("tcp", "accepts", &peer(Vec::new()), &Accepts);
    row("tcp", "closes at once", &closing(), &Accepts);
    row("tcp", "refused", &gone(), &Accepts);
    let place = std::env::temp_dir().join(format!("probe-outcomes-{}", std::process::id()));
    let endpoint = Endpoint::Unix(place.clone());
    row("unix", "no file", &endpoint, &Accepts);
    let listener = UnixListener::bind(&place).unwrap();
    row("unix", "accepts", &endpoint, &Accepts);
    drop(listener);
    row("unix", "stale", &endpoint, &Accepts);
    let _ = std::fs::remove_file(&place);
    local("exec", "exits 0", &["true"]);
    local("exec", "exits 1", &["sh", "-c", "echo not yet; exit 1"]);
    local("exec", "hangs", &["sleep", "1000"]);
    local("exec", "is not there", &["/nonexistent/check"]);
    local("file", "no file", &[&place.to_string_lossy()]);
    std::fs::write(&place, "").unwrap();
    local("file", "empty", &[&place.to_string_lossy()]);
    std::fs::write(&place, "x").unwrap();
    local("file", "not empty", &[&place.to_string_lossy()]);
    let _ = std::fs::remove_file(&place);
    local("file", "a device", &["/dev/null"]);
    // Give the peers' last threads no time to complain.
    thread::sleep(Duration::from_millis(1));
}
