//! What must be true before commands count as done: from the commands, the status
//! record before them and the record now. No I/O.

use daemontools::command::Command;
use daemontools::servicedir::status::{Status, Want};
use daemontools::unix::signal::Signal;

/// What `svc --wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// Nothing that a record could show: a HUP, say.
    Sent,
    /// It runs, and is wanted up.
    Up,
    /// It was started once: it runs, or its pid has changed meanwhile.
    Once,
    /// It does not run, and is not wanted.
    Down,
    /// The process of before has ended; if the service is wanted up, another runs.
    Ended,
    /// It is paused, or not.
    Paused(bool),
    /// supervise has left.
    Gone,
}

/// A goal, and whether the process of before must have ended too (`-du`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Goals {
    last: Goal,
    ended: bool,
}

impl Goals {
    /// The goal of a number of commands: mostly that of the last, but an end that
    /// was asked for must have happened, and `x` is final.
    pub(crate) fn of(commands: impl Iterator<Item = Command>) -> Self {
        let mut goals = Self {
            last: Goal::Sent,
            ended: false,
        };
        for command in commands {
            goals.add(command);
        }
        goals
    }

    fn add(&mut self, command: Command) {
        self.ended |= matches!(
            command,
            Command::Down
                | Command::Signal(
                    Signal::SIGTERM | Signal::SIGKILL | Signal::SIGINT | Signal::SIGQUIT
                )
        );
        if self.last == Goal::Gone {
            return;
        }
        self.last = match command {
            Command::Exit => Goal::Gone,
            Command::Up => Goal::Up,
            Command::Once => Goal::Once,
            Command::Pause => Goal::Paused(true),
            Command::Continue => Goal::Paused(false),
            Command::Down => Goal::Down,
            Command::Signal(
                Signal::SIGTERM | Signal::SIGKILL | Signal::SIGINT | Signal::SIGQUIT,
            ) => match self.last {
                Goal::Sent | Goal::Paused(_) => Goal::Ended,
                other => other,
            },
            Command::Signal(_) => self.last,
        };
    }

    /// Whether supervise's own end is waited for.
    pub(crate) fn is_gone(self) -> bool {
        self.last == Goal::Gone
    }

    /// Whether an end was asked for.
    pub(crate) fn is_end(self) -> bool {
        self.ended
    }

    /// Whether the record `now`, after `before`, says that it is done.
    pub(crate) fn reached(self, before: &Status, now: &Status) -> bool {
        let changed = (before.pid, before.since) != (now.pid, now.since);
        if self.ended && before.pid != 0 && !changed {
            return false;
        }
        match self.last {
            Goal::Sent => true,
            Goal::Up => now.pid != 0 && now.want == Want::Up,
            Goal::Once => now.want == Want::Once && (now.pid != 0 || changed),
            Goal::Down => now.pid == 0 && now.want == Want::Down,
            Goal::Ended => now.pid != 0 || now.want != Want::Up,
            Goal::Paused(paused) => now.paused == paused || now.pid == 0,
            Goal::Gone => false,
        }
    }

    /// What is waited for, in words.
    pub(crate) const fn words(self) -> &'static [u8] {
        match self.last {
            Goal::Sent => b"sent",
            Goal::Up => b"up",
            Goal::Once => b"started",
            Goal::Down => b"down",
            Goal::Ended => b"restarted",
            Goal::Paused(true) => b"paused",
            Goal::Paused(false) => b"running again",
            Goal::Gone => b"gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use daemontools::tai64n::Tai64n;

    fn status(since: i64, pid: u32, want: Want) -> Status {
        Status {
            since: Tai64n::from_unix(since, 0),
            pid,
            paused: false,
            want,
        }
    }

    fn goals(letters: &[u8]) -> Goals {
        Goals::of(letters.iter().filter_map(|&l| Command::from_byte(l)))
    }

    #[test]
    fn down_is_reached_when_it_is_down_and_not_wanted() {
        let before = status(1, 7, Want::Up);
        let goals = goals(b"d");
        assert!(!goals.reached(&before, &before));
        assert!(!goals.reached(&before, &status(1, 7, Want::Down)));
        assert!(!goals.reached(&before, &status(2, 0, Want::Up)));
        assert!(goals.reached(&before, &status(2, 0, Want::Down)));
    }

    #[test]
    fn a_restart_needs_another_process() {
        let before = status(1, 7, Want::Up);
        for letters in [&b"du"[..], b"t", b"k", b"ut", b"tu"] {
            let goals = goals(letters);
            assert!(!goals.reached(&before, &before), "{letters:?}");
            assert!(!goals.reached(&before, &status(2, 0, Want::Up)));
            assert!(goals.reached(&before, &status(2, 8, Want::Up)));
            // The same number again is still another process.
            assert!(goals.reached(&before, &status(2, 7, Want::Up)));
        }
    }

    #[test]
    fn a_signal_to_what_is_down_has_nothing_to_end() {
        let down = status(1, 0, Want::Down);
        assert!(goals(b"t").reached(&down, &down));
        assert!(goals(b"du").reached(&down, &status(2, 9, Want::Up)));
    }

    #[test]
    fn once_may_have_ended_already() {
        let before = status(1, 0, Want::Down);
        let goals = goals(b"o");
        assert!(!goals.reached(&before, &before));
        assert!(goals.reached(&before, &status(2, 9, Want::Once)));
        assert!(goals.reached(&before, &status(3, 0, Want::Once)));
    }

    #[test]
    fn leaving_is_final_and_no_record_shows_it() {
        assert!(goals(b"dx").is_gone());
        assert!(goals(b"xu").is_gone());
        let down = status(1, 0, Want::Down);
        assert!(!goals(b"dx").reached(&down, &down));
    }

    #[test]
    fn what_no_record_shows_is_done_when_it_is_sent() {
        let up = status(1, 7, Want::Up);
        assert!(goals(b"h12a").reached(&up, &up));
        assert!(goals(b"").reached(&up, &up));
    }

    #[test]
    fn pausing_shows_in_the_record() {
        let up = status(1, 7, Want::Up);
        let paused = Status { paused: true, ..up };
        assert!(!goals(b"p").reached(&up, &up));
        assert!(goals(b"p").reached(&up, &paused));
        assert!(!goals(b"c").reached(&paused, &paused));
        assert!(goals(b"c").reached(&paused, &up));
    }
}
