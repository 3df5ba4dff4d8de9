//! Whether the process in an earlier supervise's record is still the service, and whether
//! what that record wants still counts. No I/O.
//!
//! A pid alone proves nothing: it may belong to another process by now. The detail file
//! says when the process started, in which boot, and in which service directory: a copy
//! of the directory has nothing to do with the process. Where there is no detail file, as
//! after the C original, the time of the record must agree with the start time that the
//! kernel tells, and something must show that the record was written in this directory.
//! What cannot be proved is reported, and then the service is started as the reference
//! would start it.
//!
//! What the record wants counts by three rules:
//!
//! 1. After a supervise that died alone, its wants count.
//! 2. A tree that begins anew starts by the `down` files. It begins anew if svscan was
//!    ended and started again, if supervise was told to exit (`x` or TERM), if the machine
//!    or the container was started again, and if the directory is a copy.
//! 3. A service that runs is adopted in both cases and never started a second time.

mod facts;

use daemontools::procfs;
use daemontools::servicedir::detail::{Detail, MainProcess};
use daemontools::servicedir::status::{Status, Want};

use crate::stamp;

pub(crate) use facts::{Clocks, Context, PidOwner};

/// What an earlier supervise left, and what the kernel says about it.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) status: Status,
    pub(crate) detail: &'a Detail,
    pub(crate) context: &'a Context,
    pub(crate) owner: PidOwner,
    /// Whether anything but the detail file shows that the record was written in this
    /// service directory.
    pub(crate) written_here: bool,
}

/// What follows from the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The record does not count: the service starts by its `down` file.
    StartAnew,
    /// The process is the service, and this is wanted; `None`: what the `down` file says.
    Adopt(Option<Want>),
    /// The service has ended since, and what was wanted counts.
    Resume(Want),
    /// Nothing proves or disproves that the process is the service.
    Unproven,
    /// Others may have written the record: it does not count.
    Untrusted,
}

/// A decision and its reason, for diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) reason: &'static str,
}

impl Decided {
    /// There is nothing to decide about.
    pub(crate) const NO_RECORD: Self = Self {
        decision: Decision::StartAnew,
        reason: "there is no record",
    };
    /// The record is not even looked at.
    pub(crate) const UNTRUSTED: Self = Self {
        decision: Decision::Untrusted,
        reason: "others may write supervise/ or a file in it",
    };

    const fn new(decision: Decision, reason: &'static str) -> Self {
        Self { decision, reason }
    }
}

/// What the detail file and the clocks say about a record.
struct Findings {
    /// The detail file was written for this record or a later one. A start is in the
    /// record before it is in the detail file, so this is false if supervise was killed in
    /// between, or if another program wrote the record since.
    vouched: bool,
    /// A supervise of ours wrote the record.
    is_ours: bool,
    /// The detail file is of this boot and this process 1.
    same_boot: bool,
    /// The detail file is of another boot.
    other_boot: bool,
    /// The record was written in this service directory.
    written_here: bool,
    /// Why the tree begins anew.
    begins_anew: Option<&'static str>,
}

/// Whether the detail file was written for this record or a later one.
fn vouches(detail: &Detail, status: &Status) -> bool {
    detail.since >= Some(status.since.label())
}

impl Findings {
    fn new(evidence: &Evidence<'_>, detail: &Detail) -> Self {
        let Evidence {
            status, context, ..
        } = evidence;
        let same_init = match (detail.init, context.init) {
            (Some(then), Some(now)) => then == now,
            _ => true,
        };
        let both = context.boot.is_some() && detail.boot.is_some();
        let same_boot = both && detail.boot == context.boot && same_init;
        let vouched = vouches(detail, status);
        let newer_svscan =
            matches!((context.svscan, detail.seen), (Some(svscan), Some(seen)) if svscan > seen);
        Self {
            vouched,
            is_ours: vouched || !stamp::may_be_from_original(status.since),
            same_boot,
            other_boot: both && !same_boot,
            written_here: evidence.written_here || detail.directory.is_some(),
            begins_anew: if detail.terminated {
                Some("supervise was ended by TERM")
            } else if newer_svscan {
                Some("svscan was started since")
            } else {
                None
            },
        }
    }

    /// What is wanted of a service that does not run.
    const fn not_running(&self, want: Want) -> Decided {
        let reason = if let Some(reason) = self.begins_anew {
            reason
        } else if !self.is_ours {
            "the record is another program's"
        } else if !self.same_boot {
            "no supervise was in charge in this boot"
        } else {
            return Decided::new(Decision::Resume(want), "its supervise died alone");
        };
        Decided::new(Decision::StartAnew, reason)
    }
}

/// Decides what follows from a record.
pub(crate) fn decide(evidence: &Evidence<'_>, clocks: Clocks) -> Decided {
    let none = Detail::default();
    let (status, context) = (evidence.status, evidence.context);
    let elsewhere = |directory| directory != context.directory;
    let is_copy = evidence.detail.directory.is_some_and(elsewhere);
    if is_copy && (vouches(evidence.detail, &status) || !evidence.written_here) {
        let reason = "the record was copied from another directory";
        return Decided::new(Decision::StartAnew, reason);
    }
    let detail = if is_copy { &none } else { evidence.detail };
    let findings = Findings::new(evidence, detail);
    let not_running = findings.not_running(status.want);
    if status.pid == 0 {
        return not_running;
    }
    if findings.vouched && findings.other_boot {
        return Decided::new(Decision::StartAnew, "the machine was started again");
    }
    // A running service goes on as it was, unless it was told down and the tree begins
    // anew.
    let drops_down = findings.begins_anew.is_some() && status.want == Want::Down;
    let adopt = Decision::Adopt((!drops_down).then_some(status.want));
    let of_this_boot = |known: &MainProcess| known.pid == status.pid && findings.same_boot;
    let start_time = match evidence.owner {
        PidOwner::None => return not_running,
        PidOwner::Hidden => {
            let reason = "the start time of its process cannot be seen";
            return Decided::new(Decision::Unproven, reason);
        }
        PidOwner::StartedAt(start_time) => start_time,
    };
    let elsewhere = Decided::new(
        Decision::Unproven,
        "nothing shows that the record was written in this directory",
    );
    match detail.process.filter(of_this_boot) {
        Some(known) if known.start_time != start_time => not_running,
        Some(_) if findings.written_here => {
            Decided::new(adopt, "its start time is the recorded one")
        }
        Some(_) => elsewhere,
        None => {
            let agrees = procfs::is_start_time(status.since, clocks.wall, clocks.age(start_time));
            if agrees && findings.written_here {
                Decided::new(adopt, "its start time agrees with the record's time")
            } else if clocks.is_before_boot(status.since) {
                not_running
            } else if agrees {
                elsewhere
            } else {
                Decided::new(
                    Decision::Unproven,
                    "its start time does not agree with the record's time",
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
