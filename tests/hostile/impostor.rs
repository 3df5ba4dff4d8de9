//! Processes of nobody or root with a chosen name, working directory and open files.

use std::fs;

use conformance::process::Entry;
use conformance::{Cmd, Proc, Side};

/// A process of this name that works in `dir`, runs the lines of Perl, and then sleeps and
/// ignores signals.
pub(crate) fn called<'a>(side: &'a Side, name: &str, dir: &str, lines: &str) -> Cmd<'a> {
    let script = format!(
        "use Fcntl qw(:DEFAULT :flock); $SIG{{TERM}} = 'IGNORE'; {lines} \
         $0 = '{name}'; sleep 1000 while 1;"
    );
    side.command(["/usr/bin/perl", "-e", &script]).cwd(dir)
}

/// Starts it; returns when it has its name.
pub(crate) fn start(side: &Side, command: Cmd, name: &str) -> Proc {
    let process = command.spawn();
    let comm = format!("/proc/{}/comm", process.pid());
    side.until("its name", || {
        let end = process.ended();
        let said = String::from_utf8_lossy(&process.stderr()).into_owned();
        assert_eq!(end, None, "{said}");
        fs::read_to_string(&comm).is_ok_and(|comm| comm.trim_end() == name)
    });
    process
}

/// `su`, started by nobody under this name in `dir`. It waits for a password, and its
/// entry in `/proc` belongs to root.
pub(crate) fn su(side: &Side, name: &str, dir: &str) -> Proc {
    side.symlink("/usr/bin/su", name);
    let (read, write) = side.pipe();
    side.hold(write);
    let su = side.command([format!("./{name}")]).cwd(dir).unprivileged();
    start(side, su.stdin_file(read), name)
}

/// Perl that locks a file or directory.
pub(crate) fn locks(path: &str) -> String {
    format!("sysopen(L, '{path}', O_RDONLY) or die; flock(L, LOCK_EX | LOCK_NB) or die;")
}

/// Whether a process neither ended nor was stopped.
pub(crate) fn is_undisturbed(process: &Proc) -> bool {
    process.ended().is_none()
        && Entry::of(process.pid()).is_some_and(|entry| "SRD".contains(entry.state))
}
