//! `stop`: a service is told to stop when all that need it are down, so that a store is
//! there as long as its clients have something to write.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use daemontools::TEMPORARY;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::status::Want;
use daemontools::unix::process::End;
use daemontools::unix::signal::Signal;

use super::limits::{self, Stop};
use super::order::Order;
use super::services::{ME, Service, labels};
use super::walk::{Step, Walk};
use super::{control, holder, words};
use crate::supervised;

/// The time between two reads of the status files.
const POLL: Duration = Duration::from_millis(20);

/// A service that was told to stop.
struct Told {
    at: Instant,
    stop: Stop,
}

/// Stops services. Gives for each whether its supervise could be reached, as far as it was
/// tried, and the exit code.
pub(super) fn stop(
    services: &[Service],
    order: &Order,
    timeout: Option<Duration>,
) -> (Vec<bool>, i32) {
    let mut walk = Walk::new(order.needed_by());
    let mut told: Vec<Option<Told>> = services.iter().map(|_| None).collect();
    let mut reached = vec![true; services.len()];
    let mut code = 0;
    while !walk.is_over() {
        for index in walk.due() {
            let service = &services[index];
            match control::send(&service.path, b"d") {
                Ok(()) => {
                    let policy = limits::policy(&service.path);
                    told[index] = Some(Told {
                        at: Instant::now(),
                        stop: Stop::new(policy.as_ref(), timeout),
                    });
                    walk.set(index, Step::Told);
                }
                Err(error) => {
                    code = code.max(control::warn(service, error));
                    reached[index] = false;
                    let runs = supervised::runs_without_supervise(&service.path);
                    walk.set(index, if runs { Step::Stuck } else { Step::Done });
                }
            }
        }
        for index in walk.all(Step::Told) {
            let (service, Some(told)) = (&services[index], &told[index]) else {
                continue;
            };
            if supervised::is_down(&service.path) {
                warn_if_killed(service, told);
                walk.set(index, Step::Done);
            } else if told.at.elapsed() >= told.stop.limit {
                warn_of_holder(service, told);
                code = code.max(TEMPORARY);
                walk.set(index, Step::Stuck);
            }
        }
        if !walk.all(Step::Told).is_empty() {
            thread::sleep(POLL);
        }
    }
    for index in walk.all(Step::Held) {
        let holders = labels(services, &walk.holders(index));
        let text = b" was not told to stop: it is needed by what is not down: ";
        ME.warning(&[services[index].label(), text, &holders], None);
        code = code.max(TEMPORARY);
    }
    (reached, code)
}

fn warn_of_holder(service: &Service, told: &Told) {
    let Some(status) = supervised::status(&service.path).filter(|status| status.pid != 0) else {
        let text = b" is still not down: supervise has not obeyed, or its finish runs";
        ME.warning(&[service.label(), text], None);
        return;
    };
    if status.want != Want::Down {
        let text = b" is up: somebody else has started it again";
        ME.warning(&[service.label(), text], None);
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
    let waited = told.at.elapsed();
    let is_postgres = service.is_postgres;
    let text = holder::describe(&service.path, &status, told.stop, waited, is_postgres, now);
    ME.warning(&[service.label(), b" ", text.as_bytes()], None);
}

/// Warns of a service that supervise had to kill: what it was doing is lost.
fn warn_if_killed(service: &Service, told: &Told) {
    let Some(limit) = told
        .stop
        .kill_after
        .filter(|&limit| told.at.elapsed() >= limit)
    else {
        return;
    };
    let killed = Some(End::Killed(Signal::SIGKILL as i32));
    let detail = supervised::state(&service.path).map(|(_, detail): (_, Detail)| detail);
    if detail.is_ok_and(|detail| detail.last_end == killed) {
        let limit = words::duration(limit);
        let signal = told.stop.signal.as_str().trim_start_matches("SIG");
        let text = format!(" was killed: it did not end within {limit} of {signal}");
        ME.warning(&[service.label(), text.as_bytes()], None);
    }
}
