//! A connection that is accepted: the rule of 2010, and the only one for a service whose
//! protocol is not known. The kernel accepts for a stopped process as well.

use super::protocol::{Protocol, Readiness};

/// The probe: ready once the connection is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepts;

impl Protocol for Accepts {
    fn request(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, _reply: &[u8]) -> Readiness {
        Readiness::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_connection_is_ready_without_a_request() {
        assert_eq!(Accepts.judge(b""), Readiness::Ready);
        assert_eq!(Accepts.judge(b"anything"), Readiness::Ready);
        assert!(Accepts.request().is_empty());
    }
}
