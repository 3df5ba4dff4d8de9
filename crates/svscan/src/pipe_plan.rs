//! Decides which pipe a service and its logger are to share, from the descriptors that
//! their supervises have now. No I/O.

use daemontools::unix::file::Identity;

use crate::control::{DOWN_AND_EXIT, EXIT};
use crate::slot::Role;

/// What a process has where its end of the pipe belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is no such process.
    NoProcess,
    /// This pipe.
    Pipe(Identity),
    /// No pipe, or one that it shares with other programs.
    NoPipe,
}

/// Where the shared pipe comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The pipe that the process of this role has.
    Existing(Role),
    /// A new one is made.
    New,
    /// None is needed yet: the logger was added to a service that runs without one.
    NotNeeded,
}

/// What is to be done so that both share one pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    /// The commands to the logger's supervise, so that it exits and is started on the pipe.
    pub(crate) restart_log: Option<&'static [u8]>,
    /// The warning about the service.
    pub(crate) warning: Option<&'static [u8]>,
}

/// The plan for a service and its logger. The pipe that the service writes into is kept:
/// nothing that it has written may be lost, and it is not restarted. A logger that reads
/// another pipe reads that to its end first.
pub(crate) fn plan(service: End, log: End) -> Plan {
    let quiet = |source| Plan {
        source,
        restart_log: None,
        warning: None,
    };
    let warn = |source, restart_log, warning| Plan {
        source,
        restart_log,
        warning: Some(warning),
    };
    let of_service = Source::Existing(Role::Service);
    let of_log = Source::Existing(Role::Log);
    match (service, log) {
        (End::Pipe(_), End::NoProcess) => quiet(of_service),
        (End::Pipe(written), End::Pipe(read)) if written == read => quiet(of_service),
        (End::Pipe(_), End::Pipe(_)) => warn(
            of_service,
            Some(EXIT),
            b"its logger reads another pipe, and joins it when that has ended",
        ),
        (End::Pipe(_), End::NoPipe) => warn(
            of_service,
            Some(DOWN_AND_EXIT),
            b"its logger reads no pipe, and is restarted on it",
        ),
        (End::NoProcess, End::Pipe(_)) => quiet(of_log),
        (End::NoPipe, End::Pipe(_)) => warn(
            of_log,
            None,
            b"it does not write to its logger until its supervise is restarted",
        ),
        (End::NoPipe, End::NoProcess) => quiet(Source::NotNeeded),
        (End::NoProcess, End::NoProcess) => quiet(Source::New),
        (End::NoProcess | End::NoPipe, End::NoPipe) => warn(
            Source::New,
            Some(DOWN_AND_EXIT),
            b"its logger reads no pipe, and is restarted on one",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: End = End::Pipe(Identity {
        device: 1,
        inode: 1,
    });
    const B: End = End::Pipe(Identity {
        device: 1,
        inode: 2,
    });

    #[test]
    fn pipe_of_the_service_is_kept_whatever_its_logger_reads() {
        for log in [End::NoProcess, A, B, End::NoPipe] {
            assert_eq!(plan(A, log).source, Source::Existing(Role::Service));
        }
        for service in [End::NoProcess, End::NoPipe] {
            assert_eq!(plan(service, B).source, Source::Existing(Role::Log));
        }
    }

    #[test]
    fn logger_is_restarted_only_if_the_service_does_not_write_into_its_pipe() {
        for (service, log, commands) in [
            (A, A, None),
            (A, End::NoProcess, None),
            (End::NoProcess, A, None),
            (End::NoPipe, A, None),
            (A, B, Some(EXIT)),
            (A, End::NoPipe, Some(DOWN_AND_EXIT)),
        ] {
            let plan = plan(service, log);
            assert_eq!(plan.restart_log, commands, "{service:?} {log:?}");
        }
    }

    #[test]
    fn running_service_without_a_pipe_needs_none_until_its_logger_runs() {
        let plan = plan(End::NoPipe, End::NoProcess);
        assert_eq!(plan.source, Source::NotNeeded);
    }
}
