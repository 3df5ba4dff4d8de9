//! `/etc/default/diaspora` is a shell file, and operators may have put anything into
//! it. So a shell sources it and hands over its variables, through a pipe of its own:
//! what the file prints goes where it always went.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Obstacle;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Mask;
use daemontools::unix::{env, fd, pidfd, poll};
use daemontools::{Errno, errno};

use crate::{Failure, read};

/// What the shell handed over.
#[derive(Debug, Default)]
pub struct Sourced {
    /// The variables that were asked for and are set, exported or not.
    pub variables: BTreeMap<String, Vec<u8>>,
    /// All that is exported, as `NAME=value`.
    pub exported: Vec<Vec<u8>>,
}

/// How long the file may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// More than any environment that `execve` would take.
const OUTPUT_MAX: usize = 2 * 1024 * 1024;
/// bash takes what sh takes, and the files of old were written where sh was bash.
const SHELLS: [&str; 3] = ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

/// Sources `file` and asks for the variables `names`; `None` if there is no such
/// file.
///
/// # Errors
/// The file can't be read, the shell does not like it, or it takes longer than
/// `patience`; permanent if other users may write it, or put another in its place.
pub fn source(file: &Path, names: &[&str], patience: Duration) -> Result<Option<Sourced>, Failure> {
    let trouble = |why: &str| format!("unable to source {}: {why}", file.display());
    let temporary = |why: &str| Failure::temporary(trouble(why));
    let system = |error: Errno| temporary(errno::text(error));
    match read::ours(file) {
        Ok(None) => return Ok(None),
        Ok(Some(_)) => {}
        Err(Obstacle::System(error)) => return Err(system(error)),
        Err(obstacle) => return Err(Failure::permanent(trouble(&obstacle.to_string()))),
    }
    let absolute = std::path::absolute(file).map_err(|_| temporary("no working directory"))?;
    let script = script(absolute.as_os_str().as_bytes(), names);
    let (pipe, write) = fd::pipe().map_err(system)?;
    let mut shell = start(&OsString::from_vec(script), &write)
        .map_err(|error| system(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    drop(write);
    let output = collect(pipe.as_fd(), shell.id(), patience);
    if output.is_err() {
        let _ = shell.kill();
    }
    let end = shell.wait().map_err(|_| system(Errno::ECHILD))?;
    let output = output.map_err(|why| temporary(&why))?;
    match (end.code(), end.signal()) {
        (Some(0), _) => parse(&output)
            .map(Some)
            .ok_or_else(|| temporary("it ends the shell: take its \"exit\" out")),
        (Some(code), _) => Err(temporary(&format!("the shell exited {code}"))),
        (None, signal) => Err(temporary(&format!(
            "the shell was killed by signal {}",
            signal.unwrap_or(0)
        ))),
    }
}

/// Starts the first shell that there is. It ends with us, and finds as its standard
/// input what it is to write to.
fn start(script: &OsStr, channel: &OwnedFd) -> std::io::Result<Child> {
    let mut failed = Errno::ENOENT.into();
    for shell in SHELLS {
        let mut command = Command::new(shell);
        command.arg("-c").arg(script).arg("diaspora-deps");
        command.stdin(channel.try_clone()?);
        match process::end_with_parent(&mut command).spawn() {
            Ok(child) => return Ok(child),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// What the shell runs. The file may leave options, functions and parameters behind:
/// nothing after it depends on them.
fn script(file: &[u8], names: &[&str]) -> Vec<u8> {
    let quoted = quote(file);
    let mut script = b"exec 3>&0 </dev/null\n".to_vec();
    // A file may end with a false test; only one that can't be parsed is bad.
    for part in [
        &b". "[..],
        &quoted,
        b" || \"${BASH:-/bin/sh}\" -n ",
        &quoted,
        b" || exit 2\n",
    ] {
        script.extend_from_slice(part);
    }
    script.extend_from_slice(b"set +eufx\n");
    for name in names {
        let line = format!("[ -z \"${{{name}+x}}\" ] || printf '%s\\0' \"{name}=${name}\" >&3\n");
        script.extend_from_slice(line.as_bytes());
    }
    script.extend_from_slice(b"printf '\\0' >&3\nexec /usr/bin/env -0 >&3\n");
    script
}

/// One word for the shell, whatever is in it.
fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            _ => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Reads until the shell has ended: something that the file left in the background
/// may keep the pipe open.
fn collect(pipe: BorrowedFd<'_>, pid: u32, patience: Duration) -> Result<Vec<u8>, String> {
    let system = |error: Errno| errno::text(error).to_owned();
    let deadline = Monotonic::now() + patience;
    let mask = Mask::block(&[]);
    let pid = i32::try_from(pid).map_err(|_| system(Errno::ESRCH))?;
    let process = pidfd::open(Pid::from_raw(pid)).ok();
    let process = process.as_ref().map_or(pipe, AsFd::as_fd);
    fd::set_nonblocking(pipe, true).map_err(system)?;
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let [_, ended] =
            poll::readable([Some(pipe), Some(process)], Some(deadline), &mask).map_err(system)?;
        loop {
            match fd::read(pipe, &mut buffer) {
                Ok(0) => return Ok(output),
                Ok(count) => output.extend_from_slice(&buffer[..count]),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(error) => return Err(system(error)),
            }
            if output.len() > OUTPUT_MAX {
                return Err("its environment is too large".to_owned());
            }
        }
        if ended && process.as_raw_fd() != pipe.as_raw_fd() {
            return Ok(output);
        }
        if Monotonic::now() >= deadline {
            return Err(format!("it takes longer than {} s", patience.as_secs()));
        }
    }
}

/// Variables, an empty entry, the environment; `None` if it was cut.
fn parse(output: &[u8]) -> Option<Sourced> {
    let output = output.strip_suffix(b"\0")?;
    let mut entries = output.split(|&byte| byte == 0);
    let mut sourced = Sourced::default();
    loop {
        let entry = entries.next()?;
        if entry.is_empty() {
            break;
        }
        let (name, value) = env::split(entry)?;
        let name = str::from_utf8(name).ok()?.to_owned();
        sourced.variables.insert(name, value.to_vec());
    }
    sourced.exported = entries.map(<[u8]>::to_vec).collect();
    Some(sourced)
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

    fn sourced(text: &str) -> Result<Sourced, String> {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("it's a file");
        write(&file, text, 0o644);
        source(&file, &["A", "B", "C"], Duration::from_secs(2))
            .map(|sourced| sourced.expect("the file exists"))
            .map_err(|failure| failure.message)
    }

    #[test]
    fn a_file_that_others_may_write_is_refused_for_good() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("settings");
        write(&file, "touch ran", 0o646);
        let failure = source(&file, &["A"], PATIENCE).expect_err("refused");
        let shown = file.display();
        let message = format!(
            "unable to source {shown}: other users may change {shown}: chown root, chmod go-w"
        );
        assert_eq!(failure.message, message);
        assert_eq!(failure.code, daemontools::PERMANENT);
    }

    fn variable(sourced: &Sourced, name: &str) -> Option<String> {
        let value = sourced.variables.get(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    #[test]
    fn the_shell_decides_what_a_variable_is() {
        let text = "wait_service() { [[ $1 ]] && sleep 9; }\n\
                    A=\"two words\"; export B=$(printf 'x\\ny')\nset -eu -- a b; [ -n \"\" ]";
        let sourced = sourced(text.replace("; [ -n \"\" ]", "").as_str()).expect("sourced");
        assert_eq!(variable(&sourced, "A").as_deref(), Some("two words"));
        assert_eq!(variable(&sourced, "B").as_deref(), Some("x\ny"));
        assert_eq!(variable(&sourced, "C"), None);
        assert!(sourced.exported.contains(&b"B=x\ny".to_vec()));
        assert!(
            !sourced
                .exported
                .iter()
                .any(|entry| entry.starts_with(b"A="))
        );
    }

    #[test]
    fn what_it_prints_and_a_false_test_at_its_end_do_no_harm() {
        let sourced = sourced("echo A=noise >&2\nA=1\n[ -e /nonexistent ] && B=2\n").expect("fine");
        assert_eq!(variable(&sourced, "A").as_deref(), Some("1"));
    }

    #[test]
    fn a_file_that_the_shell_refuses_is_said() {
        for bad in ["if true; then\n", "A=1\nexit 3\n", "exit 0\n"] {
            let why = sourced(bad).expect_err(bad);
            assert!(why.starts_with("unable to source "), "{why}");
        }
    }

    #[test]
    fn a_file_that_hangs_is_given_up_and_a_background_job_is_none() {
        let why = sourced("sleep 60\n").expect_err("too long");
        assert!(why.ends_with("it takes longer than 2 s"), "{why}");
        assert!(sourced("sleep 30 &\nA=1\n").is_ok());
    }

    #[test]
    fn no_file_is_no_mistake() {
        let none = source(Path::new("/nonexistent/file"), &["A"], PATIENCE);
        assert!(none.is_ok_and(|sourced| sourced.is_none()));
    }
}
