use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;
use crate::probe::{Accepts, Redis};

const QUICK: Limits = Limits {
    resolve: Duration::from_secs(2),
    answer: Duration::from_millis(100),
    reply: 1000,
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
    ask(endpoint, &Redis::default(), QUICK).readiness
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
    let (readiness, _) = ask_all(&addresses, &Redis::default(), QUICK);
    assert_eq!(readiness, Readiness::Ready);
    assert!(resolve("localhost", port, QUICK.resolve).is_ok_and(|all| !all.is_empty()));
}

#[test]
fn silence_and_half_an_answer_are_starting() {
    let silent = server(|stream| drop(thread::spawn(move || stream.peek(&mut [0; 9]))));
    // Nobody reads from the backlog either.
    let _ = readiness(&silent);
    let half = server(|mut stream| {
        let _ = stream.write_all(b"+PO");
        // Silent from here on, until the other side has had enough.
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
fn an_answer_without_end_is_cut_and_a_trickle_is_too() {
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
fn nobody_there_is_absent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    drop(listener);
    let endpoint = Endpoint::Tcp("localhost".to_owned(), port);
    let outcome = ask(&endpoint, &Accepts, QUICK);
    assert!(outcome.absent);
    assert_eq!(
        outcome.readiness,
        Readiness::Down("connection refused".to_owned())
    );
}
