use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::probe::{Accepts, Redis};

mod hostile;

const QUICK: Limits = Limits {
    resolve: Duration::from_secs(2),
    answer: Duration::from_millis(100),
    total: None,
};

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

fn readiness(endpoint: &Endpoint) -> Readiness {
    probe(endpoint, &Redis::default(), QUICK).readiness
}

#[test]
fn every_address_of_a_name_is_tried() {
    // The server listens on one of three addresses.
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
    let (readiness, _) = probe_addresses(&addresses, &Redis::default(), QUICK);
    assert_eq!(readiness, Readiness::Ready);
    assert!(resolve("localhost", port, QUICK.resolve).is_ok_and(|all| !all.is_empty()));
}

#[test]
fn a_silent_peer_and_half_an_answer_are_starting() {
    let silent = server(|stream| drop(thread::spawn(move || stream.peek(&mut [0; 9]))));
    // The second connection waits in the backlog.
    let _ = readiness(&silent);
    let half = server(|mut stream| {
        let _ = stream.write_all(b"+PO");
        // Silent from here on, until the other side closes.
        while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
    });
    let Readiness::Starting(why) = readiness(&half) else {
        panic!("not starting");
    };
    assert!(why.contains("half an answer (3 bytes)"), "{why}");
    let shut = server(drop);
    assert!(matches!(readiness(&shut), Readiness::Starting(_)));
}

#[test]
fn an_endless_answer_is_down_and_a_slow_one_is_starting() {
    let endless = server(|mut stream| while stream.write_all(&[b'+'; 100]).is_ok() {});
    assert!(matches!(readiness(&endless), Readiness::Down(_)));
    let trickle = server(|mut stream| {
        while stream.write_all(b"+").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    assert!(matches!(readiness(&trickle), Readiness::Starting(_)));
}

#[test]
fn a_connection_that_is_closed_at_once_is_not_accepted() {
    let closed = server(drop);
    let why = Readiness::Starting("closed the connection at once".to_owned());
    assert_eq!(probe(&closed, &Accepts, QUICK).readiness, why);
    let silent = server(|mut stream| {
        thread::spawn(move || stream.read(&mut [0; 9]));
    });
    let banner = server(|mut stream| {
        let _ = stream.write_all(b"220 hello\r\n");
        thread::spawn(move || stream.read(&mut [0; 9]));
    });
    for endpoint in [&silent, &banner] {
        assert_eq!(probe(endpoint, &Accepts, QUICK).readiness, Readiness::Ready);
    }
}

#[test]
fn an_endpoint_without_a_listener_is_absent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    drop(listener);
    let endpoint = Endpoint::Tcp("localhost".to_owned(), port);
    let outcome = probe(&endpoint, &Accepts, QUICK);
    assert!(outcome.absent);
    assert_eq!(
        outcome.readiness,
        Readiness::Down("connection refused".to_owned())
    );
}
