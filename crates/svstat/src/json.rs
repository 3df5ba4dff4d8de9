//! The output of `--json`: one object a directory, in one line. No I/O.
//!
//! JSON is Unicode, but names are bytes. If a name is not UTF-8, `directory` has U+FFFD
//! for each wrong byte sequence, and `directory_hex` has all bytes.

use std::collections::BTreeMap;

use daemontools::errno;
use daemontools::servicedir::detail;
use daemontools::servicedir::status::Want;
use daemontools::tai64n::Tai64n;
use serde::Serialize;

use crate::render::elapsed;
use crate::service::{Error, Service};

#[derive(Debug, Serialize)]
struct Line<'a> {
    directory: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory_hex: Option<String>,
    #[serde(flatten)]
    found: Found<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Found<'a> {
    Service(Facts<'a>),
    Error { error: String },
}

/// The facts about a service. `pid` is there only while it is up.
#[derive(Debug, Serialize)]
struct Facts<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    seconds: u64,
    since: String,
    normally: &'static str,
    paused: bool,
    want: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    detail: BTreeMap<&'a str, i64>,
}

/// Appends the object of one directory, as it is at `now`, and a newline.
pub(crate) fn render(
    out: &mut Vec<u8>,
    name: &[u8],
    found: &Result<Service, Error>,
    detail: &[u8],
    now: Tai64n,
) {
    let directory = String::from_utf8_lossy(name);
    let line = Line {
        directory: &directory,
        directory_hex: core::str::from_utf8(name).is_err().then(|| hex(name)),
        found: match found {
            Ok(service) => Found::Service(facts(service, detail, now)),
            Err(cause) => Found::Error {
                error: message(*cause),
            },
        },
    };
    // Writing to a Vec does not fail, and every key is a string.
    let _ = serde_json::to_writer(&mut *out, &line);
    out.push(b'\n');
}

fn facts<'a>(service: &Service, detail: &'a [u8], now: Tai64n) -> Facts<'a> {
    let status = service.status;
    let up = status.pid != 0;
    Facts {
        state: if up { "up" } else { "down" },
        pid: up.then_some(status.pid),
        seconds: elapsed(status.since, now),
        since: ["@", &String::from_utf8_lossy(&status.since.label())].concat(),
        normally: if service.normally_down { "down" } else { "up" },
        paused: up && status.paused,
        want: match status.want {
            Want::Up => Some("up"),
            Want::Down => Some("down"),
            Want::Once => None,
        },
        detail: pairs(detail),
    }
}

fn message(cause: Error) -> String {
    let (text, error) = cause.text();
    [text, error.map_or("", errno::text)].concat()
}

fn hex(name: &[u8]) -> String {
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines `name number` of the detail file, whether this version knows the name or
/// not. Other lines are left out: another user may have written them.
fn pairs(detail: &[u8]) -> BTreeMap<&str, i64> {
    let pairs = detail::lines(detail).filter_map(|(name, value)| {
        let plain = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
        let name = core::str::from_utf8(name).ok()?;
        let value = core::str::from_utf8(value).ok()?.parse().ok()?;
        name.as_bytes().iter().all(plain).then_some((name, value))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemontools::servicedir::status::Status;

    const NOW: i64 = 1_700_000_000;

    fn shown(name: &[u8], found: Result<Service, Error>, detail: &[u8]) -> String {
        let mut out = Vec::new();
        render(&mut out, name, &found, detail, Tai64n::from_unix(NOW, 0));
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn service(pid: u32) -> Service {
        Service {
            status: Status {
                since: Tai64n::from_unix(NOW - 3, 0),
                pid,
                paused: false,
                want: Want::Up,
            },
            normally_down: false,
        }
    }

    #[test]
    fn renders_the_facts_about_a_service() {
        assert_eq!(
            shown(b"web", Ok(service(7)), b"starts 2\nexit 111\n"),
            "{\"directory\":\"web\",\"state\":\"up\",\"pid\":7,\"seconds\":3,\
             \"since\":\"@400000006553f10700000000\",\"normally\":\"up\",\
             \"paused\":false,\"want\":\"up\",\
             \"detail\":{\"exit\":111,\"starts\":2}}\n"
        );
    }

    #[test]
    fn renders_an_error_and_a_name_that_is_not_utf8() {
        assert_eq!(
            shown(b"a\"\n\xff", Err(Error::NotRunning), b""),
            "{\"directory\":\"a\\\"\\n\u{fffd}\",\"directory_hex\":\"61220aff\",\
             \"error\":\"supervise not running\"}\n"
        );
    }

    #[test]
    fn takes_only_names_with_numbers_from_the_detail_file() {
        let text = b"starts 3\nnonsense\n\nroot x:0:0\n\xff 1\nA 1\nsignal 9\nexit";
        let expected = BTreeMap::from([("signal", 9), ("starts", 3)]);
        assert_eq!(pairs(text), expected);
        assert!(pairs(b"").is_empty());
    }
}
