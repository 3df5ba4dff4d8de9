//! How a check ended, and what that says about the program. Pure.

use core::time::Duration;

use daemontools::unix::process::End;
use daemontools::{Errno, TEMPORARY, errno};

/// Which of the two checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Ready,
    Alive,
}

impl Which {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Alive => "alive",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ended(End),
    /// It was killed at its time limit.
    Late,
    /// It could not be run.
    NotRun(Errno),
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    Bad,
    /// The check itself is in trouble.
    None,
}

/// The exit codes of a shell that can't run a command.
const SHELL_CANNOT_RUN: [i32; 2] = [126, 127];

impl Outcome {
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::Ended(End::Exited(0)) => Verdict::Good,
            Self::Ended(End::Exited(TEMPORARY)) | Self::NotRun(_) => Verdict::None,
            Self::Ended(End::Exited(code)) if SHELL_CANNOT_RUN.contains(&code) => Verdict::None,
            Self::Ended(_) | Self::Late => Verdict::Bad,
        }
    }

    /// The words for a message about the check `name` with the time limit `limit`.
    pub(super) fn text(self, name: &str, limit: Duration) -> String {
        let text = match self {
            Self::Ended(End::Exited(code)) => format!("exit code {code}"),
            Self::Ended(End::Killed(signal)) => format!("killed by signal {signal}"),
            Self::Late => format!("no answer within {} s", limit.as_secs_f64()),
            Self::NotRun(error) => format!("unable to run {name}: {}", errno::text(error)),
        };
        match self.verdict() {
            Verdict::None => text + ": no verdict",
            Verdict::Good | Verdict::Bad => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_in_trouble_gives_no_verdict_on_the_program() {
        for (outcome, verdict, text) in [
            (Outcome::Ended(End::Exited(0)), Verdict::Good, "exit code 0"),
            (Outcome::Ended(End::Exited(7)), Verdict::Bad, "exit code 7"),
            (
                Outcome::Ended(End::Exited(111)),
                Verdict::None,
                "exit code 111: no verdict",
            ),
            (
                Outcome::Ended(End::Exited(127)),
                Verdict::None,
                "exit code 127: no verdict",
            ),
            (
                Outcome::Ended(End::Killed(9)),
                Verdict::Bad,
                "killed by signal 9",
            ),
            (Outcome::Late, Verdict::Bad, "no answer within 2.5 s"),
            (
                Outcome::NotRun(Errno::ENOENT),
                Verdict::None,
                "unable to run ./check: file does not exist: no verdict",
            ),
        ] {
            assert_eq!(outcome.verdict(), verdict, "{outcome:?}");
            assert_eq!(outcome.text("./check", Duration::from_millis(2500)), text);
        }
    }
}
