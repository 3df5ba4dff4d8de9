//! What a refused connection means. For a unix socket the file alone says nothing:
//! servers leave it behind, so it is always connected to.

use daemontools::Errno;

use super::Readiness;

/// Why no connection came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What that means.
    pub readiness: Readiness,
    /// Whether nobody was there to notice: asking again soon costs the service
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
    fn a_stale_socket_is_down_and_never_ready() {
        let stale = refusal(true, Errno::ECONNREFUSED);
        assert!(matches!(stale.readiness, Readiness::Down(why) if why.starts_with("stale")));
        assert!(stale.absent);
        let none = refusal(true, Errno::ENOENT);
        assert!(matches!(none.readiness, Readiness::Down(_)));
        let full = refusal(true, Errno::EAGAIN);
        assert!(matches!(full.readiness, Readiness::Starting(_)));
    }

    #[test]
    fn an_address_that_does_not_answer_is_not_asked_quickly_again() {
        assert!(refusal(false, Errno::ECONNREFUSED).absent);
        assert!(!refusal(false, Errno::ETIMEDOUT).absent);
        assert!(!refusal(false, Errno::EHOSTUNREACH).absent);
    }
}
