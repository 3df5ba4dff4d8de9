//! The gate asks supervise: service directories made by hand, as supervise would.

use std::ffi::CString;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::process::End;
use daemontools::unix::{fifo, file};

use crate::folder::{Folder, config, redis};

const ASKED: &str = "[service.redis]\nprobe = { kind = \"service\" }\n";

/// A supervise: it has `ok` open for reading.
pub(crate) struct Supervise<'a> {
    directory: &'a Path,
    _ok: OwnedFd,
}

impl<'a> Supervise<'a> {
    pub(crate) fn new(directory: &'a Path) -> Self {
        fs::create_dir_all(directory.join("supervise")).unwrap();
        let ok = directory.join("supervise/ok");
        let ok = CString::new(ok.as_os_str().as_bytes()).unwrap();
        fifo::make(&ok).unwrap();
        Self {
            directory,
            _ok: file::open_read(&ok).unwrap(),
        }
    }

    /// Writes the record of a process, or of none, and a detail file about it.
    fn write(&self, pid: u32, detail: Detail) {
        let status = Status {
            since: Tai64n::from_unix(1_700_000_000 + i64::from(pid), 1),
            pid,
            paused: false,
            want: Want::Up,
        };
        let detail = Detail {
            since: Some(status.since.label()),
            ..detail
        };
        fs::write(self.directory.join("supervise/status"), status.pack()).unwrap();
        fs::write(self.directory.join("supervise/detail"), detail.render()).unwrap();
    }

    pub(crate) fn set(&self, pid: u32, stage: Stage) {
        let stage = Some(stage);
        self.write(
            pid,
            Detail {
                stage,
                ..Detail::default()
            },
        );
    }
}

/// The line of `check`, without the time, and its exit code.
fn check(folder: &Folder, name: &str) -> (i32, String) {
    let (code, out, err) = folder.run(&["check", name]);
    let line = out.rsplit_once(", ").map_or(out.as_str(), |(line, _)| line);
    (code, line.to_owned() + &err)
}

#[test]
fn supervise_tells_the_state() {
    let folder = Folder::new(ASKED);
    let path = folder.path("30redis");
    let told = |words: &str| format!("redis: {words} ({}", path.display());
    let down = |words: &str| (2, told(&format!("down: {words}")));
    let missing = format!(
        "redis: down: no service directory: file does not exist ({}",
        folder.path("redis").display()
    );
    assert_eq!(check(&folder, "redis"), (2, missing));
    fs::create_dir(&path).unwrap();
    assert_eq!(check(&folder, "redis"), down("supervise not running"));
    let supervise = Supervise::new(&path);
    for (pid, stage, expected) in [
        (7, Stage::Starting, (1, told("starting: up, not ready"))),
        (7, Stage::Ready, (0, told("ready"))),
        (7, Stage::Up, (0, told("ready"))),
        (7, Stage::Stopping, down("up, stopping")),
        (0, Stage::Finishing, down("down, finish runs")),
        (0, Stage::Waiting, down("down, waiting for its start")),
        (0, Stage::Down, down("down")),
        (0, Stage::Finished, (0, told("ready"))),
        (0, Stage::Failed, down("failed; svc -u starts it")),
    ] {
        supervise.set(pid, stage);
        assert_eq!(check(&folder, "redis"), expected);
    }
    let failed = Detail {
        stage: Some(Stage::Failed),
        failures: 3,
        last_end: Some(End::Exited(1)),
        ..Detail::default()
    };
    supervise.write(0, failed);
    let words = "given up after 3 early ends in a row (exit code 1); svc -u starts it";
    assert_eq!(check(&folder, "redis"), down(words));
    // A service without a policy.
    supervise.write(0, Detail::default());
    assert_eq!(check(&folder, "redis"), down("down, want up"));
    supervise.write(7, Detail::default());
    assert_eq!(check(&folder, "redis"), (0, told("ready")));
}

#[test]
fn the_directory_of_a_service_can_be_named_and_may_be_a_loggers() {
    let text = "[service.x]\nprobe = { kind = \"service\", directory = \"app/log\" }\n";
    let folder = Folder::new(text);
    let path = folder.path("app/log");
    let supervise = Supervise::new(&path);
    supervise.set(7, Stage::Starting);
    assert_eq!(check(&folder, "x").0, 1);
    supervise.set(7, Stage::Ready);
    let line = format!("x: ready ({}", path.display());
    assert_eq!(check(&folder, "x"), (0, line));
}

#[test]
fn the_gate_opens_when_supervise_says_ready() {
    let folder = Folder::new(ASKED);
    let path = folder.path("redis");
    let supervise = Supervise::new(&path);
    supervise.set(7, Stage::Starting);
    let line = "99thin_2 waiting for redis\n";
    let (code, out, _) = folder.run(&["wait", "-a", "1", "redis"]);
    assert_eq!((code, out.as_str()), (126, line));
    let waiting = std::thread::scope(|scope| {
        let gate = scope.spawn(|| folder.run(&["wait", "-a", "0", "redis"]));
        supervise.set(7, Stage::Ready);
        gate.join().unwrap()
    });
    assert_eq!((waiting.0, waiting.2.as_str()), (0, ""));
}

/// The built-in redis, at the port of the stack of 2010, where nothing has to listen.
#[test]
fn a_built_in_service_is_asked_through_supervise_where_that_can_tell() {
    let folder = Folder::new("");
    let path = folder.path("30redis");
    let supervise = Supervise::new(&path);
    let asks_supervise = |folder: &Folder| {
        let (_, line) = check(folder, "redis");
        line.contains(&format!("({}", folder.path("").display()))
    };
    for (pid, stage, asks) in [
        (7, Stage::Starting, true),
        (7, Stage::Ready, true),
        (7, Stage::Up, false),
        (7, Stage::Stopping, false),
        (0, Stage::Waiting, false),
        (0, Stage::Failed, false),
        (0, Stage::Finished, false),
    ] {
        supervise.set(pid, stage);
        assert_eq!(asks_supervise(&folder), asks, "{stage:?}");
    }
    // A service without a policy.
    supervise.write(7, Detail::default());
    assert!(!asks_supervise(&folder));
    supervise.set(7, Stage::Ready);
    let other = folder.path("31redis");
    let second = Supervise::new(&other);
    second.set(8, Stage::Ready);
    assert!(!asks_supervise(&folder), "two directories have the name");
    drop(second);
    fs::remove_dir_all(&other).unwrap();
    assert!(asks_supervise(&folder));
    drop(supervise);
    assert!(!asks_supervise(&folder), "supervise has ended");
}

#[test]
fn a_probe_that_the_operator_wrote_is_obeyed_to_the_letter() {
    let (port, connections) = redis("+PONG\r\n");
    let folder = Folder::new(&config(port));
    let path = folder.path("30redis");
    let supervise = Supervise::new(&path);
    supervise.set(7, Stage::Starting);
    let line = format!("redis: ready (127.0.0.1:{port}");
    assert_eq!(check(&folder, "redis"), (0, line));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn fields_of_other_kinds_are_refused() {
    for (probe, message) in [
        (
            "kind = \"service\", address = \"localhost:1\"",
            "a service probe has no address: its fields are directory, successes and interval",
        ),
        (
            "kind = \"tcp\", address = \"localhost:1\", directory = \"x\"",
            "a tcp probe has no directory: its fields are address, successes and interval",
        ),
    ] {
        let folder = Folder::new(&format!("[service.x]\nprobe = {{ {probe} }}\n"));
        let (code, _, err) = folder.run(&["check", "x"]);
        let line = format!("services.toml:2: {message}\n");
        assert!(code == 100 && err.ends_with(&line), "{code} {err}");
    }
}
