//! Local time, as tai64nlocal writes it.

use daemontools::tai64n::Tai64n;
use daemontools::unix::localtime;

/// A time to the second: `2026-11-29 13:14:15`.
pub(crate) fn time(time: Tai64n) -> String {
    let unix = time.unix_seconds();
    localtime::at(unix).map_or_else(
        || format!("{unix} s after 1970"),
        |local| {
            format!(
                "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                i64::from(local.years) + 1900,
                local.month,
                local.day,
                local.hour,
                local.minute,
                local.second
            )
        },
    )
}
