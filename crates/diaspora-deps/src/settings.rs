//! The settings file, `/etc/default/diaspora`, is a shell file of the operator's: it may
//! have any command in it. So a shell sources it and writes its variables into a pipe of
//! their own; what the file prints goes to standard error, for the output of a command may
//! be read by a program.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Mask;
use daemontools::unix::{fd, pidfd, poll};

use crate::error::{Error, SourceError};
use crate::read;

mod script;

pub use script::Settings;

/// How long a settings file may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than any environment that `execve` would take.
const OUTPUT_MAX: usize = 2 * 1024 * 1024;
/// bash first: it takes what sh takes, and old settings files were written where sh was
/// bash.
const SHELLS: [&str; 3] = ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

/// The settings file. It is sourced when something of it is asked for, and only once.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    must_exist: bool,
    longest: Duration,
    sourced: OnceCell<Result<Option<Settings>, SourceError>>,
}

impl SettingsFile {
    /// The settings file at `path`.
    #[must_use]
    pub fn new(path: &Path, must_exist: bool) -> Self {
        Self {
            path: path.to_owned(),
            must_exist,
            longest: TIMEOUT,
            sourced: OnceCell::new(),
        }
    }

    /// The same file, which may take this time at most, and never more than [`TIMEOUT`].
    #[must_use]
    pub fn within(self, longest: Duration) -> Self {
        Self {
            longest: longest.min(TIMEOUT),
            ..self
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variables `names` of the file and its exports; `None` if it does not exist and
    /// need not.
    ///
    /// # Errors
    /// [`Error::Source`]: the file can't be read, another user may change it, the shell
    /// fails, or it takes longer than [`TIMEOUT`].
    pub fn settings<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Option<&Settings>, Error> {
        let source = || {
            let settings = run(&self.path, &names.collect::<Vec<_>>(), self.longest);
            match settings {
                Ok(None) if self.must_exist => Err(SourceError::Missing),
                settings => settings,
            }
        };
        match self.sourced.get_or_init(source) {
            Ok(settings) => Ok(settings.as_ref()),
            Err(cause) => Err(Error::Source {
                file: self.path.clone(),
                cause: cause.clone(),
            }),
        }
    }
}

fn run(file: &Path, names: &[&str], timeout: Duration) -> Result<Option<Settings>, SourceError> {
    let Some(text) = read::trusted(file).map_err(SourceError::Unreadable)? else {
        return Ok(None);
    };
    if text.windows(2).any(|two| two == b"\r\n") {
        return Err(SourceError::WindowsLines(file.to_owned()));
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(SourceError::ByteOrderMark(file.to_owned()));
    }
    let absolute = std::path::absolute(file).map_err(|_| SourceError::NoWorkingDirectory)?;
    let script = script::script(absolute.as_os_str().as_bytes(), names);
    let (pipe, write) = fd::pipe().map_err(SourceError::System)?;
    let mut shell = start(OsStr::from_bytes(&script), &write)
        .map_err(|error| SourceError::System(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    drop(write);
    let output = collect(pipe.as_fd(), shell.id(), timeout);
    if output.is_err() {
        let _ = shell.kill();
    }
    let end = shell
        .wait()
        .map_err(|_| SourceError::System(Errno::ECHILD))?;
    let output = output?;
    match (end.code(), end.signal()) {
        (Some(0), _) => match script::parse(&output) {
            Some(settings) => Ok(Some(settings)),
            None => Err(SourceError::EndsShell),
        },
        (Some(code), _) => Err(SourceError::Exited(code)),
        (None, signal) => Err(SourceError::Killed(signal.unwrap_or(0))),
    }
}

/// Starts the first shell that exists. It is killed if this process ends. The script
/// writes to its standard input.
fn start(script: &OsStr, channel: &OwnedFd) -> std::io::Result<Child> {
    let mut failed = Errno::ENOENT.into();
    for shell in SHELLS {
        let mut command = Command::new(shell);
        command.arg("-c").arg(script).arg("diaspora-deps");
        command.stdin(channel.try_clone()?).stdout(standard_error());
        match process::end_with_parent(&mut command).spawn() {
            Ok(child) => return Ok(child),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// This process's standard error; nothing if it is closed.
fn standard_error() -> Stdio {
    let copy = std::io::stderr().as_fd().try_clone_to_owned();
    copy.map_or_else(|_| Stdio::null(), Stdio::from)
}

/// Reads until the shell has ended. The end of the pipe is not waited for: a background
/// job of the file may keep it open.
fn collect(pipe: BorrowedFd<'_>, pid: u32, timeout: Duration) -> Result<Vec<u8>, SourceError> {
    let deadline = Monotonic::now() + timeout;
    let mask = Mask::block(&[]);
    let pid = i32::try_from(pid).map_err(|_| SourceError::System(Errno::ESRCH))?;
    let process = pidfd::open(Pid::from_raw(pid)).ok();
    let process = process.as_ref().map(AsFd::as_fd);
    fd::set_nonblocking(pipe, true).map_err(SourceError::System)?;
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let [_, ended] = poll::readable([Some(pipe), process], Some(deadline), &mask)
            .map_err(SourceError::System)?;
        loop {
            match fd::read(pipe, &mut buffer) {
                Ok(0) => return Ok(output),
                Ok(count) => output.extend_from_slice(&buffer[..count]),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(error) => return Err(SourceError::System(error)),
            }
            if output.len() > OUTPUT_MAX {
                return Err(SourceError::TooLarge);
            }
        }
        if ended {
            return Ok(output);
        }
        if Monotonic::now() >= deadline {
            return Err(SourceError::TimedOut(timeout));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn write(file: &Path, text: &str, mode: u32) {
        std::fs::write(file, text).expect("write");
        std::fs::set_permissions(file, Permissions::from_mode(mode)).expect("chmod");
    }

    fn sourced(text: &str) -> Result<Settings, SourceError> {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("it's a file");
        write(&file, text, 0o644);
        let settings = run(&file, &["A", "B", "C"], Duration::from_secs(2))?;
        Ok(settings.expect("the file exists"))
    }

    fn variable(settings: &Settings, name: &str) -> Option<String> {
        let value = settings.variables.get(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    #[test]
    fn a_file_that_others_may_write_is_refused_for_good() {
        let folder = tempfile::tempdir().expect("a directory");
        let file = folder.path().join("settings");
        write(&file, "touch ran", 0o646);
        let settings = SettingsFile::new(&file, false);
        let error = settings.settings(std::iter::once("A"));
        let error = error.expect_err("refused");
        let path = file.display();
        let message = format!(
            "unable to source {path}: other users may change {path}: chown root, chmod go-w"
        );
        assert_eq!(error.to_string(), message);
        assert_eq!(error.exit_code(), daemontools::PERMANENT);
    }

    #[test]
    fn the_shell_decides_what_a_variable_is() {
        let text = "wait_service() { [[ $1 ]] && sleep 9; }\n\
                    A=\"two words\"; export B=$(printf 'x\\ny')\nset -eu -- a b";
        let settings = sourced(text).expect("sourced");
        assert_eq!(variable(&settings, "A").as_deref(), Some("two words"));
        assert_eq!(variable(&settings, "B").as_deref(), Some("x\ny"));
        assert_eq!(variable(&settings, "C"), None);
        let exported = |name: &[u8]| {
            settings
                .exported
                .iter()
                .any(|entry| entry.starts_with(name))
        };
        assert!(exported(b"B=x\ny") && !exported(b"A="));
    }

    #[test]
    fn output_and_a_false_test_at_the_end_do_no_harm() {
        let settings = sourced("echo A=noise >&2\nA=1\n[ -e /nonexistent ] && B=2\n");
        let settings = settings.expect("sourced");
        assert_eq!(variable(&settings, "A").as_deref(), Some("1"));
    }

    /// What operators have in such files, none of which may change what A is.
    #[test]
    fn whatever_else_is_in_the_file_a_is_one() {
        for text in [
            "A=1",
            "A=1\nreturn 0\nA=2\n",
            "set -e\nfalse\nA=1\n",
            "set -eufx -o pipefail\nA=1\n",
            "set -a; A=1\n",
            "readonly A=1\n",
            "declare -rx A=1\n",
            "A=(1 2)\n",
            "printf() { :; }\n[() { false; }\nexec() { :; }\nA=1\n",
            "alias printf=false\nA=1\n",
            "exec 3>&1 4>&- >/dev/null 2>&1\nA=1\n",
            "exec 3>&-\nA=1\n",
            "cd /; PATH=/nonexistent; A=1; IFS=1\n",
            "trap 'echo A=2' EXIT\nA=1\n",
            "cat >/dev/null; A=1\n",
            "no-such-command; A=1\n",
            "A = 2\nA=1\n",
            "if [[ $BASH ]]; then A=1; fi\n",
            "source /dev/stdin <<< 'A=1'\n",
            "# J\u{fc}rgen\nA=1\n",
        ] {
            let settings = sourced(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(variable(&settings, "A").as_deref(), Some("1"), "{text}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_refused_with_the_fix() {
        // The shell would look for a command of that name, and A would stay unset.
        let error = sourced("\u{feff}A=1\n").expect_err("a mark");
        assert!(error.is_permanent());
        let message = error.to_string();
        let start = "it begins with a byte order mark, as on Windows: sed -i '1s/^...//' /";
        assert!(
            message.replace("\\xef\\xbb\\xbf", "...").starts_with(start),
            "{message}"
        );
    }

    #[test]
    fn lines_of_windows_are_refused_with_the_fix() {
        let error = sourced("A=1\r\nB=2\r\n").expect_err("CR LF");
        assert!(error.is_permanent());
        let message = error.to_string();
        let start = "its lines end with CR LF, as on Windows: sed -i 's/\\r$//' /";
        assert!(message.starts_with(start), "{message}");
    }

    #[test]
    fn a_file_that_ends_the_shell_or_cannot_be_parsed_is_an_error() {
        let error = |text: &str| sourced(text).expect_err(text).to_string();
        assert_eq!(error("if true; then\n"), "the shell exited 2");
        assert_eq!(error("A=1\nexit 3\n"), "the shell exited 3");
        assert_eq!(error("kill -9 $$\n"), "the shell was killed by signal 9");
        let ends = "it ends the shell: take its \"exit\" out";
        assert_eq!(error("exit 0\n"), ends);
    }

    #[test]
    fn a_file_that_hangs_is_given_up_and_a_background_job_is_not_waited_for() {
        let error = sourced("sleep 60\n").expect_err("too long");
        assert_eq!(error.to_string(), "it takes longer than 2 s");
        assert!(sourced("sleep 30 &\nA=1\n").is_ok());
    }

    #[test]
    fn a_file_that_does_not_exist_is_no_error() {
        let file = SettingsFile::new(Path::new("/nonexistent/file"), false);
        let none = file.settings(std::iter::once("A"));
        assert!(none.is_ok_and(|settings| settings.is_none()));
    }
}
