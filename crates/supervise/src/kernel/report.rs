//! The messages about a service that follow from its policy.

use core::ffi::CStr;
use core::time::Duration;

use daemontools::buffer::Buffer;
use daemontools::servicedir::FINISH;
use daemontools::strerr::Decimal;
use daemontools::unix::process::End;
use daemontools::{Errno, errno};

use super::ready;
use crate::machine::Report;
use crate::reporter::REPORTER;

/// `pid` is the service's process, while it runs.
#[cold]
pub(super) fn report(dir: &CStr, pid: Option<u32>, report: Report) {
    let dir = dir.to_bytes();
    match report {
        Report::GivenUp(times, end) => {
            let times = Decimal::new(u64::from(times));
            let end = end_text(end);
            let what: [&[u8]; 6] = [
                dir,
                b" has ended early ",
                times.as_bytes(),
                b" times in a row (",
                end.as_bytes(),
                b"): given up; svc -u starts it",
            ];
            REPORTER.warning(&what, None);
        }
        Report::Killed(signal, limit) => {
            let limit = seconds(limit);
            let signal = signal.as_str();
            let signal = signal.strip_prefix("SIG").unwrap_or(signal);
            let what: [&[u8]; 6] = [
                dir,
                b" did not end within ",
                limit.as_bytes(),
                b" s of ",
                signal.as_bytes(),
                b": killed",
            ];
            REPORTER.warning(&what, None);
        }
        Report::NotReady(fd, limit) => {
            let limit = seconds(limit);
            let number = Decimal::new(u64::from(fd));
            let closed: [&[u8]; 3] = match pid.is_some_and(|pid| ready::is_closed(pid, fd)) {
                true => [
                    b", and has closed descriptor ",
                    number.as_bytes(),
                    b" without a word",
                ],
                false => [b""; 3],
            };
            let what: [&[u8]; 8] = [
                dir,
                b" is not ready after ",
                limit.as_bytes(),
                b" s",
                closed[0],
                closed[1],
                closed[2],
                b": stopping it",
            ];
            REPORTER.warning(&what, None);
        }
        Report::FinishKilled(limit) => {
            let limit = seconds(limit);
            let what: [&[u8]; 4] = [
                dir,
                b"/finish did not end within ",
                limit.as_bytes(),
                b" s: killed",
            ];
            REPORTER.warning(&what, None);
        }
        Report::LeftAlone => {
            let what = b" was taken over: what is left of its session is left alone";
            REPORTER.warning(&[dir, what], None);
        }
        Report::UnknownEnd => {
            let what = b" has ended, and nobody knows how: exiting 111";
            REPORTER.warning(&[dir, what], None);
        }
    }
}

/// `./finish` can't be executed.
#[cold]
pub(super) fn report_finish(dir: &CStr, error: Errno) {
    let error = errno::text(error).as_bytes();
    let finish = FINISH.to_bytes().strip_prefix(b".").unwrap_or(b"");
    let dir = dir.to_bytes();
    let what: [&[u8]; 6] = [
        b"unable to start ",
        dir,
        finish,
        b": ",
        error,
        b": going on without it",
    ];
    REPORTER.warning(&what, None);
}

/// How the service ended.
fn end_text(end: Option<End>) -> Buffer<32> {
    let mut text = Buffer::new();
    let (what, number) = match end {
        Some(End::Exited(code)) => ("exit code ", code),
        Some(End::Killed(signal)) => ("signal ", signal),
        None => {
            text.push_cut(b"status unknown");
            return text;
        }
    };
    text.push_cut(what.as_bytes());
    text.push_cut(Decimal::new(u64::from(number.unsigned_abs())).as_bytes());
    text
}

/// Seconds with the decimals that there are.
fn seconds(time: Duration) -> Buffer<32> {
    let mut text = Buffer::new();
    text.push_cut(Decimal::new(time.as_secs()).as_bytes());
    let millis = time.subsec_millis();
    if millis > 0 {
        let digits = [millis / 100, millis / 10 % 10, millis % 10];
        let digits = digits.map(|digit| b'0' + u8::try_from(digit).unwrap_or(0));
        let length = digits.iter().rposition(|&digit| digit != b'0');
        text.push_cut(b".");
        text.push_cut(&digits[..=length.unwrap_or(0)]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_as_many_decimals_as_they_need() {
        for (millis, wanted) in [
            (0, "0"),
            (20_000, "20"),
            (500, "0.5"),
            (1_250, "1.25"),
            (86_400_001, "86400.001"),
        ] {
            let text = seconds(Duration::from_millis(millis));
            assert_eq!(text.as_bytes(), wanted.as_bytes());
        }
    }

    #[test]
    fn an_end_is_told_by_code_or_signal() {
        for (end, wanted) in [
            (Some(End::Exited(1)), "exit code 1"),
            (Some(End::Killed(9)), "signal 9"),
            (None, "status unknown"),
        ] {
            assert_eq!(end_text(end).as_bytes(), wanted.as_bytes());
        }
    }
}
