//! `svc --wait`, against records that the test writes as supervise would.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use nix::libc::O_NONBLOCK;
use nix::sys::stat::Mode;
use tempfile::TempDir;

/// Stands in for supervise: the reading ends and the record.
struct Supervise {
    place: TempDir,
    control: File,
    ok: File,
}

impl Supervise {
    fn new(status: &Status) -> Self {
        let place = TempDir::new().expect("a temporary directory");
        let directory = place.path().join("s/supervise");
        fs::create_dir_all(&directory).expect("supervise/");
        let reader = |name| {
            let path = directory.join(name);
            nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)).expect("mkfifo");
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(O_NONBLOCK);
            options.open(path).expect("the reading end")
        };
        let (control, ok) = (reader("control"), reader("ok"));
        let this = Self { place, control, ok };
        this.write(status);
        this
    }

    fn write(&self, status: &Status) {
        let path = |name| self.place.path().join("s/supervise").join(name);
        fs::write(path("status.new"), status.pack()).expect("the record");
        fs::rename(path("status.new"), path("status")).expect("the record");
    }

    /// Runs `svc` on it; once the commands have come, does `then`.
    fn svc(mut self, args: &[&str], then: impl FnOnce(Self)) -> (i32, String) {
        let svc = Command::new(env!("CARGO_BIN_EXE_svc"))
            .args(args)
            .arg("s")
            .current_dir(self.place.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("svc runs");
        let end = Instant::now() + Duration::from_secs(20);
        let mut buffer = [0; 16];
        // No writer yet is a read of 0, an empty FIFO a failed one.
        while !matches!(self.control.read(&mut buffer), Ok(count) if count > 0) {
            assert!(Instant::now() < end, "no command came");
            std::thread::sleep(Duration::from_millis(2));
        }
        then(self);
        let output = svc.wait_with_output().expect("svc ends");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().expect("no signal"), text)
    }
}

fn status(since: i64, pid: u32, want: Want) -> Status {
    Status {
        since: Tai64n::from_unix(since, 0),
        pid,
        paused: false,
        want,
    }
}

#[test]
fn waits_for_a_restart_until_another_process_runs() {
    let supervise = Supervise::new(&status(1, 7, Want::Up));
    let mut place = None;
    let told = supervise.svc(&["-du", "--wait", "--timeout=20"], |supervise| {
        supervise.write(&status(2, 0, Want::Up));
        supervise.write(&status(3, 8, Want::Up));
        place = Some(supervise);
    });
    assert_eq!(told, (0, String::new()));
}

#[test]
fn warns_about_what_is_not_done_at_the_timeout() {
    let supervise = Supervise::new(&status(1, 7, Want::Up));
    let mut place = None;
    let told = supervise.svc(&["-d", "--wait", "--timeout=0.1"], |supervise| {
        place = Some(supervise);
    });
    let text = "svc: warning: s is not down: timed out\n";
    assert_eq!(told, (111, text.to_owned()));
}

#[test]
fn waits_for_the_exit_of_supervise() {
    let supervise = Supervise::new(&status(1, 0, Want::Down));
    let mut place = None;
    let told = supervise.svc(&["-dx", "--wait", "--timeout=20"], |supervise| {
        drop(supervise.ok);
        place = Some(supervise.place);
    });
    assert_eq!(told, (0, String::new()));
}

#[test]
fn gives_up_when_supervise_exits_unasked() {
    let supervise = Supervise::new(&status(1, 0, Want::Down));
    let mut place = None;
    let told = supervise.svc(&["-u", "--wait"], |supervise| {
        drop(supervise.ok);
        place = Some(supervise.place);
    });
    let text = "svc: warning: unable to wait for s: supervise not running\n";
    assert_eq!(told, (100, text.to_owned()));
}
