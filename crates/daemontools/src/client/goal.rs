//! When `svc --wait` is done: decided from the commands, the status record before
//! them and the record now. No I/O.

use crate::command::Command;
use crate::servicedir::status::{Status, Want};
use crate::unix::signal::Signal;

/// The state that the last command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// Nothing that the record shows: a HUP, for example.
    Sent,
    /// The service runs and is wanted up.
    Up,
    /// It was started once: it runs, or has run since.
    Once,
    /// It does not run and is wanted down.
    Down,
    /// The old process has ended; if the service is wanted up, a new one runs.
    Restarted,
    /// It is paused, or it is not.
    Paused(bool),
    /// supervise has exited.
    Exited,
}

/// What `svc --wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goals {
    last: Goal,
    /// Whether the old process must have ended too, as for `-du`.
    ended: bool,
}

impl Goals {
    /// The goals of a number of commands: the state that the last one asks for, and the
    /// end of the old process if any of them asks for it. `x` is final.
    pub fn of(commands: impl Iterator<Item = Command>) -> Self {
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
        if self.last == Goal::Exited {
            return;
        }
        self.last = match command {
            Command::Exit => Goal::Exited,
            Command::Up => Goal::Up,
            Command::Once => Goal::Once,
            Command::Pause => Goal::Paused(true),
            Command::Continue => Goal::Paused(false),
            Command::Down => Goal::Down,
            Command::Signal(
                Signal::SIGTERM | Signal::SIGKILL | Signal::SIGINT | Signal::SIGQUIT,
            ) => match self.last {
                Goal::Sent | Goal::Paused(_) => Goal::Restarted,
                other => other,
            },
            Command::Signal(_) => self.last,
        };
    }

    /// Whether they include the exit of supervise.
    pub(crate) fn include_exit(self) -> bool {
        self.last == Goal::Exited
    }

    /// Whether they include the end of the old process.
    pub(crate) fn include_end(self) -> bool {
        self.ended
    }

    /// Whether a service can be ready once they are reached.
    #[must_use]
    pub fn allow_ready(self) -> bool {
        !matches!(self.last, Goal::Down | Goal::Exited)
    }

    /// Whether the record `now`, after `before`, shows that they are reached.
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
            Goal::Restarted => now.pid != 0 || now.want != Want::Up,
            Goal::Paused(paused) => now.paused == paused || now.pid == 0,
            Goal::Exited => false,
        }
    }

    /// The state in words, for a message.
    pub(crate) const fn words(self) -> &'static [u8] {
        match self.last {
            Goal::Sent => b"sent",
            Goal::Up => b"up",
            Goal::Once => b"started",
            Goal::Down => b"down",
            Goal::Restarted => b"restarted",
            Goal::Paused(true) => b"paused",
            Goal::Paused(false) => b"running again",
            Goal::Exited => b"gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::tai64n::Tai64n;

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
    fn down_is_reached_when_the_service_is_down_and_wanted_down() {
        let before = status(1, 7, Want::Up);
        let goals = goals(b"d");
        assert!(!goals.reached(&before, &before));
        assert!(!goals.reached(&before, &status(1, 7, Want::Down)));
        assert!(!goals.reached(&before, &status(2, 0, Want::Up)));
        assert!(goals.reached(&before, &status(2, 0, Want::Down)));
    }

    #[test]
    fn a_restart_is_reached_when_another_process_runs() {
        let before = status(1, 7, Want::Up);
        for letters in [&b"du"[..], b"t", b"k", b"ut", b"tu"] {
            let goals = goals(letters);
            assert!(!goals.reached(&before, &before), "{letters:?}");
            assert!(!goals.reached(&before, &status(2, 0, Want::Up)));
            assert!(goals.reached(&before, &status(2, 8, Want::Up)));
            // The same pid at another time is another process.
            assert!(goals.reached(&before, &status(2, 7, Want::Up)));
        }
    }

    #[test]
    fn a_signal_to_a_service_that_is_down_is_reached_at_once() {
        let down = status(1, 0, Want::Down);
        assert!(goals(b"t").reached(&down, &down));
        assert!(goals(b"du").reached(&down, &status(2, 9, Want::Up)));
    }

    #[test]
    fn once_is_reached_also_if_the_process_has_ended_again() {
        let before = status(1, 0, Want::Down);
        let goals = goals(b"o");
        assert!(!goals.reached(&before, &before));
        assert!(goals.reached(&before, &status(2, 9, Want::Once)));
        assert!(goals.reached(&before, &status(3, 0, Want::Once)));
    }

    #[test]
    fn an_exit_is_final_and_shows_in_no_record() {
        assert!(goals(b"dx").include_exit());
        assert!(goals(b"xu").include_exit());
        let down = status(1, 0, Want::Down);
        assert!(!goals(b"dx").reached(&down, &down));
    }

    #[test]
    fn nothing_is_ready_after_a_last_command_that_ends_it() {
        for letters in [&b"d"[..], b"ux", b"xu", b"ud"] {
            assert!(!goals(letters).allow_ready(), "{letters:?}");
        }
        for letters in [&b""[..], b"u", b"du", b"t", b"o", b"h"] {
            assert!(goals(letters).allow_ready(), "{letters:?}");
        }
    }

    #[test]
    fn a_command_that_shows_in_no_record_is_reached_at_once() {
        let up = status(1, 7, Want::Up);
        assert!(goals(b"h12a").reached(&up, &up));
        assert!(goals(b"").reached(&up, &up));
    }

    #[test]
    fn a_pause_is_reached_when_the_record_shows_it() {
        let up = status(1, 7, Want::Up);
        let paused = Status { paused: true, ..up };
        assert!(!goals(b"p").reached(&up, &up));
        assert!(goals(b"p").reached(&up, &paused));
        assert!(!goals(b"c").reached(&paused, &paused));
        assert!(goals(b"c").reached(&paused, &up));
    }
}
