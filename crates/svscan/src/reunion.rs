//! Which pipe a service and its logger are to share from now on, told from what
//! each of their supervises has in its hands. No I/O.

use daemontools::unix::file::Identity;

use crate::farewell::{DOWN_AND_EXIT, EXIT};
use crate::slot::Role;

/// What a side has where its end of the pipe belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is no such process.
    Gone,
    /// This pipe.
    Pipe(Identity),
    /// No pipe, or one that it shares with others.
    Other,
}

/// Where the pipe comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the process of this side.
    From(Role),
    /// From nowhere: a new one is made.
    New,
    /// None is needed yet: the logger was added to a service that runs without.
    Later,
}

/// How the two are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reunion {
    pub(crate) source: Source,
    /// What the logger's supervise is told so that it comes back on the pipe.
    pub(crate) log_leaves: Option<&'static [u8]>,
    /// What there is to say of the service.
    pub(crate) trouble: Option<&'static [u8]>,
}

/// Brings a service's supervise and its logger's together. What the service writes
/// into counts: nothing that was written may be lost, and a service is not
/// restarted for it. A logger that reads another pipe reads that to its end first.
pub(crate) fn reunion(service: End, log: End) -> Reunion {
    let whole = |source| Reunion {
        source,
        log_leaves: None,
        trouble: None,
    };
    let parted = |source, log_leaves, trouble| Reunion {
        source,
        log_leaves,
        trouble: Some(trouble),
    };
    let service_side = Source::From(Role::Service);
    let log_side = Source::From(Role::Log);
    match (service, log) {
        (End::Pipe(_), End::Gone) => whole(service_side),
        (End::Pipe(written), End::Pipe(read)) if written == read => whole(service_side),
        (End::Pipe(_), End::Pipe(_)) => parted(
            service_side,
            Some(EXIT),
            b"its logger reads another pipe, and joins it when that has ended",
        ),
        (End::Pipe(_), End::Other) => parted(
            service_side,
            Some(DOWN_AND_EXIT),
            b"its logger reads no pipe, and is restarted on it",
        ),
        (End::Gone, End::Pipe(_)) => whole(log_side),
        (End::Other, End::Pipe(_)) => parted(
            log_side,
            None,
            b"it does not write to its logger until its supervise is restarted",
        ),
        (End::Other, End::Gone) => whole(Source::Later),
        (End::Gone, End::Gone) => whole(Source::New),
        (End::Gone | End::Other, End::Other) => parted(
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
    fn what_the_service_writes_into_counts() {
        for log in [End::Gone, A, B, End::Other] {
            assert_eq!(reunion(A, log).source, Source::From(Role::Service));
        }
        assert_eq!(reunion(End::Gone, B).source, Source::From(Role::Log));
        assert_eq!(reunion(End::Other, B).source, Source::From(Role::Log));
    }

    #[test]
    fn a_logger_leaves_only_what_the_service_does_not_write_into() {
        for (service, log, leaves) in [
            (A, A, None),
            (A, End::Gone, None),
            (End::Gone, A, None),
            (End::Other, A, None),
            (A, B, Some(EXIT)),
            (A, End::Other, Some(DOWN_AND_EXIT)),
        ] {
            assert_eq!(
                reunion(service, log).log_leaves,
                leaves,
                "{service:?} {log:?}"
            );
        }
    }

    #[test]
    fn a_service_that_runs_without_the_logger_it_was_given_is_left_for_later() {
        assert_eq!(reunion(End::Other, End::Gone).source, Source::Later);
    }
}
