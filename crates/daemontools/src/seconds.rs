//! Seconds on a command line, such as the value of `--timeout`.

use core::ffi::CStr;
use core::time::Duration;

/// Seconds in decimal, with or without a fraction. `None` for any other word.
#[must_use]
pub fn seconds(word: &CStr) -> Option<Duration> {
    let text = word.to_str().ok()?;
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| plain)?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_decimal_number_of_seconds() {
        assert_eq!(seconds(c"5"), Some(Duration::from_secs(5)));
        assert_eq!(seconds(c"0.5"), Some(Duration::from_millis(500)));
        for wrong in [c"", c"-1", c"inf", c"nan", c"1e3", c"5s", c".", c"\xff"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
