//! The meaning of a refused connection. The file of a unix socket alone proves nothing,
//! since servers leave it behind: a probe always connects.

use daemontools::Errno;

use super::protocol::Readiness;

/// A connection that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The readiness that it shows.
    pub readiness: Readiness,
    /// Whether nobody listened: the next probe may come soon, for it costs the service
    /// nothing.
    pub absent: bool,
}

/// Judges the error of a `connect` to a unix socket (`is_unix`) or an address.
#[must_use]
pub fn refusal(is_unix: bool, error: Errno) -> Refusal {
    let down = |why: &str, absent| Refusal {
        readiness: Readiness::Down(why.to_owned()),
        absent,
    };
    let starting = |why: &str| Refusal {
        readiness: Readiness::Starting(why.to_owned()),
        absent: false,
    };
    match error {
        Errno::ENOENT if is_unix => down("no socket file yet", true),
        Errno::ECONNREFUSED if is_unix => down("stale socket file: nobody listens behind it", true),
        Errno::EAGAIN if is_unix => starting("its backlog is full"),
        Errno::ENOTSOCK if is_unix => down("the file is not a socket", false),
        Errno::ECONNREFUSED => down("connection refused", true),
        Errno::ETIMEDOUT | Errno::EINPROGRESS | Errno::EAGAIN => {
            down("no answer to the connection", false)
        }
        Errno::ECONNRESET => starting("closed the connection at once"),
        other => down(&other.desc().to_lowercase(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_or_missing_socket_is_down_and_a_full_backlog_is_starting() {
        let stale = refusal(true, Errno::ECONNREFUSED);
        assert!(matches!(stale.readiness, Readiness::Down(why) if why.starts_with("stale")));
        assert!(stale.absent);
        let none = refusal(true, Errno::ENOENT);
        assert!(matches!(none.readiness, Readiness::Down(_)));
        let full = refusal(true, Errno::EAGAIN);
        assert!(matches!(full.readiness, Readiness::Starting(_)));
    }

    #[test]
    fn only_a_refused_connection_is_absent() {
        assert!(refusal(false, Errno::ECONNREFUSED).absent);
        assert!(!refusal(false, Errno::ETIMEDOUT).absent);
        assert!(!refusal(false, Errno::EHOSTUNREACH).absent);
    }
}
