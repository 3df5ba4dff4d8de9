//! Taking over from a supervise that was killed: its service keeps running under the
//! same pid, and what the operator wanted is still wanted. The facts come from the
//! [`Host`]; what follows from them is decided in [`previous`](crate::previous).
//!
//! Nothing is guessed. Every error but "there is no such file" is returned, and then
//! nothing is started: a second copy of a service costs more than a late start.

use daemontools::servicedir::Checked;
use daemontools::servicedir::detail::{Detail, MainProcess};
use daemontools::servicedir::status::{Status, Want};

use crate::host::{AdoptError, AdoptResult, Host};
use crate::kept;
use crate::machine::Machine;
use crate::machine::finish::{Finish, Run};
use crate::previous::{Context, Decided, Decision, Evidence, PidOwner, decide};

/// The state in which this supervise begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Initial {
    pub(crate) machine: Machine,
    pub(crate) detail: Detail,
    /// The service does not run, and goes on where it was.
    pub(crate) resumes: bool,
}

/// Finds out what an earlier supervise left, and adopts its service if it runs.
/// `by_down_file` is what is wanted where no record counts. With `is_main` supervise exits
/// with the service.
pub(crate) fn adopt<H: Host>(
    host: &mut H,
    by_down_file: Want,
    is_main: bool,
) -> AdoptResult<Initial> {
    let context = host.context()?;
    let previous = host.read_previous()?;
    let mut detail = Detail {
        starts: previous.detail.starts,
        last_end: previous.detail.last_end,
        boot: context.boot,
        init: context.init,
        directory: Some(context.directory),
        ..Detail::default()
    };
    let (status, decided) = match previous.status {
        Checked::Missing => (None, Decided::NO_RECORD),
        Checked::Untrusted => (None, Decided::UNTRUSTED),
        Checked::Trusted(status) => {
            let (decided, running) = examine(host, status, &previous.detail, &context)?;
            if let (Decision::Adopt(want), Some((start_time, process))) =
                (decided.decision, running)
            {
                let pid = status.pid;
                let want = want.unwrap_or(by_down_file);
                let started = host.now().before(host.clocks().age(start_time));
                let mut machine = Machine::adopt(&Status { want, ..status }, started);
                if is_main {
                    machine.follow_main();
                }
                machine.set_policy(host.read_policy());
                let clocks = (host.now(), host.clocks().wall);
                kept::restore_running(&mut machine, &status, &previous.detail, clocks);
                detail.process = Some(MainProcess { pid, start_time });
                host.adopt(pid, process);
                host.on_adoption(pid, decided, &machine);
                return Ok(Initial {
                    machine,
                    detail,
                    resumes: false,
                });
            }
            (Some(status), decided)
        }
    };
    let want = match decided.decision {
        Decision::Resume(want) => want,
        _ => by_down_file,
    };
    let mut machine = Machine::new(want, host.stamp());
    if is_main {
        machine.follow_main();
    }
    machine.set_policy(host.read_policy());
    if let (Decision::Resume(_), Some(status)) = (decided.decision, &status) {
        let (now, clocks) = (host.now(), host.clocks());
        let started = |start_time| now.before(clocks.age(start_time));
        let both = (now, clocks.wall);
        kept::restore_down(&mut machine, status, &previous.detail, both, started);
    }
    if let Some((finish, process)) = finish_of(host, &previous.detail, &context)? {
        let since = host.now().before(host.clocks().age(finish.start_time));
        machine.finish = Finish::Running(Run {
            pid: finish.pid,
            since,
            killed: false,
        });
        detail.finish = Some(finish);
        host.adopt(finish.pid, process);
    }
    host.on_adoption(status.map_or(0, |status| status.pid), decided, &machine);
    Ok(Initial {
        machine,
        detail,
        resumes: matches!(decided.decision, Decision::Resume(_)),
    })
}

/// The `./finish` of an earlier supervise, if it runs. Whatever is wanted, the service is
/// not started beside it.
fn finish_of<H: Host>(
    host: &H,
    detail: &Detail,
    context: &Context,
) -> AdoptResult<Option<(MainProcess, H::Process)>> {
    let here = detail.boot == context.boot
        && detail.init == context.init
        && detail.directory == Some(context.directory);
    let Some(finish) = detail.finish.filter(|_| here) else {
        return Ok(None);
    };
    let failed = |error| AdoptError::Process(finish.pid, error);
    let (owner, process) = host.pid_owner(finish.pid).map_err(failed)?;
    let same = owner == PidOwner::StartedAt(finish.start_time);
    Ok(process.filter(|_| same).map(|process| (finish, process)))
}

/// What a process is known by: its start time and the handle on it.
type Running<H> = Option<(u64, <H as Host>::Process)>;

/// Decides about a record that is believed.
fn examine<H: Host>(
    host: &H,
    status: Status,
    detail: &Detail,
    context: &Context,
) -> AdoptResult<(Decided, Running<H>)> {
    let failed = |error| AdoptError::Process(status.pid, error);
    let (owner, process) = host.pid_owner(status.pid).map_err(failed)?;
    let evidence = Evidence {
        status,
        detail,
        context,
        owner,
        written_here: host.is_written_here(&status, context).map_err(failed)?,
    };
    let running = match owner {
        PidOwner::StartedAt(start_time) => process.map(|process| (start_time, process)),
        PidOwner::None | PidOwner::Hidden => None,
    };
    Ok((decide(&evidence, host.clocks()), running))
}
