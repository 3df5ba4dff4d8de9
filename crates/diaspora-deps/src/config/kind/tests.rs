use crate::config::{Config, Http, Kind, Redis, Tls};
use crate::probe::Status;

/// The probe of the service x, or the message of the mistake in it.
fn probe(text: &str) -> Result<Kind, String> {
    probe_of("x", text)
}

/// The same of any service, built in or not.
fn probe_of(service: &str, text: &str) -> Result<Kind, String> {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("mine");
    std::fs::write(&file, text).expect("write");
    match Config::load(&file) {
        Ok(config) => {
            let probe = config.services[service].probe.as_ref();
            Ok(probe.expect("a probe").kind.clone())
        }
        Err(error) => {
            let message = error.to_string();
            let place = format!("{}/", place.path().display());
            Err(message.strip_prefix(&place).unwrap_or(&message).to_owned())
        }
    }
}

#[test]
fn each_kind_has_its_fields_and_their_defaults() {
    let address = || "localhost:1".to_owned();
    let redis = || Redis {
        address: address(),
        user: None,
        password_file: None,
        tls: None,
    };
    for (fields, kind) in [
        (
            "kind = 'tcp', address = 'localhost:1'",
            Kind::Tcp { address: address() },
        ),
        (
            "kind = 'redis', address = 'localhost:1'",
            Kind::Redis(redis()),
        ),
        (
            "kind = 'redis', address = 'localhost:1', user = 'a', password-file = '/p'",
            Kind::Redis(Redis {
                user: Some("a".to_owned()),
                password_file: Some("/p".to_owned()),
                ..redis()
            }),
        ),
        (
            "kind = 'worker', address = 'localhost:1', password-file = '/p', key = 'k'",
            Kind::Worker {
                redis: Redis {
                    password_file: Some("/p".to_owned()),
                    ..redis()
                },
                key: "k".to_owned(),
            },
        ),
        (
            "kind = 'postgres', address = 'localhost:1', user = 'a'",
            Kind::Postgres {
                address: address(),
                user: "a".to_owned(),
                database: "postgres".to_owned(),
            },
        ),
        (
            "kind = 'http', address = 'https://a/up', host = 'b', status = ['2xx', '401']",
            Kind::Http(Http {
                address: "https://a/up".to_owned(),
                path: None,
                host: Some("b".to_owned()),
                statuses: ["2xx", "401"]
                    .map(|text| Status::parse(text).expect(text))
                    .to_vec(),
                tls: None,
            }),
        ),
        (
            "kind = 'http', address = 'localhost:1', ca-file = '/ca'",
            Kind::Http(Http {
                address: address(),
                path: None,
                host: None,
                statuses: Vec::new(),
                tls: Some(Tls {
                    ca_file: Some("/ca".to_owned()),
                    is_insecure: false,
                }),
            }),
        ),
        (
            "kind = 'exec', command = ['a', 'b']",
            Kind::Exec {
                command: vec!["a".to_owned(), "b".to_owned()],
                timeout: 5,
            },
        ),
    ] {
        let text = format!("[service.x]\nprobe = {{ {fields} }}");
        assert_eq!(probe(&text), Ok(kind), "{fields}");
    }
}

#[test]
fn a_mistake_has_its_line_and_the_fields_of_the_kind() {
    for (text, message) in [
        (
            "[service.x]\nprobe = { kind = 'pop3' }",
            "mine:2: there is no probe of kind \"pop3\": the kinds are tcp, ",
        ),
        (
            "[service.x]\nprobe = { address = 'localhost:1' }",
            "mine:2: the probe has no kind: write kind = ",
        ),
        (
            "[service.x.probe]\nkind = 'redis'\naddress = 'localhost:1'\nstrict = true",
            "mine:4: a redis probe has no strict: its fields are address, user, password-file, tls, ca-file, insecure, successes and interval",
        ),
        // The field that the kind does not have, and not that it has no address.
        (
            "[service.x]\nprobe = { kind = 'tcp', database = 'd' }",
            "mine:2: a tcp probe has no database: its fields are address, successes and interval",
        ),
        (
            "[service.x]\nprobe = { kind = 'service', address = 'a:1' }",
            "mine:2: a service probe has no address: its fields are directory, successes and interval",
        ),
        (
            "[service.x]\nprobe = { kind = 'tcp' }",
            "mine:2: the probe has no address: write address = ",
        ),
        (
            "[service.x.probe]\nkind = 'mongo'\naddress = 'localhost:1'\nmodern = 'yes'",
            "mine:4: modern must be true or false",
        ),
        (
            "[service.x.probe]\nkind = 'redis'\naddress = 6379",
            "mine:3: address must be a text",
        ),
        (
            "[service.x]\nprobe = { kind = 7 }",
            "mine:2: kind must be a text",
        ),
        (
            "[service.x]\nprobe = { kind = 'redis', address = 'localhost:1', user = 'u' }",
            "mine:2: the probe has a user and no password",
        ),
        (
            "[service.x]\nprobe = { kind = 'tcp', address = 'here' }",
            "mine:2: \"here\" is no address",
        ),
        (
            "[service.x]\nprobe = { kind = 'unix', address = 'a:1' }",
            "mine:2: a unix probe wants the path of a socket",
        ),
        ("[service.x]\nprobe = 'redis'", "mine:2: "),
        (
            "[service.x]\nprobe = { kind = 'exec', address = 'a:1' }",
            "mine:2: an exec probe has no address: its fields are command, timeout, successes and interval",
        ),
        (
            "[service.x]\nprobe = { kind = 'exec' }",
            "mine:2: the probe has no command: write command = [",
        ),
        (
            "[service.x]\nprobe = { kind = 'exec', command = 'ls -l' }",
            "mine:2: command must be a list of texts",
        ),
        (
            "[service.x]\nprobe = { kind = 'exec', command = ['ls'], timeout = 0 }",
            "mine:2: timeout must be whole seconds from 1 to 3600",
        ),
        (
            "[service.x]\nprobe = { kind = 'file' }",
            "mine:2: the probe has no path: write path = ",
        ),
        (
            "[service.x]\nprobe = { kind = 'http', address = 'a:1', status = '2x' }",
            "mine:2: status must be \"200\", \"2xx\" or a list of these",
        ),
        (
            "[service.x]\nprobe = { kind = 'http', address = 'https://a:99999/' }",
            "mine:2: ",
        ),
    ] {
        let found = probe(text).expect_err(text);
        assert!(found.starts_with(message), "{found}");
        assert!(!found.contains('\n'), "{found}");
    }
}

#[test]
fn a_file_over_another_keeps_the_fields_that_the_kind_still_has() {
    let laid = |text: &str| probe_of("redis", &format!("[service.redis]\nprobe = {text}\n"));
    let redis = laid("{ password-file = '/p' }").expect("fine");
    assert_eq!(redis.address(), Some("localhost:6379"));
    let tcp = laid("{ kind = 'tcp' }").expect("fine");
    let address = "localhost:6379".to_owned();
    assert_eq!(tcp, Kind::Tcp { address });
    let service = laid("{ kind = 'service' }").expect("fine");
    assert_eq!(service, Kind::Service { directory: None });
    let error = laid("{ directory = 'redis' }").expect_err("no such field");
    assert!(error.contains("a redis probe has no directory"), "{error}");
}
