//! A web server. Without a path any status line is ready. That request has no `Host` on
//! purpose: nginx answers 400 by itself, logs nothing and asks no upstream. A complete
//! `GET /` before the application is up would make nginx mark every upstream as down.

use super::protocol::{Protocol, Readiness, excerpt, first_line, may_begin, wrong_protocol};
use crate::tls::Tls;

/// The probe.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// What is asked for; without it, an incomplete request that any server answers.
    pub page: Option<Page>,
    /// How the connection is made secure.
    pub tls: Option<Tls>,
}

/// A page and the answers that are ready.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path with its query.
    pub path: Vec<u8>,
    /// The name of the site.
    pub host: Vec<u8>,
    /// The statuses that are ready.
    pub statuses: Vec<Status>,
}

/// A status of HTTP, or a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status([u8; 3]);

impl Status {
    /// What is ready where nothing else is asked for.
    pub const USUAL: [Self; 2] = [Self(*b"2xx"), Self(*b"3xx")];

    /// Reads `200` or `2xx`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [first, rest @ ..]: [u8; 3] = text.as_bytes().try_into().ok()?;
        let is_class = (b'1'..=b'5').contains(&first);
        let is_rest = rest == *b"xx" || rest.iter().all(u8::is_ascii_digit);
        (is_class && is_rest).then_some(Self([first, rest[0], rest[1]]))
    }

    fn holds(self, code: [u8; 3]) -> bool {
        let mut digits = self.0.iter().zip(code);
        digits.all(|(&wanted, digit)| wanted == b'x' || wanted == digit)
    }
}

/// The start of every status line.
const STATUS: &[u8] = b"HTTP/1.";
/// Longer than any status line.
const LINE_MAX: usize = 4096;

impl Protocol for Http {
    fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    fn request(&self) -> Vec<u8> {
        match &self.page {
            None => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            Some(page) => page.request(),
        }
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        let code = match code(reply) {
            Ok(code) => code,
            Err(readiness) => return readiness,
        };
        match &self.page {
            Some(page) if !page.statuses.iter().any(|status| status.holds(code)) => {
                match first_line(reply) {
                    Some(line) => Readiness::Starting(format!("answers {}", excerpt(line))),
                    None if reply.len() < LINE_MAX => Readiness::Incomplete,
                    None => wrong_protocol("http", reply),
                }
            }
            _ => Readiness::Ready,
        }
    }
}

impl Page {
    fn request(&self) -> Vec<u8> {
        let slash: &[u8] = if self.path.starts_with(b"/") {
            b""
        } else {
            b"/"
        };
        [
            b"GET ",
            slash,
            &escaped(&self.path),
            b" HTTP/1.1\r\nHost: ",
            &escaped(&self.host),
            b"\r\nUser-Agent: diaspora-deps\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        ]
        .concat()
    }
}

/// A text without white space and control characters, which would end it.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in text {
        match byte {
            b'!'..=b'~' | 0x80.. => escaped.push(byte),
            _ => escaped.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    escaped
}

/// The code of a reply's status line, `HTTP/1.1 400`.
fn code(reply: &[u8]) -> Result<[u8; 3], Readiness> {
    if !may_begin(reply, STATUS) {
        return Err(wrong_protocol("http", reply));
    }
    match reply.get(STATUS.len()..STATUS.len() + 5) {
        None => Err(Readiness::Incomplete),
        Some(&[minor, b' ', a, b, c]) if [minor, a, b, c].iter().all(u8::is_ascii_digit) => {
            Ok([a, b, c])
        }
        Some(_) => Err(wrong_protocol("http", reply)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    fn page(statuses: &[&str]) -> Http {
        let statuses = statuses.iter().map(|text| Status::parse(text).expect(text));
        Http {
            page: Some(Page {
                path: b"/up?x=a b".to_vec(),
                host: b"pod.example\r\n".to_vec(),
                statuses: statuses.collect(),
            }),
            tls: None,
        }
    }

    #[test]
    fn any_status_is_ready_and_the_request_has_no_host() {
        let any = Http::default();
        survives_any_reply(&any, b"HTTP/1.1 400 Bad Request\r\n");
        assert_eq!(any.judge(b"HTTP/1.0 502 Bad Gateway\r\n"), Readiness::Ready);
        assert!(!any.request().windows(4).any(|part| part == b"Host"));
    }

    #[test]
    fn a_page_is_ready_with_one_of_its_statuses() {
        survives_any_reply(&page(&["2xx"]), b"HTTP/1.1 204 No Content\r\n");
        for (statuses, ready, not_ready) in [
            (&["2xx", "3xx"][..], "302 Found", "404 Not Found"),
            (&["200"], "200 OK", "201 Created"),
        ] {
            let judge =
                |line: &str| page(statuses).judge(format!("HTTP/1.1 {line}\r\n").as_bytes());
            assert_eq!(judge(ready), Readiness::Ready);
            let why = format!("answers \"HTTP/1.1 {not_ready}\"");
            assert_eq!(judge(not_ready), Readiness::Starting(why));
        }
    }

    #[test]
    fn a_path_and_a_host_stay_in_their_lines() {
        let request = page(&["200"]).request();
        let start = b"GET /up?x=a%20b HTTP/1.1\r\nHost: pod.example%0D%0A\r\n";
        assert!(request.starts_with(start));
    }

    #[test]
    fn a_status_is_a_code_or_a_class() {
        for good in ["200", "2xx", "503"] {
            assert!(Status::parse(good).is_some(), "{good}");
        }
        for wrong in ["", "2", "2x", "2x0", "xxx", "600", "2000", "abc"] {
            assert!(Status::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn another_server_is_down() {
        for garbage in [&b"-ERR unknown command"[..], b"220 mail", b"HTTP/1.x abc"] {
            assert!(matches!(Http::default().judge(garbage), Readiness::Down(_)));
        }
    }
}
