//! Main services and svinit's program: when the first of them has ended for good, all others
//! are stopped. svscan has none.

use core::ffi::CStr;
use std::ffi::CString;

use daemontools::servicedir::detail::{DETAIL_LEN, Detail};
use daemontools::servicedir::{Checked, SUPERVISE, SuperviseDir};
use daemontools::unix::process::End;
use daemontools::{Result, TEMPORARY};

use crate::path::Path;
use crate::spawn::NOT_EXECUTED;

/// A main service or the program has ended for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MainEnd {
    /// Its name.
    pub(crate) name: CString,
    /// Its exit code, or 128 and the number of the signal that killed it.
    pub(crate) code: i32,
}

/// The main services and the program.
#[derive(Debug, Default)]
pub(crate) struct Mains {
    /// The names of main services.
    pub(crate) names: Vec<CString>,
    /// The pid of the program, while it runs.
    pub(crate) program: Option<u32>,
    /// The name of the program.
    pub(crate) program_name: CString,
    /// The first that has ended.
    pub(crate) first: Option<MainEnd>,
}

impl Mains {
    /// Whether a service of this name is a main service.
    pub(crate) fn contains(&self, name: &CStr) -> bool {
        self.names.iter().any(|main| main.as_c_str() == name)
    }

    /// A child has ended: perhaps it was the program.
    pub(crate) fn child_ended(&mut self, pid: u32, end: Option<End>) {
        if self.program == Some(pid) {
            self.program = None;
            let code = end.map_or(TEMPORARY, End::code);
            self.note(self.program_name.clone(), code);
        }
    }

    /// The supervise of a main service has ended: perhaps since the service has.
    pub(crate) fn supervise_ended(&mut self, name: &CStr, end: Option<End>) {
        if let Some(code) = final_code(name, end) {
            self.note(name.to_owned(), code);
        }
    }

    fn note(&mut self, name: CString, code: i32) {
        self.first.get_or_insert(MainEnd { name, code });
    }
}

/// The exit code of a main service, if its supervise has ended because the service had ended
/// for good. `end`: how supervise ended, if it is a child.
fn final_code(name: &CStr, end: Option<End>) -> Option<i32> {
    let exited = match end {
        // It is started again, and adopts the service.
        Some(End::Killed(_)) => return None,
        Some(End::Exited(code)) => Some(code),
        None => None,
    };
    let mut text = [0; DETAIL_LEN];
    let detail = read(name, &mut text).ok()?;
    decide(detail, exited)
}

fn read<'a>(name: &CStr, text: &'a mut [u8; DETAIL_LEN]) -> Result<&'a [u8]> {
    let path = Path::new(&[name.to_bytes(), b"/", SUPERVISE.to_bytes()])?;
    match SuperviseDir::open(path.as_c_str())?.detail(text)? {
        Checked::Trusted(text) => Ok(text),
        Checked::Missing | Checked::Untrusted => Ok(b""),
    }
}

/// The service's exit code by supervise's `detail` and its own exit code, where that is known.
fn decide(detail: &[u8], exited: Option<i32>) -> Option<i32> {
    let detail = Detail::parse(detail);
    // With a boot id, a supervise is in charge or was killed.
    if detail.boot.is_some() || !detail.ended {
        return None;
    }
    let recorded = detail.last_end.map(End::code);
    match exited {
        // supervise itself could not begin or not be executed, unless its service has ended
        // with that very code.
        Some(code @ (TEMPORARY | NOT_EXECUTED)) => recorded
            .is_none_or(|recorded| recorded == code)
            .then_some(code),
        Some(code) => Some(code),
        None => Some(recorded.unwrap_or(TEMPORARY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_CHARGE: &[u8] =
        b"starts 1\nexit 111\nended 1\nboot 01234567-89ab-cdef-0123-456789abcdef\n";

    #[test]
    fn the_end_of_a_service_is_told_from_the_end_of_its_supervise() {
        for (detail, exited, code) in [
            (&b"starts 1\nexit 3\nended 1\n\n\n"[..], Some(3), Some(3)),
            (b"starts 1\nsignal 9\nended 1\n", Some(137), Some(137)),
            (b"starts 1\nexit 111\nended 1\n", Some(111), Some(111)),
            (b"starts 1\nended 1\n", Some(111), Some(111)),
            // It refused to begin, or could not be executed: what is recorded is older.
            (b"starts 1\nexit 3\nended 1\n", Some(111), None),
            (b"starts 1\nexit 3\nended 1\n", Some(112), None),
            // Another supervise is in charge, or it was killed.
            (IN_CHARGE, Some(111), None),
            // It was told to exit before the service was ever started.
            (b"starts 0\n", Some(0), None),
            (b"", Some(0), None),
            // It was taken over, so that nobody tells its exit code.
            (b"starts 1\nexit 4\nended 1\n", None, Some(4)),
            (b"starts 1\nsignal 15\nended 1\n", None, Some(143)),
            (b"starts 1\nended 1\n", None, Some(111)),
        ] {
            let text = detail.escape_ascii();
            assert_eq!(decide(detail, exited), code, "{text}, {exited:?}");
        }
    }
}
