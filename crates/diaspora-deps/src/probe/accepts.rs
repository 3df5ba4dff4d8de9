//! A connection that is accepted and kept: all that can be seen of a service whose protocol
//! is not known. The kernel accepts for a stopped process as well. A proxy accepts for a
//! server that is down, and then closes at once.

use std::time::Duration;

use super::protocol::{Protocol, Readiness};

/// The time in which a proxy on this host finds that its server is down.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The probe: ready once the connection is accepted, and the server speaks or waits.
#[derive(Clone, Copy, Debug)]
pub struct Accepts;

impl Protocol for Accepts {
    fn request(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, reply: &[u8]) -> Readiness {
        match reply {
            [] => Readiness::Incomplete,
            [..] => Readiness::Ready,
        }
    }

    fn silence_is_ready(&self) -> Option<Duration> {
        Some(AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::tests::survives_any_reply;
    use super::*;

    #[test]
    fn a_server_that_speaks_or_waits_is_ready_without_a_request() {
        survives_any_reply(&Accepts, b"anything");
        assert!(Accepts.silence_is_ready().is_some());
        assert!(Accepts.request().is_empty());
    }
}
