//! A processor: a command that turns `previous` into `processed`, and `state` into
//! `newstate`. It is run again, with the old state, until it succeeds.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::strerr::Fatal;
use daemontools::unix::process::{self, End, Fork};
use daemontools::unix::{env, exec, fd, file, memory};

use crate::archive::sync_directory;
use crate::dir::Log;
use crate::finished::Code;
use crate::{ME, pause, setup};

impl Log {
    /// Processes `previous`, and names the result as a finished file.
    pub(crate) fn process(&mut self, command: &CStr) {
        let dir = self.name();
        self.run_until_done(command);
        self.make_safe(c"processed", true);
        self.make_safe(c"newstate", false);
        pause::until(&[b"unable to write ", dir, b" to disk"], || {
            sync_directory(&self.directory)
        });
        pause::until(
            &[b"unable to remove ", dir, b"/previous"],
            || match file::unlink(c"previous") {
                Err(Errno::ENOENT) => Ok(()),
                result => result,
            },
        );
        pause::until(
            &[b"unable to rename newstate to state in directory ", dir],
            || file::rename(c"newstate", c"state"),
        );
        self.archive
            .take_if_there(c"processed", Code::Safe, &self.directory);
    }

    fn run_until_done(&self, command: &CStr) {
        let dir = self.name();
        loop {
            let fork = pause::until(&[b"unable to fork for processor in ", dir], process::fork);
            let pid = match fork {
                Fork::Child => process::exit_now(self.become_processor(command)),
                Fork::Parent(pid) => pid,
            };
            match memory::rest(|| process::wait_for(pid)) {
                Ok(End::Exited(0)) => return,
                Ok(End::Exited(_)) => pause::because(&[b"processor failed in ", dir], None),
                Ok(End::Killed(_)) => pause::because(&[b"processor crashed in ", dir], None),
                Err(error) => pause::because(&[b"wait failed for processor in ", dir], error),
            }
        }
    }

    fn make_safe(&self, name: &CStr, readable: bool) {
        let dir = self.name();
        let (slash, name_bytes) = (b"/", name.to_bytes());
        let opened = pause::until(&[b"unable to create ", dir, slash, name_bytes], || {
            file::open_append_nofollow(name, 0o600)
        });
        pause::until(
            &[b"unable to write ", dir, slash, name_bytes, b" to disk"],
            || file::sync(&opened),
        );
        if readable {
            pause::until(&[b"unable to set mode of ", dir, slash, name_bytes], || {
                file::set_mode(&opened, 0o744)
            });
        }
    }

    /// In the child: never returns but to say how to exit.
    fn become_processor(&self, command: &CStr) -> i32 {
        // It has the lock as well, until it execs.
        memory::leave_to_parent();
        let dir = self.name();
        setup::restore_for_child();
        let ready = |opened: daemontools::Result<OwnedFd>, what: &[u8], name: &[u8]| {
            opened
                .and_then(|opened| {
                    fd::set_nonblocking(&opened, false)?;
                    Ok(opened)
                })
                .map_err(|error| ME.fatal(&[what, dir, name], error))
        };
        let (read, write) = (b"unable to read ", b"unable to write to ");
        let files = || {
            Ok::<_, Fatal>([
                (
                    ready(file::open_read_nofollow(c"previous"), read, b"/previous")?,
                    0,
                ),
                (
                    ready(
                        file::open_truncate_nofollow(c"processed", 0o644),
                        write,
                        b"/processed",
                    )?,
                    1,
                ),
                (
                    ready(file::open_read_nofollow(c"state"), read, b"/state")?,
                    4,
                ),
                (
                    ready(
                        file::open_truncate_nofollow(c"newstate", 0o644),
                        write,
                        b"/newstate",
                    )?,
                    5,
                ),
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
}
