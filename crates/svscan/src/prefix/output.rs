//! Standard output, which all services share. Trouble with it is reported once, and again
//! only after a write that succeeded.

use core::time::Duration;

use daemontools::Errno;
use daemontools::strerr::{Decimal, Reporter};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::fd;
use daemontools::unix::poll::{self, Direction};

/// How long after a write that failed for want of room the next is tried.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Output<'a> {
    name: &'a [u8],
    reporter: &'a Reporter,
    reported: bool,
    /// Lines that nobody could get.
    lost: u64,
}

/// Whether the error is about room, which may be there later.
const fn is_full(error: Errno) -> bool {
    matches!(
        error,
        Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG | Errno::ENOMEM | Errno::ENOBUFS
    )
}

impl<'a> Output<'a> {
    pub(super) const fn new(name: &'a [u8], reporter: &'a Reporter) -> Self {
        Self {
            name,
            reporter,
            reported: false,
            lost: 0,
        }
    }

    /// Writes lines, and waits for the reader as long as it takes, and for room on a disk.
    /// Where there is no reader any more, the lines are dropped: a service that writes
    /// would else stop, and the lines could still reach nobody.
    pub(super) fn write(&mut self, lines: &[u8]) {
        let mut rest = lines;
        while !rest.is_empty() {
            match fd::write(fd::STDOUT, rest) {
                Ok(count) => {
                    rest = &rest[count..];
                    self.works();
                }
                Err(Errno::EINTR) => {}
                // It may be shared with a program that made it non-blocking.
                Err(Errno::EAGAIN) => {
                    if poll::wait(fd::STDOUT, Direction::Write).is_err() {
                        poll::pause_until(Monotonic::now() + RETRY);
                    }
                }
                Err(error) if is_full(error) => {
                    self.report(error, b"trying again each second");
                    poll::pause_until(Monotonic::now() + RETRY);
                }
                Err(error) => {
                    self.report(error, b"lines are dropped until it can be written");
                    let newlines = rest.iter().filter(|&&byte| byte == b'\n').count();
                    self.lost += newlines as u64;
                    return;
                }
            }
        }
    }

    fn report(&mut self, error: Errno, follows: &[u8]) {
        if self.reported {
            return;
        }
        self.reported = true;
        let error = daemontools::errno::text(error).as_bytes();
        let what: [&[u8]; 6] = [
            b"unable to write the output of ",
            self.name,
            b": ",
            error,
            b": ",
            follows,
        ];
        self.reporter.warning(&what, None);
    }

    /// A write has succeeded.
    fn works(&mut self) {
        self.reported = false;
        if self.lost > 0 {
            let lost = Decimal::new(self.lost);
            let what: [&[u8]; 4] = [b"lost ", lost.as_bytes(), b" lines of ", self.name];
            self.reporter.warning(&what, None);
            self.lost = 0;
        }
    }
}
