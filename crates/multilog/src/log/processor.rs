//! Processors: a command that turns `previous` into `processed`, and `state` into
//! `newstate`. It runs again, with the old state, until it succeeds.

use core::ffi::CStr;

use daemontools::Result;
use daemontools::logdir::Code;
use daemontools::strerr::Fatal;
use daemontools::unix::process::{self, End, Fork};
use daemontools::unix::{env, exec, fd, file, memory};

use super::archive::{Archive, remove};
use super::current::SAFE;
use crate::inherited;
use crate::message::{ME, pause, retry};

/// Processes `previous`, and makes the result a finished file.
pub(super) fn process(archive: &mut Archive, command: &CStr) {
    let dir = archive.path();
    run_until_it_succeeds(dir, command);
    make_safe(dir, c"processed", true);
    make_safe(dir, c"newstate", false);
    archive.sync();
    remove(dir, c"previous");
    retry(
        &[b"unable to rename newstate to state in directory ", dir],
        || file::rename(c"newstate", c"state"),
    );
    archive.add_if_exists(c"processed", Code::Safe);
}

fn run_until_it_succeeds(dir: &[u8], command: &CStr) {
    loop {
        let fork = retry(&[b"unable to fork for processor in ", dir], process::fork);
        let pid = match fork {
            Fork::Child => process::exit_now(become_processor(dir, command)),
            Fork::Parent(pid) => pid,
        };
        match memory::rest(|| process::wait_for(pid)) {
            Ok(End::Exited(0)) => return,
            Ok(End::Exited(_)) => pause(&[b"processor failed in ", dir], None),
            Ok(End::Killed(_)) => pause(&[b"processor crashed in ", dir], None),
            Err(error) => pause(&[b"wait failed for processor in ", dir], error),
        }
    }
}

/// Brings a file that a processor made to the disk.
fn make_safe(dir: &[u8], name: &CStr, is_finished: bool) {
    let name_bytes = name.to_bytes();
    let made = retry(&[b"unable to create ", dir, b"/", name_bytes], || {
        file::open_append_nofollow(name, 0o600)
    });
    retry(
        &[b"unable to write ", dir, b"/", name_bytes, b" to disk"],
        || file::sync(&made),
    );
    if is_finished {
        retry(&[b"unable to set mode of ", dir, b"/", name_bytes], || {
            file::set_mode(&made, SAFE)
        });
    }
}

/// In the child: execs the command, or gives the exit code.
fn become_processor(dir: &[u8], command: &CStr) -> i32 {
    // A copy of the journal's lock would outlive the parent.
    memory::leave_to_parent();
    inherited::restore();
    let open = |name: &'static CStr, writes: bool| {
        let (what, opened): (&[u8], Result<_>) = if writes {
            let opened = file::open_truncate_nofollow(name, 0o644);
            (b"unable to write to ", opened)
        } else {
            (b"unable to read ", file::open_read_nofollow(name))
        };
        opened
            .and_then(|opened| fd::set_nonblocking(&opened, false).map(|()| opened))
            .map_err(|error| ME.fatal(&[what, dir, b"/", name.to_bytes()], error))
    };
    let files = || {
        Ok::<_, Fatal>([
            (open(c"previous", false)?, 0),
            (open(c"processed", true)?, 1),
            (open(c"state", false)?, 4),
            (open(c"newstate", true)?, 5),
        ])
    };
    let given = match files() {
        Ok(given) => given,
        Err(fatal) => return fatal.code(),
    };
    let argv: exec::Strings = [c"sh", c"-c", command].into_iter().collect();
    exec::with_descriptors(
        given,
        (c"/bin/sh", &argv, &env::strings()),
        command,
        |command, error| {
            ME.fatal(&[b"unable to run ", command.to_bytes()], error)
                .code()
        },
    )
}
