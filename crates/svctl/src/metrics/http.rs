//! As much of HTTP as a scrape needs. No I/O.

/// The longest head of a request.
pub(super) const HEAD_MAX: usize = 8192;

/// What a peer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The head of the request is not complete.
    More,
    /// The metrics; `false`: without the body.
    Metrics(bool),
    /// Something else, and so the status line of the answer.
    Wrong(&'static str),
}

/// What the bytes that a peer has sent so far ask for.
pub(super) fn asked(bytes: &[u8]) -> Asked {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.or_else(|| bytes.windows(2).position(|window| window == b"\n\n"));
    let Some(end) = end else {
        return match bytes.len() < HEAD_MAX {
            true => Asked::More,
            false => Asked::Wrong("431 Request Header Fields Too Large"),
        };
    };
    let line = bytes[..end].split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default().trim_ascii_end();
    let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = words[..] else {
        return Asked::Wrong("400 Bad Request");
    };
    let path = target.split(|&byte| byte == b'?').next();
    match (method, path) {
        _ if !version.starts_with(b"HTTP/1.") => Asked::Wrong("400 Bad Request"),
        (b"GET", Some(b"/metrics")) => Asked::Metrics(true),
        (b"HEAD", Some(b"/metrics")) => Asked::Metrics(false),
        (b"GET" | b"HEAD", _) => Asked::Wrong("404 Not Found"),
        _ => Asked::Wrong("405 Method Not Allowed"),
    }
}

/// The answer to a scrape.
pub(super) fn metrics(body: &str, with_body: bool) -> Vec<u8> {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    answer("200 OK", kind, body, with_body)
}

/// The answer to anything else.
pub(super) fn wrong(status: &str) -> Vec<u8> {
    let body = format!("{status}: GET /metrics is all there is\n");
    answer(status, "text/plain; charset=utf-8", &body, true)
}

fn answer(status: &str, kind: &str, body: &str, with_body: bool) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    let body = if with_body { body } else { "" };
    [head.as_bytes(), body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_metrics_is_all_there_is() {
        for (request, wanted) in [
            (
                "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
                Asked::Metrics(true),
            ),
            ("GET /metrics?x=1 HTTP/1.0\n\n", Asked::Metrics(true)),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", Asked::Metrics(false)),
            ("GET / HTTP/1.1\r\n\r\n", Asked::Wrong("404 Not Found")),
            (
                "GET /metrics/ HTTP/1.1\r\n\r\n",
                Asked::Wrong("404 Not Found"),
            ),
            (
                "POST /metrics HTTP/1.1\r\n\r\n",
                Asked::Wrong("405 Method Not Allowed"),
            ),
            (
                "GET /metrics HTTP/2\r\n\r\n",
                Asked::Wrong("400 Bad Request"),
            ),
            ("nonsense\r\n\r\n", Asked::Wrong("400 Bad Request")),
            ("\r\n\r\n", Asked::Wrong("400 Bad Request")),
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n", Asked::More),
            ("", Asked::More),
        ] {
            assert_eq!(asked(request.as_bytes()), wanted, "{request:?}");
        }
        let long = vec![b'x'; HEAD_MAX];
        assert!(matches!(asked(&long), Asked::Wrong(status) if status.starts_with("431")));
    }

    #[test]
    fn an_answer_tells_the_length_of_its_body() {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let full = text(metrics("up 1\n", true));
        assert!(full.contains("\r\nContent-Length: 5\r\n") && full.ends_with("\r\n\r\nup 1\n"));
        let head = text(metrics("up 1\n", false));
        assert!(head.contains("\r\nContent-Length: 5\r\n") && head.ends_with("\r\n\r\n"));
        assert!(text(wrong("404 Not Found")).starts_with("HTTP/1.1 404 Not Found\r\n"));
    }
}
