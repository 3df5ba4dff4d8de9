//! The result of a check as a plugin of Nagios and its kin gives it: one line, what is wrong
//! first, and the exit codes 0 to 3. Pure. The rules are those of the Monitoring Plugins
//! Development Guidelines.

use super::report::{Report, State};

/// The exit code where nothing could be found out.
pub const UNKNOWN: i32 = 3;

/// The name in front of the line, as other plugins have theirs.
const PLUGIN: &str = "DIASPORA-DEPS";

/// `DIASPORA-DEPS CRITICAL - redis down: connection refused; 1 ready | 'web'=0.0004s 'redis'=U`,
/// and the exit code. The times are those of the probes; `U` is "undetermined".
#[must_use]
pub fn line(reports: &[Report]) -> (String, i32) {
    let Some(worst) = reports.iter().map(|report| report.state).max() else {
        return (unknown("there is nothing to check"), UNKNOWN);
    };
    let word = match worst {
        State::Ready => "OK",
        State::Starting => "WARNING",
        State::Down => "CRITICAL",
    };
    let mut wrong: Vec<&Report> = reports.iter().collect();
    wrong.retain(|report| report.state != State::Ready);
    // Stable: those in one state stay in the order of their start.
    wrong.sort_by_key(|report| std::cmp::Reverse(report.state));
    let ready = reports.len() - wrong.len();
    let said = wrong
        .iter()
        .map(|report| format!("{} {}", report.label, report.state_and_reason()))
        .chain((ready > 0 || wrong.is_empty()).then(|| format!("{ready} ready")));
    let said: Vec<String> = said.map(|text| one_line(&text)).collect();
    let times: Vec<String> = reports.iter().map(time).collect();
    let (said, times) = (said.join("; "), times.join(" "));
    (format!("{PLUGIN} {word} - {said} | {times}"), worst.code())
}

/// `DIASPORA-DEPS UNKNOWN - why`.
#[must_use]
pub fn unknown(why: &str) -> String {
    format!("{PLUGIN} UNKNOWN - {}", one_line(why))
}

/// The time of a probe, as performance data: a quoted label, `=`, seconds.
fn time(report: &Report) -> String {
    let label = one_line(&report.label)
        .replace('=', "_")
        .replace('\'', "''");
    if report.state == State::Ready {
        format!("'{label}'={:.4}s", report.took.as_secs_f64())
    } else {
        format!("'{label}'=U")
    }
}

/// A text without what ends the line or begins the performance data.
fn one_line(text: &str) -> String {
    let plain = text.trim().chars().map(|char| match char {
        '|' => '/',
        char if char.is_control() => ' ',
        char => char,
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report(label: &str, state: State, why: &str) -> Report {
        Report {
            label: label.to_owned(),
            address: "localhost:1".to_owned(),
            state,
            why: (!why.is_empty()).then(|| why.to_owned()),
            took: Duration::from_micros(420),
        }
    }

    #[test]
    fn what_is_wrong_comes_first_and_the_worst_before_the_rest() {
        let web = report("web", State::Ready, "");
        let redis = report("redis", State::Starting, "\"LOADING\"");
        let mongo = report("mongo", State::Down, "connection refused");
        for (reports, expected, code) in [
            (&[][..], "UNKNOWN - there is nothing to check", 3),
            (&[&web], "OK - 1 ready | 'web'=0.0004s", 0),
            (
                &[&web, &redis],
                "WARNING - redis starting: \"LOADING\"; 1 ready | 'web'=0.0004s 'redis'=U",
                1,
            ),
            (
                &[&redis, &mongo],
                "CRITICAL - mongo down: connection refused; redis starting: \"LOADING\" | 'redis'=U 'mongo'=U",
                2,
            ),
        ] {
            let reports: Vec<Report> = reports
                .iter()
                .map(|from| report(&from.label, from.state, from.why.as_deref().unwrap_or("")))
                .collect();
            assert_eq!(line(&reports), (format!("DIASPORA-DEPS {expected}"), code));
        }
    }

    #[test]
    fn a_reason_neither_ends_the_line_nor_begins_the_performance_data() {
        let reports = [report("a'b=c|d", State::Down, "x|y\nz")];
        let expected = "DIASPORA-DEPS CRITICAL - a'b=c/d down: x/y z | 'a''b_c/d'=U";
        assert_eq!(line(&reports).0, expected);
        assert_eq!(unknown("a\nb\n"), "DIASPORA-DEPS UNKNOWN - a b");
    }
}
