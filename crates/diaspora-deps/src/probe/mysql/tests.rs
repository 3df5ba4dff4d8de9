use super::super::protocol::tests::survives_any_reply;
use super::packet::packet;
use super::*;

/// The greeting of a MariaDB 10.11.
fn greeting() -> Vec<u8> {
    let body = b"\n5.5.5-10.11.14-MariaDB\0\x0c\0\0\0~I/Ls~?\\\0\xfe\xf7\x08\x02\0\xff\x81\x15\
\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native_password\0";
    packet(0, body)
}

fn with(second: &[u8]) -> Vec<u8> {
    [greeting(), packet(2, second)].concat()
}

fn error(number: u16, text: &str) -> Vec<u8> {
    [&[ERROR], &number.to_le_bytes()[..], text.as_bytes()].concat()
}

#[test]
fn a_login_that_ends_in_either_way_is_ready() {
    survives_any_reply(&Mysql::default(), &with(b"\0\0\0\x02\0\0\0"));
    survives_any_reply(
        &Mysql::default(),
        &with(&error(1045, "#28000Access denied")),
    );
    survives_any_reply(
        &Mysql::default(),
        &packet(0, &error(1130, "Host 'h' is not allowed")),
    );
}

#[test]
fn a_server_without_a_free_connection_is_starting() {
    for (number, text) in [
        (1040, "Too many connections"),
        (
            1129,
            "Host 'h' is blocked because of many connection errors",
        ),
        (1053, "#08S01Server shutdown in progress"),
    ] {
        let words = text.trim_start_matches("#08S01");
        let why = Readiness::Starting(excerpt(words.as_bytes()));
        assert_eq!(
            Mysql::default().judge(&packet(0, &error(number, text))),
            why
        );
        assert_eq!(Mysql::default().judge(&with(&error(number, text))), why);
    }
}

#[test]
fn each_step_is_answered_once() {
    let mysql = Mysql::default();
    assert_eq!(mysql.answer(&greeting()[..20], 0), None);
    assert!(mysql.answer(&greeting(), 0).is_some());
    assert_eq!(mysql.answer(&greeting(), 1), None);
    let switch = with(b"\xfemysql_native_password\0abcdefghij1234567890\0");
    assert_eq!(mysql.judge(&switch), Readiness::Incomplete);
    assert_eq!(mysql.answer(&switch, 1), Some(packet(3, b"")));
    assert_eq!(mysql.answer(&switch, 2), None);
}

#[test]
fn a_password_is_mixed_with_the_challenge() {
    let login = MysqlLogin {
        user: b"u".to_vec(),
        password: Some(b"secret".to_vec()),
        servers: vec![7],
    };
    assert!(login.may_send_to(7) && !login.may_send_to(8));
    let mysql = Mysql { login };
    let answer = mysql.answer(&greeting(), 0).expect("a login");
    assert!(!answer.windows(6).any(|part| part == b"secret"));
    // User, length of the proof.
    assert!(answer.windows(3).any(|part| part == b"u\0\x14"));
}

#[test]
fn another_server_is_down() {
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\n"[..],
        b"\x05\0\0\0\x0bhello",
        b"\xff\xff\xff\0",
    ] {
        assert!(matches!(
            Mysql::default().judge(garbage),
            Readiness::Down(_)
        ));
    }
}
