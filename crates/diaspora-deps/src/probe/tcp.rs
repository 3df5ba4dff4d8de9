//! Anything that accepts a connection: the rule of old, and all that can be asked
//! of a service whose protocol nobody knows. A stopped process is accepted too, by
//! the kernel.

use super::{Protocol, Verdict};

/// Ready once it has accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepts;

impl Protocol for Accepts {
    fn hello(&self) -> Vec<u8> {
        Vec::new()
    }

    fn judge(&self, _reply: &[u8]) -> Verdict {
        Verdict::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked() {
        assert_eq!(Accepts.judge(b""), Verdict::Ready);
        assert_eq!(Accepts.judge(b"anything"), Verdict::Ready);
        assert!(Accepts.hello().is_empty());
    }
}
