//! Words that messages and lines have in common.

use std::time::Duration;

use daemontools::unix::process::End;

/// A duration in its two largest units.
pub(super) fn duration(time: Duration) -> String {
    seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// A number of seconds in its two largest units. A negative number counts as 0.
pub(super) fn seconds(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How a process has ended.
pub(super) fn end(end: End) -> String {
    match end {
        End::Exited(code) => format!("exit code {code}"),
        End::Killed(signal) => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_two_largest_units() {
        assert_eq!(seconds(-1), "0 s");
        assert_eq!(seconds(65), "1 min 5 s");
        assert_eq!(seconds(7265), "2 h 1 min");
        assert_eq!(seconds(90_000), "1 d 1 h");
    }
}
