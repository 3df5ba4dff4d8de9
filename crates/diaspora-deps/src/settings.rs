//! `/etc/default/diaspora` is a shell file, and operators may have put anything into
//! it. So a shell sources it and hands over its variables, through a pipe of its own:
//! what the file prints goes where it always went.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::exec::{self, Strings};
use daemontools::unix::process::{self, End, Fork, Pid};
use daemontools::unix::signal::{Mask, Signal};
use daemontools::unix::{env, fd, pidfd, poll};
use daemontools::{Errno, errno};

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
/// Where the shell writes what we want to know.
const CHANNEL: i32 = 3;
/// bash takes what sh takes, and the files of old were written where sh was bash.
const SHELLS: [&core::ffi::CStr; 3] = [c"/bin/bash", c"/usr/bin/bash", c"/bin/sh"];

/// Sources `file` and asks for the variables `names`; `None` if there is no such
/// file.
///
/// # Errors
/// A message: the file can't be read, the shell does not like it, or it takes longer
/// than `patience`.
pub fn source(file: &Path, names: &[&str], patience: Duration) -> Result<Option<Sourced>, String> {
    let trouble = |why: &str| format!("unable to source {}: {why}", file.display());
    let system = |error: Errno| trouble(errno::text(error));
    match std::fs::File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(Errno::from_raw(error.raw_os_error().unwrap_or(0)))),
        Ok(_) => {}
    }
    let absolute = std::path::absolute(file).map_err(|_| trouble("no working directory"))?;
    let script = CString::new(script(absolute.as_os_str().as_bytes(), names))
        .map_err(|_| system(Errno::EINVAL))?;
    let (read, write) = fd::pipe().map_err(system)?;
    let pid = match process::fork().map_err(system)? {
        Fork::Parent(pid) => pid,
        Fork::Child => become_shell(write.as_fd(), &script),
    };
    drop(write);
    let output = collect(read.as_fd(), pid, patience);
    if output.is_err() {
        let _ = process::kill(pid, Signal::SIGKILL);
    }
    let end = process::wait_for(pid).map_err(system)?;
    match (output, end) {
        (Err(why), _) => Err(trouble(&why)),
        (Ok(output), End::Exited(0)) => parse(&output)
            .map(Some)
            .ok_or_else(|| trouble("it ends the shell: take its \"exit\" out")),
        (Ok(_), End::Exited(code)) => Err(trouble(&format!("the shell exited {code}"))),
        (Ok(_), End::Killed(signal)) => {
            Err(trouble(&format!("the shell was killed by signal {signal}")))
        }
    }
}

/// In the child: becomes the shell, which ends with us.
fn become_shell(channel: BorrowedFd<'_>, script: &core::ffi::CStr) -> ! {
    let _ = process::die_with_parent();
    if fd::become_standard(channel, CHANNEL).is_ok() {
        for shell in SHELLS {
            let argv: Strings = [shell, c"-c", script, c"diaspora-deps"]
                .into_iter()
                .collect();
            let _ = exec::execve(shell, &argv, &env::strings());
        }
    }
    process::exit_now(127)
}

/// What the shell runs. The file may leave options, functions and parameters behind:
/// nothing after it depends on them.
fn script(file: &[u8], names: &[&str]) -> Vec<u8> {
    let quoted = quote(file);
    let mut script = Vec::new();
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
fn collect(pipe: BorrowedFd<'_>, pid: Pid, patience: Duration) -> Result<Vec<u8>, String> {
    let system = |error: Errno| errno::text(error).to_owned();
    let deadline = Monotonic::now() + patience;
    let mask = Mask::block(&[]);
    let process = pidfd::open(pid).ok();
    let process = process.as_ref().map_or(pipe, AsFd::as_fd);
    fd::set_nonblocking(pipe, true).map_err(system)?;
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let [_, ended] = poll::readable([pipe, process], Some(deadline), &mask).map_err(system)?;
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
        if ended && process.as_raw() != pipe.as_raw() {
            return Ok(output);
        }
        if Monotonic::now() >= deadline {
            return Err(format!("it takes longer than {} s", patience.as_secs()));
        }
    }
}

/// For comparing descriptors.
trait Raw {
    fn as_raw(&self) -> i32;
}

impl Raw for BorrowedFd<'_> {
    fn as_raw(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(self)
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
    use super::*;

    fn sourced(text: &str) -> Result<Sourced, String> {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("it's a file");
        std::fs::write(&file, text).expect("write");
        source(&file, &["A", "B", "C"], Duration::from_secs(2))
            .map(|sourced| sourced.expect("the file exists"))
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
