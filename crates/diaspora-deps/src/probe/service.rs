//! A service that is supervised here, as its supervise knows it. Nothing is sent to the
//! service.

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::state::State;
use daemontools::unix::process::End;

use super::protocol::Readiness;

/// The readiness of a service in this state. One that has no way to say that it is ready
/// is ready when it is up.
#[must_use]
pub fn readiness(state: State, detail: &Detail) -> Readiness {
    let down = |why: String| Readiness::Down(why);
    match state {
        State::Unsupervised => down("supervise not running".to_owned()),
        State::Changing { up: true } => Readiness::Starting("up, not ready".to_owned()),
        State::Plain { up: true, .. } => Readiness::Ready,
        State::Changing { up: false } | State::Plain { up: false, .. } => {
            down(state.words().to_owned())
        }
        State::Staged { stage, .. } => match stage {
            Stage::Up | Stage::Ready | Stage::Finished => Readiness::Ready,
            Stage::Starting => Readiness::Starting(state.words().to_owned()),
            Stage::Down | Stage::Stopping | Stage::Finishing => down(state.words().to_owned()),
            Stage::Waiting => down(match early_ends(detail) {
                Some(ends) => format!("{} after {ends}", state.words()),
                None => state.words().to_owned(),
            }),
            Stage::Failed => down(match early_ends(detail) {
                Some(ends) => format!("given up after {ends}; svc -u starts it"),
                None => format!("failed{}; svc -u starts it", last_end(detail)),
            }),
        },
    }
}

/// The same where the service says itself when it is ready; `None` where supervise does
/// not know of that.
#[must_use]
pub fn told_readiness(state: State, detail: &Detail) -> Option<Readiness> {
    let tells = matches!(
        state,
        State::Staged {
            stage: Stage::Starting | Stage::Ready,
            ..
        }
    );
    tells.then(|| readiness(state, detail))
}

/// `3 early ends in a row (exit code 1)`, where there are several.
fn early_ends(detail: &Detail) -> Option<String> {
    let count = detail.failures;
    (count > 1).then(|| format!("{count} early ends in a row{}", last_end(detail)))
}

/// ` (exit code 1)`; nothing if it is not known.
fn last_end(detail: &Detail) -> String {
    match detail.last_end {
        Some(End::Exited(code)) => format!(" (exit code {code})"),
        Some(End::Killed(signal)) => format!(" (signal {signal})"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(failures: u32, last_end: Option<End>) -> Detail {
        Detail {
            failures,
            last_end,
            ..Detail::default()
        }
    }

    #[test]
    fn each_state_has_its_readiness() {
        let none = Detail::default();
        let (exited, killed) = (Some(End::Exited(1)), Some(End::Killed(9)));
        let starting = |why: &str| Readiness::Starting(why.to_owned());
        let down = |why: &str| Readiness::Down(why.to_owned());
        let plain = |up, want_up| State::Plain { up, want_up };
        let staged = |stage| State::Staged { up: true, stage };
        for (state, detail, expected) in [
            (State::Unsupervised, none, down("supervise not running")),
            (
                State::Changing { up: true },
                none,
                starting("up, not ready"),
            ),
            (State::Changing { up: false }, none, down("down")),
            (plain(true, true), none, Readiness::Ready),
            (plain(true, false), none, Readiness::Ready),
            (plain(false, true), none, down("down, want up")),
            (plain(false, false), none, down("down")),
            (staged(Stage::Up), none, Readiness::Ready),
            (staged(Stage::Ready), none, Readiness::Ready),
            (staged(Stage::Finished), none, Readiness::Ready),
            (staged(Stage::Starting), none, starting("up, not ready")),
            (staged(Stage::Down), none, down("down")),
            (staged(Stage::Stopping), none, down("up, stopping")),
            (staged(Stage::Finishing), none, down("down, finish runs")),
            (
                staged(Stage::Waiting),
                none,
                down("down, waiting for its start"),
            ),
            (
                staged(Stage::Waiting),
                detail(5, exited),
                down("down, waiting for its start after 5 early ends in a row (exit code 1)"),
            ),
            (
                staged(Stage::Failed),
                detail(5, exited),
                down("given up after 5 early ends in a row (exit code 1); svc -u starts it"),
            ),
            (
                staged(Stage::Failed),
                detail(1, killed),
                down("failed (signal 9); svc -u starts it"),
            ),
            (
                staged(Stage::Failed),
                none,
                down("failed; svc -u starts it"),
            ),
        ] {
            assert_eq!(readiness(state, &detail), expected, "{state:?}");
        }
    }

    #[test]
    fn only_a_service_that_says_when_it_is_ready_tells() {
        let told = |stage| told_readiness(State::Staged { up: true, stage }, &Detail::default());
        assert_eq!(told(Stage::Ready), Some(Readiness::Ready));
        assert!(matches!(
            told(Stage::Starting),
            Some(Readiness::Starting(_))
        ));
        for stage in [
            Stage::Down,
            Stage::Waiting,
            Stage::Up,
            Stage::Stopping,
            Stage::Finishing,
            Stage::Finished,
            Stage::Failed,
        ] {
            assert_eq!(told(stage), None, "{stage:?}");
        }
        for state in [
            State::Unsupervised,
            State::Changing { up: true },
            State::Plain {
                up: true,
                want_up: true,
            },
        ] {
            assert_eq!(told_readiness(state, &Detail::default()), None, "{state:?}");
        }
    }
}
