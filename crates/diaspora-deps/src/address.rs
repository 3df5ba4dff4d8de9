//! A server that is named by its address on a command line, where no file describes it:
//! `db:5432`, `/run/x.sock`, `postgres://db/app`. Pure.

use crate::config::{Http, Kind, Redis, Tls};
use crate::error::NotAnAddress;
use crate::net::Endpoint;

mod parts;

use parts::{Parts, decoded};

/// A server that is named by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address as messages show it: without the password that it may hold.
    pub label: String,
    /// What is asked there.
    pub kind: Kind,
}

/// The schemes, each with the port where none is written.
const SCHEMES: [(&str, Option<u16>); 18] = [
    ("tcp", None),
    ("unix", None),
    ("http", Some(80)),
    ("https", Some(443)),
    ("ws", Some(80)),
    ("redis", Some(6379)),
    ("rediss", Some(6379)),
    ("postgres", Some(5432)),
    ("postgresql", Some(5432)),
    ("mysql", Some(3306)),
    ("mysql2", Some(3306)),
    ("mariadb", Some(3306)),
    ("mongodb", Some(27_017)),
    ("memcached", Some(11_211)),
    ("amqp", Some(5672)),
    ("smtp", Some(25)),
    ("file", None),
    ("websocket", Some(80)),
];

/// Whether a word looks like an address and not like the name of a service.
#[must_use]
pub fn is_one(word: &str) -> bool {
    word.contains([':', '/'])
}

/// A word as messages show it: an address without its password.
#[must_use]
pub fn shown(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, rest)) => Parts::of(rest).shown(scheme),
        None => word.to_owned(),
    }
}

/// Reads an address.
///
/// # Errors
/// It is none, its scheme is unknown, or it has a password that its server needs: a command
/// line can be seen by every user.
pub fn parse(word: &str) -> Result<Address, NotAnAddress> {
    let label = shown(word);
    let Some((scheme, rest)) = word.split_once("://") else {
        let address = word.to_owned();
        let kind = match Endpoint::parse(word)? {
            Endpoint::Unix(_) => Kind::Unix { address },
            Endpoint::Tcp(..) => Kind::Tcp { address },
        };
        return Ok(Address { label, kind });
    };
    let Some(&(_, port)) = SCHEMES.iter().find(|(known, _)| *known == scheme) else {
        return Err(NotAnAddress::Scheme {
            text: label,
            schemes: SCHEMES.map(|(scheme, _)| scheme).to_vec(),
        });
    };
    let parts = Parts::of(rest);
    let needs_password = matches!(scheme, "redis" | "rediss" | "http" | "https");
    if needs_password && parts.password.is_some() {
        return Err(NotAnAddress::Password(label));
    }
    let address = parts.address(port);
    if !matches!(scheme, "unix" | "file") {
        let endpoint = Endpoint::parse(&address);
        endpoint.map_err(|_| NotAnAddress::of(&label))?;
    }
    let kind = match scheme {
        "unix" => match Endpoint::parse(word)? {
            Endpoint::Unix(_) => Kind::Unix {
                address: word.to_owned(),
            },
            Endpoint::Tcp(..) => return Err(NotAnAddress::of(&label)),
        },
        "file" if parts.host.is_empty() && parts.path.len() > 1 => Kind::File {
            path: parts.path.to_owned(),
        },
        "file" => return Err(NotAnAddress::of(&label)),
        "http" | "https" => Kind::Http(Http {
            address: word.to_owned(),
            path: None,
            host: None,
            statuses: Vec::new(),
            tls: None,
        }),
        "ws" | "websocket" => Kind::Websocket {
            address,
            strict: false,
        },
        "redis" | "rediss" => Kind::Redis(Redis {
            address,
            user: None,
            password_file: None,
            tls: (scheme == "rediss").then(Tls::default),
        }),
        "postgres" | "postgresql" => Kind::Postgres {
            address,
            user: parts.user.map_or_else(|| "postgres".to_owned(), decoded),
            database: parts
                .database()
                .map_or_else(|| "postgres".to_owned(), decoded),
        },
        "mysql" | "mysql2" | "mariadb" => Kind::Mysql {
            address,
            user: None,
            password_file: None,
        },
        "mongodb" => Kind::Mongo {
            address,
            modern: false,
        },
        "memcached" => Kind::Memcached { address },
        "amqp" => Kind::Amqp { address },
        "smtp" => Kind::Smtp { address },
        _ => Kind::Tcp { address },
    };
    Ok(Address { label, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an address means: the kind, its address, and the address as shown.
    fn meaning(word: &str) -> (&'static str, String, String) {
        match parse(word) {
            Ok(Address { label, kind }) => {
                let address = kind.address().unwrap_or_default().to_owned();
                (kind.name(), address, label)
            }
            Err(error) => ("", error.to_string(), String::new()),
        }
    }

    #[test]
    fn a_scheme_is_a_kind_of_probe_and_has_its_port() {
        for (word, kind, address) in [
            ("db:5432", "tcp", "db:5432"),
            ("[::1]:25", "tcp", "[::1]:25"),
            ("tcp://db:1", "tcp", "db:1"),
            ("/run/x.sock", "unix", "/run/x.sock"),
            ("unix:///run/x.sock", "unix", "unix:///run/x.sock"),
            ("http://a", "http", "http://a"),
            ("https://a:8443/up?x=1", "http", "https://a:8443/up?x=1"),
            ("ws://a", "websocket", "a:80"),
            ("redis://a/0", "redis", "a:6379"),
            ("redis:///run/redis.sock", "redis", "/run/redis.sock"),
            ("rediss://[::1]", "redis", "[::1]:6379"),
            ("postgres://u@a/app", "postgres", "a:5432"),
            ("mysql2://a:3307/app", "mysql", "a:3307"),
            ("mongodb://a", "mongo", "a:27017"),
            ("memcached://a", "memcached", "a:11211"),
            ("amqp://a/vhost", "amqp", "a:5672"),
            ("smtp://a", "smtp", "a:25"),
            ("file:///run/ready", "file", ""),
        ] {
            let shown = word.to_owned();
            assert_eq!(meaning(word), (kind, address.to_owned(), shown));
        }
        for wrong in [
            "a:", "tcp://a", "redis://", "file://a", "unix://a", "http://",
        ] {
            assert_eq!(meaning(wrong).0, "", "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for word in [
            "postgres://u:se@cr:et@db/app?password=secret",
            "mysql://u:secret@db",
            "redis://:secret@db",
            "https://u:secret@db/",
            "foo://u:secret@db",
            "tcp://u:secret@db",
        ] {
            let (_, address, label) = meaning(word);
            let text = format!("{address} {label} {}", shown(word));
            assert!(!text.contains("secret") && !text.contains("et@"), "{text}");
        }
        let shown = shown("postgres://u:secret@db/app");
        assert_eq!(shown, "postgres://u@db/app");
    }

    #[test]
    fn user_and_database_of_postgres_are_those_of_the_address() {
        let word = "postgresql://us%40er:x@db/my%2Dapp";
        let postgres = parse(word).map(|address| address.kind);
        let expected = Kind::Postgres {
            address: "db:5432".to_owned(),
            user: "us@er".to_owned(),
            database: "my-app".to_owned(),
        };
        assert_eq!(postgres, Ok(expected));
    }
}
