//! When to look at `supervise/ready` where the kernel gives no notice of a write to it.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

/// How long to the first look, and at most between two.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// The looks while a service is starting.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looks {
    /// The next look, and how long after the one before.
    next: Option<(Monotonic, Duration)>,
}

impl Looks {
    /// When the next look is due. `needed` is false once none is.
    pub(crate) fn next(&mut self, needed: bool, now: Monotonic) -> Option<Monotonic> {
        self.next = match self.next {
            _ if !needed => None,
            None => Some((now + FIRST, FIRST)),
            Some((at, after)) if at <= now => {
                let after = (after * 2).min(LONGEST);
                Some((now + after, after))
            }
            next => next,
        };
        self.next.map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_after_50_ms_and_then_twice_as_long_up_to_a_second() {
        let mut looks = Looks::default();
        let mut now = Monotonic(0);
        for millis in [50, 100, 200, 400, 800, 1000, 1000] {
            let next = looks.next(true, now);
            assert_eq!(next, Some(now + Duration::from_millis(millis)));
            // Another event in between changes nothing.
            assert_eq!(looks.next(true, now + Duration::from_millis(1)), next);
            now = next.unwrap_or_default();
        }
        assert_eq!(looks.next(false, now), None);
    }
}
