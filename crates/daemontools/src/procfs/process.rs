//! `/proc/PID/stat`: whose child a process is, to which group and session it
//! belongs, and when it was started.

use core::ffi::CStr;

use super::Entry;
use crate::unix::dir::Dir;
use crate::unix::{fd, file};
use crate::{Errno, Result};

/// What the kernel tells about one process, as of the moment it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its pid.
    pub pid: u32,
    /// Its parent's; 0 for one outside this pid namespace.
    pub parent: u32,
    /// Its process group: the pid of whoever made it.
    pub group: u32,
    /// Its session: the pid of whoever made it.
    pub session: u32,
    /// When it started, in clock ticks since boot: with the pid, which process it is.
    pub born: u64,
    /// `R`, `S`, `T` (stopped), `Z` and so on, of its first thread.
    pub state: u8,
}

impl Process {
    /// Whether this is the same process, looked at another time.
    #[must_use]
    pub const fn is(&self, other: &Self) -> bool {
        self.pid == other.pid && self.born == other.born
    }

    /// Whether only its entry in the table is left. (Or its first thread has ended
    /// and others go on, which hardly any program does.)
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Whether it does nothing until it is continued.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self.state, b'T' | b't')
    }
}

/// Looks at one process.
///
/// # Errors
/// ENOENT or ESRCH if there is no such process; EIO for what makes no sense.
pub fn process(pid: u32) -> Result<Process> {
    let fd = file::open_read(Entry::new(pid, b"/stat").path())?;
    // The fields up to the 22nd take less, even with the longest name.
    let mut stat = [0; 512];
    let count = fd::read(fd, &mut stat)?;
    parse(pid, &stat[..count]).ok_or(Errno::EIO)
}

/// Goes through the pids of all processes.
///
/// # Errors
/// What opening or reading `/proc` says.
pub fn each_pid(mut each: impl FnMut(u32)) -> Result<()> {
    Dir::open(c"/proc")?.each(|name, _| {
        if let Some(pid) = number(name) {
            each(pid);
        }
    })
}

/// Goes through all processes. One that ends meanwhile may be left out, and so may
/// one that starts.
///
/// # Errors
/// What opening or reading `/proc` says, or opening an entry for want of
/// descriptors or memory.
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

/// Fields 3 to 6 and 22. The name, field 2, is in parentheses and may hold anything,
/// parentheses too.
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
        born: fields.nth(15)?.parse().ok()?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name() {
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
                    born: 987_654,
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
    fn this_process_and_its_parent_are_among_all() {
        let own = process(std::process::id()).expect("this process");
        let mut all = Vec::new();
        each_process(|process| all.push(process)).expect("all processes");
        assert!(all.iter().any(|process| process.is(&own)));
        assert_eq!(own.parent, std::os::unix::process::parent_id());
    }
}
