//! Files to which other suites give a meaning, and supervise none; and what does the same
//! here. For whoever checks a service directory for people.

use super::policy::Policy;

/// A file of another suite.
#[derive(Debug)]
pub struct Foreign {
    /// Its name.
    pub file: &'static str,
    /// Whose it is.
    pub suite: &'static str,
    /// The line of `supervise.toml` for its content, or what else does it.
    line: fn(&str) -> String,
    /// Whether a policy has something for it already.
    pub has: fn(&Policy) -> bool,
}

impl Foreign {
    /// The line of `supervise.toml` for the content of the file, or what else does the same.
    #[must_use]
    pub fn line(&self, content: &str) -> String {
        (self.line)(content.lines().next().unwrap_or_default().trim())
    }
}

/// All files that are known.
pub const ALL: [Foreign; 8] = [
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

/// Milliseconds as seconds.
fn seconds(text: &str) -> String {
    let millis: u64 = text.parse().unwrap_or(0);
    match millis % 1000 {
        0 => (millis / 1000).to_string(),
        rest => format!("{}.{rest:03}", millis / 1000),
    }
}
