//! What the detail file keeps of a policy's doings, so that the death of supervise costs
//! nothing: early ends in a row, the wait, what was asked for, readiness, and whether the
//! service has finished or failed. No I/O.

use core::time::Duration;

use daemontools::servicedir::detail::{Detail, Outcome, Stage};
use daemontools::servicedir::stamp;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;

use crate::machine::finish::Finish;
use crate::machine::readiness::Readiness;
use crate::machine::{FinishArguments, Machine, Next};

/// Puts it into `detail`. Without a policy nothing is kept. `next_at` is the start that
/// `detail.next` is about, and `clocks` tells both clocks.
pub(crate) fn put(
    machine: &Machine,
    detail: &mut Detail,
    next_at: Option<Monotonic>,
    clocks: impl FnOnce() -> (Monotonic, Tai64n),
) {
    let is_kept = machine.policy().is_some();
    let is_up = machine.pid().is_some();
    let restarts = &machine.restarts;
    let outcome = restarts.outcome;
    let next = match machine.start_at.filter(|_| is_kept && !is_up) {
        Some(at) if next_at == Some(at) && detail.next.is_some() => detail.next,
        Some(at) => {
            let (now, wall) = clocks();
            Some(stamp::after(wall, at.since(now)).label())
        }
        None => None,
    };
    let ready = machine.readiness.ready.map(|(_, label)| label);
    detail.stage = machine.stage();
    detail.then = outcome.filter(|_| is_kept && detail.stage == Some(Stage::Finishing));
    detail.ready = ready.filter(|_| is_kept && is_up);
    detail.failures = if is_kept { restarts.failures } else { 0 };
    detail.failed = if is_kept { restarts.failed } else { 0 };
    detail.next = next;
    detail.asked = is_kept && is_up && machine.stop.asked;
    if let Some(main) = machine.main.filter(|main| main.ended) {
        detail.ended = true;
        detail.last_end = main.end;
    }
}

/// Gives it back to the machine of a service that runs and was taken over. `status` and
/// `detail` are of the supervise before.
pub(crate) fn restore_running(
    machine: &mut Machine,
    status: &Status,
    detail: &Detail,
    (now, wall): (Monotonic, Tai64n),
) {
    machine.restarts.failures = detail.failures;
    machine.restarts.failed = detail.failed;
    let known = detail.process.map(|process| process.pid);
    if known == machine.pid() {
        restore_process(machine, detail, (now, wall));
    }
    let stopping = known == machine.pid() && detail.stage == Some(Stage::Stopping);
    // In a tree that begins anew it may not be wanted down any more.
    if machine.want == Want::Down || (stopping && status.want != Want::Down) {
        machine.stop.since = Some(now);
    }
}

/// The same for a service that does not run, and that goes on where it was.
pub(crate) fn restore_down(
    machine: &mut Machine,
    status: &Status,
    detail: &Detail,
    (now, wall): (Monotonic, Tai64n),
    started: impl FnOnce(u64) -> Monotonic,
) {
    machine.restarts.failures = detail.failures;
    machine.restarts.failed = detail.failed;
    if let Some(main) = machine.main.as_mut().filter(|_| detail.ended) {
        (main.ended, main.end) = (true, detail.last_end);
    }
    let Some(policy) = machine.policy().copied() else {
        return;
    };
    if let Some(process) = detail.process {
        // It has ended since, or what followed from its end was not written any more.
        machine.unseen_end = true;
        machine.start_at = None;
        machine.last_start = Some(started(process.start_time));
        restore_process(machine, detail, (now, wall));
        return;
    }
    if detail.since < Some(status.since.label()) {
        // The record is of a start that came to nothing.
        return;
    }
    let outcome = detail.stage.and_then(Stage::outcome).or(detail.then);
    if outcome.is_some() {
        machine.restarts.outcome = outcome;
        machine.want = Want::Once;
        machine.start_at = None;
    }
    if let (Some(next), Some(_)) = (detail.next.and_then(stamp::parse), machine.start_at) {
        let rest = stamp::between(wall, next).min(policy.wait(detail.failures));
        machine.start_at = Some(now + rest);
        machine.restarts.backs_off = !rest.is_zero();
    }
    if policy.finish && detail.stage == Some(Stage::Finishing) && detail.finish.is_none() {
        let next = match outcome {
            Some(Outcome::Finished) => Next::Finished,
            Some(Outcome::Failed) => Next::Failed,
            None if machine.start_at.is_some() => Next::Restart,
            None => Next::Down,
        };
        let end = detail.last_end;
        machine.finish = Finish::Due(FinishArguments { end, next }, now);
    }
}

/// What is kept about one process.
fn restore_process(machine: &mut Machine, detail: &Detail, (now, wall): (Monotonic, Tai64n)) {
    let stopping = detail.stage == Some(Stage::Stopping);
    machine.stop.asked = detail.asked;
    // An operator has not asked for its end, so that supervise has.
    machine.stop.not_ready = stopping && !detail.asked;
    let ready = detail.ready.and_then(|label| {
        let age = stamp::between(stamp::parse(label)?, wall);
        Some((now.before(age).max(machine.last_start?), label))
    });
    let awaited = matches!(detail.stage, Some(Stage::Starting | Stage::Stopping));
    let fd = machine.policy().and_then(|policy| policy.ready_fd);
    machine.readiness = Readiness {
        fd: fd.filter(|_| awaited || ready.is_some()),
        ready,
        paused_for: Duration::ZERO,
        paused_at: machine.paused.then_some(now),
    };
}
