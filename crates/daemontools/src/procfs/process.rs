//! `/proc/PID/stat`: a process's parent, process group, session, start time and state.

use core::ffi::CStr;

use super::ProcPath;
use crate::unix::dir::Dir;
use crate::unix::{fd, file};
use crate::{Errno, Result};

/// One process, as it was when `/proc` was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its pid.
    pub pid: u32,
    /// The pid of its parent; 0 if the parent is outside this pid namespace.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Its start time in clock ticks since boot. Pid and start time together identify a
    /// process.
    pub start_time: u64,
    /// The state of its first thread: `R`, `S`, `T` (stopped), `Z` and so on.
    pub state: u8,
}

impl Process {
    /// Whether both are the same process, read at two times.
    #[must_use]
    pub const fn is(&self, other: &Self) -> bool {
        self.pid == other.pid && self.start_time == other.start_time
    }

    /// Whether it is a zombie. (Also true if only its first thread has ended, which
    /// hardly any program does.)
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Whether it is stopped by a signal or a debugger.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self.state, b'T' | b't')
    }
}

/// Reads the facts of one process.
///
/// # Errors
/// ENOENT or ESRCH if there is no such process, EIO if the text is not understood.
pub fn process(pid: u32) -> Result<Process> {
    let fd = file::open_read(ProcPath::new(pid, b"stat")?.as_c_str())?;
    // Room for the first 22 fields with the longest name.
    let mut stat = [0; 512];
    let count = fd::read(fd, &mut stat)?;
    parse(pid, &stat[..count]).ok_or(Errno::EIO)
}

/// The start time of a process in clock ticks since boot; `None` if there is no such
/// process or it is a zombie.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let process = process(pid).ok()?;
    (!process.has_ended()).then_some(process.start_time)
}

/// Calls `each` with the pid of every process.
///
/// # Errors
/// Those of opening and reading the directory `/proc`.
pub fn each_pid(mut each: impl FnMut(u32)) -> Result<()> {
    Dir::open(c"/proc")?.each(|name, _| {
        if let Some(pid) = number(name) {
            each(pid);
        }
    })
}

/// Calls `each` with every process. A process that starts or ends meanwhile may be left
/// out.
///
/// # Errors
/// Those of opening and reading the directory `/proc`; EMFILE, ENFILE and ENOMEM of
/// opening a file in it.
pub fn each_process(mut each: impl FnMut(Process)) -> Result<()> {
    let mut failed = Ok(());
    each_pid(|pid| match process(pid) {
        Ok(process) => each(process),
        Err(error @ (Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM)) => failed = Err(error),
        Err(_) => {}
    })?;
    failed
}

fn number(name: &CStr) -> Option<u32> {
    name.to_str().ok()?.parse().ok()
}

/// Fields 3 to 6 and 22. Field 2 is the name in parentheses. It may hold any byte, also
/// a parenthesis.
fn parse(pid: u32, stat: &[u8]) -> Option<Process> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let fields = str::from_utf8(stat.get(name_end + 2..)?).ok()?;
    let mut fields = fields.split(' ');
    let state = *fields.next()?.as_bytes().first()?;
    let mut id = || fields.next()?.parse().ok();
    let (parent, group, session) = (id()?, id()?, id()?);
    Some(Process {
        pid,
        parent,
        group,
        session,
        start_time: fields.nth(15)?.parse().ok()?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_fields_behind_any_name() {
        let rest = "1 2 3 0 -1 4194560 92 0 0 0 0 0 0 0 20 0 1 0 987654 2318336 19";
        for name in ["cat", "a b) S (c", "", "\u{e9}"] {
            for state in [b'S', b'T', b'Z'] {
                let stat = format!("42 ({name}) {} {rest}", char::from(state));
                let process = parse(42, stat.as_bytes()).expect("all fields");
                let wanted = Process {
                    pid: 42,
                    parent: 1,
                    group: 2,
                    session: 3,
                    start_time: 987_654,
                    state,
                };
                assert_eq!(process, wanted);
                assert_eq!(process.has_ended(), state == b'Z');
                assert_eq!(process.is_stopped(), state == b'T');
            }
        }
        assert_eq!(parse(42, b"42 (cat) S 1 2"), None);
        assert_eq!(parse(42, b"42 (cat) X 0 -1 -1 0"), None);
        assert_eq!(parse(42, b""), None);
    }

    #[test]
    fn this_process_is_among_all_and_has_its_parent() {
        let own = process(std::process::id()).expect("this process");
        let mut all = Vec::new();
        each_process(|process| all.push(process)).expect("all processes");
        assert!(all.iter().any(|process| process.is(&own)));
        assert_eq!(own.parent, std::os::unix::process::parent_id());
    }

    #[test]
    fn only_a_process_that_exists_has_a_start_time() {
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
