//! The line of a directory without `--json`: the reference's text. No I/O.

use daemontools::errno;
use daemontools::servicedir::status::Want;
use daemontools::strerr::Decimal;
use daemontools::tai64n::Tai64n;

use crate::service::{Error, Service};

/// Appends the line of one directory for the time `now`.
pub(crate) fn line(out: &mut Vec<u8>, name: &[u8], found: &Result<Service, Error>, now: Tai64n) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    match found {
        Ok(service) => state(out, service, now),
        Err(cause) => {
            let (text, error) = cause.text();
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(error.map_or("", errno::text).as_bytes());
        }
    }
    out.push(b'\n');
}

fn state(out: &mut Vec<u8>, service: &Service, now: Tai64n) {
    let Service {
        status,
        normally_down,
    } = *service;
    let up = status.pid != 0;
    if up {
        out.extend_from_slice(b"up (pid ");
        out.extend_from_slice(Decimal::new(u64::from(status.pid)).as_bytes());
        out.extend_from_slice(b") ");
    } else {
        out.extend_from_slice(b"down ");
    }
    out.extend_from_slice(Decimal::new(elapsed(status.since, now)).as_bytes());
    out.extend_from_slice(b" seconds");
    for (holds, text) in [
        (up && normally_down, ", normally down"),
        (!up && !normally_down, ", normally up"),
        (up && status.paused, ", paused"),
        (!up && status.want == Want::Up, ", want up"),
        (up && status.want == Want::Down, ", want down"),
    ] {
        if holds {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The age of a record as the reference prints it: the difference of the labels' whole
/// seconds, 0 for a record from the future.
pub(crate) const fn elapsed(since: Tai64n, now: Tai64n) -> u64 {
    now.seconds.saturating_sub(since.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daemontools::Errno;
    use daemontools::servicedir::status::Status;

    const NOW: i64 = 1_700_000_000;

    fn shown(found: Result<Service, Error>) -> String {
        let mut out = Vec::new();
        line(&mut out, b"d", &found, Tai64n::from_unix(NOW, 0));
        String::from_utf8(out).expect("the name is ASCII")
    }

    fn service(pid: u32, paused: bool, want: Want, normally_down: bool) -> Service {
        let since = Tai64n::from_unix(NOW - 3, 999_999_999);
        Service {
            status: Status {
                since,
                pid,
                paused,
                want,
            },
            normally_down,
        }
    }

    #[test]
    fn renders_every_state_in_the_words_of_the_contract() {
        for (pid, paused, want, normally_down, text) in [
            (5, false, Want::Up, false, "up (pid 5) 3 seconds"),
            (5, false, Want::Once, false, "up (pid 5) 3 seconds"),
            (5, true, Want::Up, false, "up (pid 5) 3 seconds, paused"),
            (
                5,
                false,
                Want::Down,
                false,
                "up (pid 5) 3 seconds, want down",
            ),
            (
                5,
                true,
                Want::Down,
                true,
                "up (pid 5) 3 seconds, normally down, paused, want down",
            ),
            (
                u32::MAX,
                false,
                Want::Up,
                false,
                "up (pid 4294967295) 3 seconds",
            ),
            (0, false, Want::Down, false, "down 3 seconds, normally up"),
            (0, false, Want::Down, true, "down 3 seconds"),
            (
                0,
                false,
                Want::Up,
                false,
                "down 3 seconds, normally up, want up",
            ),
            (0, false, Want::Up, true, "down 3 seconds, want up"),
            // A service that is down is not shown as paused.
            (0, true, Want::Down, false, "down 3 seconds, normally up"),
        ] {
            let found = Ok(service(pid, paused, want, normally_down));
            assert_eq!(shown(found), format!("d: {text}\n"));
        }
    }

    #[test]
    fn renders_every_error_in_the_words_of_the_contract() {
        for (error, text) in [
            (
                Error::Chdir(Errno::ENOENT),
                "unable to chdir: file does not exist",
            ),
            (
                Error::Down(Errno::ELOOP),
                "unable to stat down: symbolic link loop",
            ),
            (
                Error::Ok(Errno::EACCES),
                "unable to open supervise/ok: access denied",
            ),
            (Error::NotRunning, "supervise not running"),
            (
                Error::Open(Errno::ENOENT),
                "unable to open supervise/status: file does not exist",
            ),
            (
                Error::Read(Errno::EISDIR),
                "unable to read supervise/status: is a directory",
            ),
            (Error::Short, "unable to read supervise/status: bad format"),
        ] {
            assert_eq!(shown(Err(error)), format!("d: {text}\n"));
        }
    }

    #[test]
    fn an_age_is_never_negative_and_never_overflows() {
        let now = Tai64n::from_unix(NOW, 0);
        let age = |seconds| elapsed(Tai64n { seconds, nanos: 0 }, now);
        assert_eq!(age(now.seconds + 1), 0);
        assert_eq!(age(u64::MAX), 0);
        assert_eq!(age(0), now.seconds);
    }

    #[test]
    fn an_age_may_begin_and_end_past_2038() {
        for (since, now) in [(1 << 31, 1 << 32), (NOW, 1 << 33), (1 << 33, (1 << 33) + 5)] {
            let age = elapsed(Tai64n::from_unix(since, 0), Tai64n::from_unix(now, 0));
            assert_eq!(age, (now - since).unsigned_abs());
        }
    }
}
