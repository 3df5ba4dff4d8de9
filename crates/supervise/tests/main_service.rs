//! `supervise --main DIR` exits when the service has ended for good, with its exit code.

#![allow(clippy::expect_used)]

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::waitpid;

const PATIENCE: Duration = Duration::from_secs(30);

struct Service {
    dir: tempfile::TempDir,
}

impl Drop for Service {
    /// A test that fails leaves no process.
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = process::kill(pid, Signal::SIGKILL);
        }
    }
}

impl Service {
    fn new(script: &str, policy: Option<&str>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let this = Self { dir };
        fs::create_dir(this.path("")).expect("a service directory");
        fs::write(this.path("run"), format!("#!/bin/sh\n{script}\n")).expect("a script");
        fs::set_permissions(this.path("run"), Permissions::from_mode(0o755)).expect("its mode");
        if let Some(policy) = policy {
            fs::write(this.path("supervise.toml"), policy).expect("a policy");
        }
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("web").join(name)
    }

    fn supervise(&self, words: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_supervise"));
        command.args(words).current_dir(self.dir.path());
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command.spawn().expect("supervise")
    }

    fn main(&self) -> Child {
        self.supervise(&["--main", "web"])
    }

    fn pid(&self) -> Option<Pid> {
        let record = fs::read(self.path("supervise/status")).ok()?;
        let record: [u8; STATUS_LEN] = record.try_into().ok()?;
        let pid = i32::try_from(Status::unpack(&record).pid).ok()?;
        (pid != 0).then(|| Pid::from_raw(pid))
    }

    fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The service, once its own program runs and has made the file `up`.
    fn up(&self) -> Pid {
        self.until("up", || self.path("up").exists().then_some(()));
        self.until("in the record", || self.pid())
    }

    fn is_supervised(&self) -> bool {
        let path = self.path("supervise/ok").into_os_string();
        let path = CString::new(path.into_vec()).expect("no NUL");
        ok::is_supervised(&path, Accept::Fifo).unwrap_or(false)
    }

    fn tell(&self, bytes: &str) {
        fs::write(self.path("supervise/control"), bytes).expect("a supervise that reads");
    }

    fn starts(&self) -> usize {
        fs::read_to_string(self.path("starts")).map_or(0, |text| text.lines().count())
    }
}

/// How supervise exits.
fn exit(supervise: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = supervise.try_wait().expect("a child") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = supervise.kill();
            panic!("it does not exit");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ends a service whose supervise was killed, and waits for it, as process 1 does. This
/// process has become its parent.
fn end(pid: Pid, signal: Signal) {
    process::kill(pid, signal).expect("it runs");
    waitpid(pid, None).expect("its end");
}

const SLEEP: &str = "echo >>starts; : >up; exec sleep 1000";

#[test]
fn without_a_file_it_exits_with_the_code_of_the_first_end() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 3", 3),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
    ] {
        let service = Service::new(&format!("echo >>starts\n{script}"), None);
        assert_eq!(exit(&mut service.main()).code(), Some(code), "{script}");
        assert_eq!(service.starts(), 1, "{script}");
    }
}

#[test]
fn it_exits_after_give_up_with_the_code_of_the_last_end() {
    let service = Service::new("echo >>starts\nexit 7", Some("give-up = 2\n"));
    assert_eq!(exit(&mut service.main()).code(), Some(7));
    assert_eq!(service.starts(), 2);
}

#[test]
fn a_service_that_is_to_be_started_again_is() {
    let script = "echo >>starts\n[ $(wc -l <starts) = 2 ] && exit 0\nexit 1";
    let service = Service::new(script, Some("restart = \"on-failure\"\n"));
    assert_eq!(exit(&mut service.main()).code(), Some(0));
    assert_eq!(service.starts(), 2);
}

#[test]
fn it_exits_after_a_stop_with_the_code_of_the_service() {
    for (bytes, script, code) in [
        ("d", SLEEP, 143),
        ("dx", SLEEP, 143),
        ("t", SLEEP, 143),
        ("k", SLEEP, 137),
        (
            "d",
            "trap 'exit 5' TERM; : >up; while :; do sleep 0.02; done",
            5,
        ),
    ] {
        let service = Service::new(script, None);
        let mut supervise = service.main();
        service.up();
        service.tell(bytes);
        assert_eq!(exit(&mut supervise).code(), Some(code), "{bytes}");
    }
}

#[test]
fn a_service_that_is_normally_down_is_waited_for() {
    let service = Service::new("echo >>starts\nexit 3", None);
    fs::write(service.path("down"), "").expect("a down file");
    let mut supervise = service.main();
    service.until("in charge", || service.is_supervised().then_some(()));
    service.tell("u");
    assert_eq!(exit(&mut supervise).code(), Some(3));
}

/// Linux 6.15 and later tell how a process ended to those that are not its parent.
fn kernel_tells() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    let mut numbers = release
        .split(['.', '-'])
        .map(|part| part.trim().parse::<u32>());
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    (next(), next()) >= (6, 15)
}

#[test]
fn after_a_kill_of_supervise_the_adopted_end_gives_the_same_code() {
    for (signal, script, code) in [
        (Signal::SIGKILL, SLEEP, 137),
        (
            Signal::SIGTERM,
            "echo >>starts; trap 'exit 5' TERM; : >up; while :; do sleep 0.02; done",
            5,
        ),
    ] {
        let service = Service::new(script, None);
        set_child_subreaper(true).expect("a subreaper");
        let mut first = service.main();
        let pid = service.up();
        first.kill().expect("a child");
        first.wait().expect("its end");
        let mut second = service.main();
        service.until("in charge", || service.is_supervised().then_some(()));
        assert_eq!(service.pid(), Some(pid), "adopted");
        end(pid, signal);
        let status = exit(&mut second);
        let wanted = if kernel_tells() { code } else { 111 };
        assert_eq!(status.code(), Some(wanted));
        assert_eq!(service.starts(), 1);
    }
}

#[test]
fn an_end_that_nobody_saw_is_the_last_and_exits_111() {
    let service = Service::new(SLEEP, None);
    set_child_subreaper(true).expect("a subreaper");
    let mut first = service.main();
    let pid = service.up();
    first.kill().expect("a child");
    first.wait().expect("its end");
    end(pid, Signal::SIGKILL);
    let second = service.main().wait_with_output().expect("its end");
    assert_eq!(second.status.code(), Some(111));
    let text = String::from_utf8_lossy(&second.stderr);
    assert_eq!(
        text,
        "supervise: warning: web has ended, and nobody knows how: exiting 111\n"
    );
    assert_eq!(service.starts(), 1);
}

#[test]
fn the_code_of_an_earlier_life_is_not_that_of_this_one() {
    let service = Service::new("exit 3", None);
    assert_eq!(exit(&mut service.main()).code(), Some(3));
    fs::write(service.path("down"), "").expect("a down file");
    let mut supervise = service.main();
    service.until("in charge", || service.is_supervised().then_some(()));
    service.tell("x");
    assert_eq!(exit(&mut supervise).code(), Some(0));
}

#[test]
fn usage_and_a_directory_that_is_called_so_are_as_before() {
    let service = Service::new("exit 0", None);
    for words in [
        &["a", "b"][..],
        &["--main", "a", "b"],
        &["web", "--main"],
        &[],
    ] {
        let output = service
            .supervise(words)
            .wait_with_output()
            .expect("its end");
        assert_eq!(output.status.code(), Some(100), "{words:?}");
        assert_eq!(output.stderr, b"supervise: usage: supervise dir\n");
    }
    let output = service
        .supervise(&["--main"])
        .wait_with_output()
        .expect("its end");
    assert_eq!(output.status.code(), Some(111));
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        text,
        "supervise: fatal: unable to chdir to --main: file does not exist\n"
    );
}
