//! A probe that is a program of the operator's: it is ready if it exits 0. It has a time
//! limit and a session of its own, and nothing of it stays behind.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::{Mask, Signal};
use daemontools::unix::{fd, pidfd, poll};
use daemontools::{Errno, errno};

use crate::probe::{Readiness, last_line};

/// The end of an output that is kept.
const KEPT: usize = 4096;

/// A program that tells the readiness.
pub(super) struct Program {
    pub(super) words: Vec<Vec<u8>>,
    pub(super) timeout: Duration,
}

/// How a run of the program ended, if it ended within its time.
type End = Option<ExitStatus>;

impl Program {
    /// Runs it once, within its own time limit and `limit`.
    pub(super) fn probe(&self, limit: Option<Duration>) -> Readiness {
        let timeout = limit.map_or(self.timeout, |limit| limit.min(self.timeout));
        let mut output = Vec::new();
        let (is_down, why) = match self.run(timeout, &mut output) {
            Ok(Some(status)) if status.success() => return Readiness::Ready,
            Ok(Some(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => (true, format!("exit code {code}")),
                (None, signal) => (true, format!("killed by signal {}", signal.unwrap_or(0))),
            },
            Ok(None) => {
                let seconds = timeout.as_secs_f32();
                (false, format!("no end within {seconds} s"))
            }
            Err(error) => {
                let error = errno::text(Errno::from_raw(error.raw_os_error().unwrap_or(0)));
                return Readiness::Down(format!("unable to run {}: {error}", self.name()));
            }
        };
        let why = match last_line(&output) {
            Some(line) => format!("{why}: {line}"),
            None => why,
        };
        if is_down {
            Readiness::Down(why)
        } else {
            Readiness::Starting(why)
        }
    }

    /// The words of the command, for messages.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(&self.words.join(&b' ')).into_owned()
    }

    /// Runs it, and keeps the end of its output.
    fn run(&self, timeout: Duration, output: &mut Vec<u8>) -> io::Result<End> {
        let (read, write) = fd::pipe()?;
        fd::set_nonblocking(&read, true)?;
        let mut words = self
            .words
            .iter()
            .map(|word| OsString::from_vec(word.clone()));
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(write.try_clone()?)
            .stdout(write);
        process::end_with_parent(process::lead_session(&mut command));
        let mut child = command.spawn()?;
        // Else the pipe would never end.
        drop(command);
        let ended = wait(&child, File::from(read), timeout, output);
        // Before the child is waited for: until then the number of its group is its own.
        let group = i32::try_from(child.id()).map(Pid::from_raw);
        let _ = group.map(|group| process::kill_group(group, Signal::SIGKILL));
        let status = child.wait()?;
        Ok(ended?.then_some(status))
    }
}

/// Reads the output until the program ends; false if it does not within the time. The end
/// of the output is not waited for: a process in the background may keep it open.
fn wait(
    child: &Child,
    mut pipe: File,
    timeout: Duration,
    output: &mut Vec<u8>,
) -> io::Result<bool> {
    let deadline = Monotonic::now() + timeout;
    let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
    let process = pidfd::open(Pid::from_raw(pid))?;
    let mask = Mask::block(&[]);
    let mut is_open = true;
    loop {
        let readable = is_open.then(|| pipe.as_fd());
        let [_, has_ended] =
            poll::readable([readable, Some(process.as_fd())], Some(deadline), &mask)?;
        is_open = is_open && read_some(&mut pipe, output)?;
        if has_ended || Monotonic::now() >= deadline {
            return Ok(has_ended);
        }
    }
}

/// Reads what there is, up to a limit, so that a flood does not keep the reader; false at
/// the end of the output.
fn read_some(pipe: &mut File, output: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; KEPT];
    for _ in 0..64 {
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => output.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
        let excess = output.len().saturating_sub(KEPT);
        output.drain(..excess);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(script: &str, timeout: Duration) -> Program {
        let words = ["/bin/sh", "-c", script];
        Program {
            words: words.map(|word| word.as_bytes().to_vec()).to_vec(),
            timeout,
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_code_and_the_last_line_are_told() {
        let probe = |script: &str| program(script, LONG).probe(None);
        assert_eq!(probe("echo fine"), Readiness::Ready);
        let down = |why: &str| Readiness::Down(why.to_owned());
        let script = "echo first; echo 'not yet' >&2; echo; exit 3";
        assert_eq!(probe(script), down("exit code 3: \"not yet\""));
        assert_eq!(probe("exit 1"), down("exit code 1"));
        assert_eq!(probe("kill -9 $$"), down("killed by signal 9"));
    }

    #[test]
    fn a_program_that_is_not_there_is_down() {
        let program = Program {
            words: vec![b"/nonexistent/check".to_vec(), b"a".to_vec()],
            timeout: LONG,
        };
        let why = "unable to run /nonexistent/check a: file does not exist".to_owned();
        assert_eq!(program.probe(None), Readiness::Down(why));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("pid");
        let script = format!("sleep 1000 & echo $! >{}; wait", file.display());
        let outcome = program(&script, Duration::from_millis(500)).probe(None);
        assert_eq!(
            outcome,
            Readiness::Starting("no end within 0.5 s".to_owned())
        );
        let pid = std::fs::read_to_string(file).expect("it has begun");
        let stat = format!("/proc/{}/stat", pid.trim());
        while std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z ")) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_child_in_the_background_is_not_waited_for_and_does_not_stay() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("pid");
        let script = format!("sleep 1000 & echo $! >{}", file.display());
        assert_eq!(program(&script, LONG).probe(None), Readiness::Ready);
        let pid = std::fs::read_to_string(file).expect("it has begun");
        let stat = format!("/proc/{}/stat", pid.trim());
        while std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z ")) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_flood_of_output_is_not_kept() {
        let mut output = Vec::new();
        let flood = program("yes; true", Duration::from_millis(300));
        assert!(matches!(flood.run(flood.timeout, &mut output), Ok(None)));
        assert!(output.len() <= KEPT);
        let much = program("head -c 1000000 /dev/zero | tr '\\0' 'x'; exit 2", LONG);
        assert!(
            matches!(much.probe(None), Readiness::Down(why) if why.starts_with("exit code 2: "))
        );
    }
}
