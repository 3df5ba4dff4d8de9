//! A process that stays behind while this one becomes another program: it watches that
//! program, and the program never notices it. It is no child of the program, whose waiting
//! for children it would disturb, has no controlling terminal, and is in a session of its
//! own, which no signal to the program's group reaches.

use core::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use super::fd::{self, STDERR};
use super::process::{self, Pid};
use super::{file, signal, thread};
use crate::{Errno, Result};

/// Starts a process that runs `run`, and exits with its code. Of this process's descriptors
/// it has those that are given, /dev/null as standard input and output, and standard error.
/// It ignores SIGPIPE and SIGXFSZ, and has the default action for SIGCHLD.
/// [`fd::fill_standard`] has to be called before.
///
/// `data` can't refer to a descriptor that is closed there: it is copied, and outlives all.
///
/// # Errors
/// Those of `clone(2)`, of opening /dev/null and of closing descriptors; EDEADLK once this
/// process has had other threads.
pub fn spawn<const N: usize, T: Copy + 'static>(
    given: [Option<OwnedFd>; N],
    data: T,
    run: fn([Option<OwnedFd>; N], T) -> i32,
) -> Result<()> {
    if thread::are_several() {
        return Err(Errno::EDEADLK);
    }
    // SAFETY: without flags this is a fork. No thread has been started, so that there is
    // none whose locks the child could inherit. The child only forks once more and exits.
    // Its end raises no signal (a fork's does), which this process may have blocked: it
    // would be kept for the program.
    let pid = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) };
    if Errno::result(pid)? == 0 {
        let _ = process::new_session();
        let started = prepare(&given).and_then(|()| process::spawn(|| run(given, data)));
        process::exit_now(started.map_or_else(|error| error as i32, |_| 0));
    }
    #[allow(clippy::useless_conversion, reason = "the width is the platform's")]
    let pid = i32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    match process::wait_for_unnoticed(Pid::from_raw(pid))? {
        0 => Ok(()),
        error => Err(Errno::from_raw(error)),
    }
}

/// In the child: leaves what belongs to the program.
fn prepare(given: &[Option<OwnedFd>]) -> Result<()> {
    let _ = signal::harden();
    signal::default(signal::Signal::SIGCHLD);
    let null = file::open_null()?;
    fd::become_standard(&null, 0)?;
    fd::become_standard(&null, 1)?;
    drop(null);
    let mut kept = given.iter().flatten().map(AsRawFd::as_raw_fd);
    let mut numbers = [STDERR.as_raw_fd(); 8];
    for place in &mut numbers[1..] {
        *place = kept.next().unwrap_or(STDERR.as_raw_fd());
    }
    if kept.next().is_some() {
        return Err(Errno::EMFILE);
    }
    numbers.sort_unstable();
    let mut first = STDERR.as_raw_fd();
    for number in numbers {
        close_between(first, number)?;
        first = number;
    }
    close_between(first, i32::MAX)
}

/// Closes all descriptors between two numbers.
fn close_between(first: i32, last: i32) -> Result<()> {
    let (from, to) = (first + 1, last - 1);
    if from > to {
        return Ok(());
    }
    // SAFETY: integers in, and no memory is touched. The descriptors belong to the process
    // that this one was forked from: here `run` gets those that are kept, and `data`, which
    // is no owner of any.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
    match Errno::result(closed) {
        // Before Linux 5.9, and under some sandboxes.
        Err(Errno::ENOSYS | Errno::EPERM) => close_one_by_one(from, to),
        other => other.map(drop),
    }
}

/// The same by the list of descriptors, or where there is none, up to the limit.
fn close_one_by_one(from: i32, to: i32) -> Result<()> {
    let mut open = Vec::new();
    let number = |name: &CStr| name.to_str().ok()?.parse::<i32>().ok();
    let listed = super::dir::Dir::open(c"/proc/self/fd")
        .and_then(|dir| dir.each(|name, _| open.extend(number(name))));
    if listed.is_err() {
        let (limit, _) = super::rlimit::get(super::rlimit::Resource::RLIMIT_NOFILE)?;
        open = (0..i32::try_from(limit).unwrap_or(65_536)).collect();
    }
    for number in open
        .into_iter()
        .filter(|number| (from..=to).contains(number))
    {
        // SAFETY: as above.
        unsafe { libc::close(number) };
    }
    Ok(())
}

/// Closes standard error, that is, opens /dev/null in its place: a process that has
/// nothing to say any more must not keep the reader of a log waiting for its end.
pub fn leave_standard_error() {
    if let Ok(null) = file::open_null() {
        let _ = fd::become_standard(null.as_fd(), STDERR.as_raw_fd());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::fd::BorrowedFd;

    use super::*;

    /// Writes the numbers of all open descriptors, its session and parent.
    fn report([writer, _]: [Option<OwnedFd>; 2], session: i32) -> i32 {
        let mut open = Vec::new();
        let dir = super::super::dir::Dir::open(c"/proc/self/fd").unwrap();
        dir.each(|name, _| open.extend(name.to_str().unwrap().parse::<i32>()))
            .unwrap();
        let apart = nix::unistd::getsid(None).unwrap().as_raw() != session;
        let text = format!("{} apart={apart}", open.len());
        let writer: BorrowedFd<'_> = writer.as_ref().unwrap().as_fd();
        fd::write_all(writer, text.as_bytes()).unwrap();
        0
    }

    /// The test's name for the harness.
    const NAME: &str =
        "unix::companion::tests::has_the_given_descriptors_alone_and_a_session_of_its_own";
    /// Set where the harness has no thread but the test's own.
    const ALONE: &str = "DAEMONTOOLS_TEST_ALONE";

    #[test]
    fn has_the_given_descriptors_alone_and_a_session_of_its_own() {
        if std::env::var_os(ALONE).is_none() {
            // A thread of another test may have a lock of the allocator, which the child
            // would wait for for ever.
            let program = std::env::current_exe().unwrap();
            let mut alone = std::process::Command::new(program);
            alone
                .args(["--exact", NAME, "--test-threads=1"])
                .env(ALONE, "");
            let output = alone.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(
                output.status.success() && said.contains("1 passed"),
                "{said}"
            );
            return;
        }
        fd::fill_standard();
        let (reader, writer) = fd::pipe().unwrap();
        let others: Vec<_> = (0..20).map(|_| fd::pipe().unwrap()).collect();
        let session = nix::unistd::getsid(None).unwrap().as_raw();
        spawn([Some(writer), None], session, report).unwrap();
        let mut text = [0; 100];
        let mut count = 0;
        loop {
            match fd::read(&reader, &mut text[count..]).unwrap() {
                0 => break,
                more => count += more,
            }
        }
        // 0, 1, 2, the pipe and the directory.
        assert_eq!(str::from_utf8(&text[..count]).unwrap(), "5 apart=true");
        drop(others);
        assert_eq!(process::reap(), Ok(None));
    }
}
