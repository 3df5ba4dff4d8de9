//! What supervise has seen: a service that starts again and again, or has failed.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::servicedir::detail::Stage;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use crate::dependency::Dependency;
use crate::error::GAVE_UP;
use crate::probe::Readiness;
use crate::supervised;

/// A service that was started more often than this, and has been up for a short time only,
/// is in a crash loop.
const MANY_STARTS: u64 = 3;
/// A process that is younger than this was just started.
const YOUNG_SECONDS: i64 = 3;
/// The same where its predecessor ended by a failure: longer than a gate waits.
const YOUNG_AFTER_FAILURE_SECONDS: i64 = 15;

/// The fault of a service that does not stay up. `dependency` is how others see it.
pub(super) fn crash_loop(path: &Path, dependency: Option<&Dependency>) -> Option<String> {
    let status = supervised::current_status(path)?;
    let detail = supervised::detail(path);
    let has_failed = matches!(detail.stage, Some(Stage::Failed | Stage::Waiting));
    if has_failed && let Readiness::Down(why) = supervised::readiness(path) {
        return Some(format!("{why}: see its log"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let age = i64::try_from(now).unwrap_or(0) - status.since.unix_seconds();
    let young = match detail.last_end {
        Some(end) if is_failure(end) => YOUNG_AFTER_FAILURE_SECONDS,
        _ => YOUNG_SECONDS,
    };
    let is_wanted = status.pid != 0 || status.want == daemontools::servicedir::status::Want::Up;
    // The C original does not count the starts.
    let several = supervised::starts(path).is_none_or(|starts| starts > MANY_STARTS);
    if age >= young || !several || !is_wanted {
        return None;
    }
    let outcome = dependency.and_then(Dependency::probe_server);
    if let Some(outcome) = outcome.filter(|outcome| outcome.readiness == Readiness::Ready) {
        return Some(format!(
            "starts again and again, while {} answers: it forks away from supervise, or another copy runs; keep it in the foreground, and stop that copy",
            outcome.address
        ));
    }
    // Without a count the time alone proves nothing.
    let starts = supervised::starts(path)?;
    let (end, fix) = match detail.last_end? {
        End::Exited(GAVE_UP) => (
            "its gate gave up".to_owned(),
            "diaspora-deps check shows what is not ready",
        ),
        End::Exited(code) => (format!("exit code {code}"), "see its log"),
        End::Killed(signal) => (format!("signal {signal}"), "see its log"),
    };
    Some(format!(
        "starts again and again: {starts} starts, the last one ended with {end}: {fix}"
    ))
}

/// Whether a process ended otherwise than by success or by a command.
fn is_failure(end: End) -> bool {
    let asked = [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGHUP,
        Signal::SIGKILL,
    ];
    match end {
        End::Exited(code) => code != 0,
        End::Killed(number) => !asked.iter().any(|&signal| signal as i32 == number),
    }
}
