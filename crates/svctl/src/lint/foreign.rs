//! Files to which other suites give a meaning, and supervise none: what switches the same on
//! here, if that is not done yet.

use std::fs;
use std::path::Path;

use daemontools::servicedir::policy::Policy;

use super::finding::Finding;

/// A file of another suite.
struct Foreign {
    file: &'static str,
    /// Whose it is.
    suite: &'static str,
    /// The line of `supervise.toml` for its content, or what else does it.
    line: fn(&str) -> String,
    /// Whether a policy has something for it already.
    has: fn(&Policy) -> bool,
}

const ALL: [Foreign; 8] = [
    Foreign {
        file: "notification-fd",
        suite: "s6",
        line: |text| format!("ready-fd = {text}"),
        has: |policy| policy.ready_fd.is_some(),
    },
    Foreign {
        file: "timeout-kill",
        suite: "s6",
        line: |text| format!("stop-timeout = {}", seconds(text)),
        has: |policy| policy.stop_timeout().is_some(),
    },
    Foreign {
        file: "timeout-finish",
        suite: "s6",
        line: |text| format!("finish-timeout = {}", seconds(text)),
        has: |policy| policy.finish_timeout != Policy::default().finish_timeout,
    },
    Foreign {
        file: "down-signal",
        suite: "s6",
        line: |text| format!("stop-signal = \"{text}\""),
        has: |policy| policy.stop_signal != Policy::default().stop_signal,
    },
    Foreign {
        file: "max-death-tally",
        suite: "s6",
        line: |text| format!("give-up = {text}"),
        has: |policy| policy.give_up != 0,
    },
    Foreign {
        file: "check",
        suite: "runit",
        line: |_| "healthcheck --ready=./check in run, and ready-fd = 3".to_owned(),
        has: |policy| policy.ready_fd.is_some(),
    },
    Foreign {
        file: "control",
        suite: "runit",
        line: |_| "stop-signal, or a program that run starts".to_owned(),
        has: |policy| policy.stop_signal != Policy::default().stop_signal,
    },
    Foreign {
        file: "stop",
        suite: "daemontools-encore",
        line: |_| "finish = true, with a program called finish".to_owned(),
        has: |policy| policy.finish,
    },
];

/// What is there and not switched on.
pub(super) fn not_switched_on(directory: &Path, policy: Option<&Policy>) -> Vec<Finding> {
    let lacking = ALL.iter().filter(|foreign| {
        directory.join(foreign.file).exists() && !policy.is_some_and(foreign.has)
    });
    let say = |foreign: &Foreign| {
        let text = fs::read_to_string(directory.join(foreign.file)).unwrap_or_default();
        let line = (foreign.line)(text.lines().next().unwrap_or_default().trim());
        let text = format!(
            "is {}'s and means nothing to supervise; here it is {line}",
            foreign.suite
        );
        Finding::of(foreign.file, text)
    };
    lacking.map(say).collect()
}

/// Milliseconds as seconds.
fn seconds(text: &str) -> String {
    let millis: u64 = text.parse().unwrap_or(0);
    match millis % 1000 {
        0 => (millis / 1000).to_string(),
        rest => format!("{}.{rest:03}", millis / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_that_is_proposed_is_one_that_supervise_takes() {
        let place = tempfile::tempdir().expect("a directory");
        for (file, content, line) in [
            ("notification-fd", "3\n", "ready-fd = 3"),
            ("timeout-kill", "2500\n", "stop-timeout = 2.500"),
            ("timeout-finish", "10000", "finish-timeout = 10"),
            ("down-signal", "SIGQUIT\n", "stop-signal = \"SIGQUIT\""),
            ("max-death-tally", "5\n", "give-up = 5"),
        ] {
            fs::write(place.path().join(file), content).expect("write");
            let findings = not_switched_on(place.path(), None);
            let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|text| text.ends_with(line)), "{shown:?}");
            let policy = Policy::parse(line.as_bytes(), |trouble| panic!("{trouble:?}"));
            let others = not_switched_on(place.path(), Some(&policy));
            assert!(
                !others.iter().any(|other| other.to_string().contains(file)),
                "{others:?}"
            );
            fs::remove_file(place.path().join(file)).expect("unlink");
        }
    }
}
