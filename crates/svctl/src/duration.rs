//! How long something takes or has taken, for people. Pure.

/// The units, the largest first.
const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];

/// In a table: `3d 2h`, `12s`. The two largest units; the second only if it is not 0.
#[must_use]
pub(crate) fn short(seconds: u64) -> String {
    let (large, small) = parts(seconds);
    let small = small.map_or(String::new(), |(count, unit)| format!(" {count}{unit}"));
    format!("{}{}{small}", large.0, large.1)
}

/// In a sentence: `3 d 2 h`, `12 s`.
#[must_use]
pub(crate) fn long(seconds: u64) -> String {
    let (large, small) = parts(seconds);
    let small = small.map_or(String::new(), |(count, unit)| format!(" {count} {unit}"));
    format!("{} {}{small}", large.0, large.1)
}

type Part = (u64, &'static str);

fn parts(seconds: u64) -> (Part, Option<Part>) {
    let at = UNITS.iter().position(|&(unit, _)| seconds >= unit);
    let at = at.unwrap_or(UNITS.len() - 1);
    let (unit, name) = UNITS[at];
    let small = UNITS
        .get(at + 1)
        .map(|&(small, name)| (seconds % unit / small, name));
    (
        (seconds / unit, name),
        small.filter(|&(count, _)| count > 0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_two_largest_units_and_no_zero() {
        for (seconds, in_table, in_sentence) in [
            (0, "0s", "0 s"),
            (59, "59s", "59 s"),
            (60, "1m", "1 m"),
            (61, "1m 1s", "1 m 1 s"),
            (3600, "1h", "1 h"),
            (3659, "1h", "1 h"),
            (7325, "2h 2m", "2 h 2 m"),
            (86_400, "1d", "1 d"),
            (266_400, "3d 2h", "3 d 2 h"),
            (u64::MAX, "213503982334601d 7h", "213503982334601 d 7 h"),
        ] {
            assert_eq!(short(seconds), in_table);
            assert_eq!(long(seconds), in_sentence);
        }
    }
}
