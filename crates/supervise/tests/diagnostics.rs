//! `DAEMONTOOLS_LOG=debug` shows what supervise decides, and never stops it.

#![allow(clippy::expect_used)]

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use daemontools::servicedir::control;
use daemontools::servicedir::status::{STATUS_LEN, Status, Want};
use daemontools::unix::fd;

const PATIENCE: Duration = Duration::from_secs(20);

/// A service directory and its supervise.
struct Service {
    dir: tempfile::TempDir,
    supervise: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.write("dx");
        let _ = self.supervise.kill();
        let _ = self.supervise.wait();
    }
}

impl Service {
    fn new(filter: Option<&str>, stderr: PipeWriter) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let service = dir.path().join("web");
        fs::create_dir(&service).expect("a service directory");
        let run = service.join("run");
        fs::write(&run, "#!/bin/sh\nexec sleep 1000\n").expect("a script");
        fs::set_permissions(&run, Permissions::from_mode(0o755)).expect("its mode");
        let mut command = Command::new(env!("CARGO_BIN_EXE_supervise"));
        command.arg("web").current_dir(dir.path()).stderr(stderr);
        command.stdin(Stdio::null()).env_remove("DAEMONTOOLS_LOG");
        command.envs(filter.map(|filter| ("DAEMONTOOLS_LOG", filter)));
        let supervise = command.spawn().expect("supervise");
        Self { dir, supervise }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("web").join(name)
    }

    fn status(&self) -> Option<Status> {
        let record = fs::read(self.path("supervise/status")).ok()?;
        let record: [u8; STATUS_LEN] = record.try_into().ok()?;
        Some(Status::unpack(&record))
    }

    fn until(&self, what: &str, holds: impl Fn(Status) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !self.status().is_some_and(&holds) {
            assert!(Instant::now() < deadline, "{what}: {:?}", self.status());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Tells it to exit, and waits until it has.
    fn exit(&mut self) {
        self.command("dx");
        self.supervise.wait().expect("its end");
    }

    fn command(&self, bytes: &str) {
        self.write(bytes).expect("a supervise that reads commands");
    }

    /// Writes commands, without waiting for a reader.
    fn write(&self, bytes: &str) -> daemontools::Result<()> {
        let path = self.path("supervise/control").into_os_string();
        let path = CString::new(path.into_vec()).expect("no NUL");
        control::write(control::open(&path)?, bytes.as_bytes())
    }
}

/// What was written to a pipe, once no writer is left.
fn text(mut reader: PipeReader) -> String {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).expect("its end");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn each_event_is_a_line_with_its_actions_and_the_state() {
    let (reader, writer) = pipe().expect("a pipe");
    let mut service = Service::new(Some("debug"), writer);
    service.until("up", |status| status.pid != 0);
    let pid = service.status().map_or(0, |status| status.pid);
    service.exit();
    let text = text(reader);
    for line in [
        "web: earlier record, process 0: StartAnew, because there is no record; waiting, want Up",
        "web: time: start; waiting, want Up",
        &format!("web: started process {pid}: record; up, pid {pid}, want Up"),
        "web: status written",
        "web: detail written",
        &format!("web: command d: SIGTERM, SIGCONT, record; up, pid {pid}, want Down"),
        "web: process ended, signal 15: record, exit; down, want Down, exits when down",
    ] {
        assert!(
            text.lines()
                .any(|shown| shown == format!("[DEBUG supervise] {line}")),
            "{line}\nnot in\n{text}"
        );
    }
}

#[test]
fn without_the_variable_nothing_is_written() {
    let (reader, writer) = pipe().expect("a pipe");
    let mut service = Service::new(None, writer);
    service.until("up", |status| status.pid != 0);
    service.exit();
    assert_eq!(text(reader), "");
}

#[test]
fn commands_are_obeyed_while_nobody_reads_diagnostics() {
    let (mut reader, mut writer) = pipe().expect("a pipe");
    let mut filled = 0;
    while fd::writable_now(&writer) {
        writer.write_all(&[b'\n'; 4096]).expect("room");
        filled += 4096;
    }
    let mut service = Service::new(Some("debug"), writer);
    service.until("up", |status| status.pid != 0);
    service.command("d");
    service.until("down", |status| {
        status.pid == 0 && status.want == Want::Down
    });
    // With a reader the number of lost lines is told.
    reader
        .read_exact(&mut vec![0; filled])
        .expect("the filling");
    service.exit();
    let text = text(reader);
    assert!(text.contains(" diagnostics lost]\n"), "{text}");
    assert!(text.contains("web: command x: record, exit"), "{text}");
}
