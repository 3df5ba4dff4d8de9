//! `check --nagios`, as a monitor calls it.

use std::fs;
use std::net::TcpListener;

use crate::folder::{Folder, config, redis};

#[test]
fn each_state_has_its_word_and_code_and_every_trouble_is_unknown() {
    let (ready, _) = redis("+PONG\r\n");
    let (starting, _) = redis("-LOADING not yet\r\n");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let down = address.unwrap().port();
    for (port, expected, code) in [
        (ready, "OK - 1 ready | 'redis'=0.", 0),
        (
            starting,
            "WARNING - redis starting: \"LOADING not yet\" | 'redis'=U\n",
            1,
        ),
        (
            down,
            "CRITICAL - redis down: connection refused | 'redis'=U\n",
            2,
        ),
    ] {
        let folder = Folder::new(&config(port));
        let (found, out, err) = folder.run(&["check", "--nagios", "redis"]);
        assert_eq!((found, err.as_str()), (code, ""), "{out}");
        assert!(
            out.starts_with(&format!("DIASPORA-DEPS {expected}")),
            "{out}"
        );
        assert_eq!(out.lines().count(), 1, "{out}");
    }
    let folder = Folder::new(&config(ready));
    let unknown = |words: &[&str], part: &str| {
        let (code, out, err) = folder.run(words);
        assert_eq!((code, err.as_str()), (3, ""), "{out}");
        assert!(
            out.starts_with("DIASPORA-DEPS UNKNOWN - ") && out.contains(part),
            "{out}"
        );
        assert_eq!(out.lines().count(), 1, "{out}");
    };
    unknown(&["check", "--nagios", "reddis"], "reddis");
    unknown(
        &["check", "--nagios", "--no-such-option"],
        "--no-such-option",
    );
    let mut full = folder.gate(&["check", "--nagios", "redis"]);
    let full = full.stdout(fs::File::create("/dev/full").unwrap()).output();
    assert_eq!(full.unwrap().status.code(), Some(3));
    fs::write(folder.path("services.toml"), "[service.redis]\nprobe = 3\n").unwrap();
    unknown(&["check", "--nagios"], "services.toml:2");
}
