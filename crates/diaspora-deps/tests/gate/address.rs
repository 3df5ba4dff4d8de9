//! `wait` and `check` with addresses, where no `services.toml` describes a service.

use std::fs;
use std::os::unix::net::UnixListener;
use std::sync::atomic::Ordering;

use crate::folder::{Folder, redis, redis_after, refused};

#[test]
fn an_address_is_probed_in_the_protocol_of_its_scheme() {
    let folder = Folder::new("");
    fs::remove_file(folder.path("services.toml")).unwrap();
    let socket = folder.path("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let (pong, _) = redis("+PONG\r\n");
    let (loading, _) = redis("-LOADING not yet\r\n");
    let (page, _) = redis("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let socket = socket.display();
    fs::write(folder.path("ready"), "yes").unwrap();
    let file = folder.path("ready");
    for (word, code) in [
        (format!("redis://127.0.0.1:{pong}"), 0),
        (format!("redis://127.0.0.1:{loading}/0"), 1),
        // Its protocol is another's.
        (format!("memcached://127.0.0.1:{pong}"), 2),
        (format!("http://127.0.0.1:{page}/up?deep=1"), 0),
        (format!("{socket}"), 0),
        (format!("unix://{socket}"), 0),
        (format!("file://{}", file.display()), 0),
        (format!("tcp://127.0.0.1:{}", refused()), 2),
    ] {
        let mut gate = folder.gate(&["check", &word]);
        let output = gate.env_remove("DIASPORA_DEPS_SERVICES").output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{word} {out}");
        assert!(out.starts_with(&format!("{word}: ")), "{out}");
    }
}

#[test]
fn a_gate_without_a_services_toml_waits_for_addresses() {
    let (port, connections) = redis_after(1);
    let refused = refused();
    let folder = Folder::new("");
    let (db, cache) = (
        format!("127.0.0.1:{refused}"),
        format!("redis://127.0.0.1:{port}"),
    );
    let line = |address: &str| format!("99thin_2 waiting for {address}\n");
    let ended = folder.run(&["wait", &cache]);
    assert_eq!(ended, (0, line(&cache), String::new()));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    let (code, out, _) = folder.run(&["wait", "-a", "1", &format!("{cache} {db}")]);
    assert_eq!((code, out), (126, line(&db)));
}

#[test]
fn a_name_of_a_service_goes_before_an_address() {
    let (port, _) = redis("+PONG\r\n");
    let text = format!(
        "[service.\"app:1\"]\nprobe = {{ kind = \"redis\", address = \"127.0.0.1:{port}\" }}\n"
    );
    let folder = Folder::new(&text);
    let (code, out, _) = folder.run(&["check", "app:1"]);
    assert!(code == 0 && out.contains(&port.to_string()), "{out}");
}

#[test]
fn a_password_is_in_no_line_and_what_is_no_address_is_told() {
    let folder = Folder::new("");
    let refused = refused();
    let words = ["wait", "-v", "-a", "1"];
    let postgres = format!("postgres://pod:secret@127.0.0.1:{refused}/app");
    let (code, out, err) = folder.run(&[&words[..], &[postgres.as_str()]].concat());
    let line = format!("99thin_2 waiting for postgres://pod@127.0.0.1:{refused}/app: down: ");
    assert!(code == 126 && out.starts_with(&line), "{code} {out}{err}");
    for (word, part) in [
        ("redis://:secret@db", "\"redis://db\" has a password"),
        (
            "foo://u:secret@db",
            "\"foo://u@db\" is no address: it begins with none of tcp://, ",
        ),
        ("db:", "\"db:\" is no address: write \"db:PORT\""),
        ("db:70000", "\"db:70000\" is no address: a port is"),
    ] {
        let (code, out, err) = folder.run(&["wait", word]);
        assert_eq!((code, out.as_str()), (100, ""), "{word}");
        assert!(err.starts_with(part) && !err.contains("secret"), "{err}");
    }
}
