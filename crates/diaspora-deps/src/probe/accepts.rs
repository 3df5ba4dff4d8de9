//! Anything that accepts a connection: the rule of old, and all that can be asked
//! of a service whose protocol nobody knows. A stopped process is accepted too, by
//! the kernel.

use super::{Protocol, Readiness};

/// Ready once it has accepted.
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
    fn nothing_is_asked() {
        assert_eq!(Accepts.judge(b""), Readiness::Ready);
        assert_eq!(Accepts.judge(b"anything"), Readiness::Ready);
        assert!(Accepts.request().is_empty());
    }
}
