//! A step of the wall clock neither delays nor hurries a restart. The reference sleeps
//! through a step back. libfaketime steps the clock of one process. It cannot do that to a
//! static program, so this test runs a program of its own, not one of build/bin.
//!
//! `SUPERVISE=/path/to/the/reference's cargo test -p supervise --test clock` shows
//! that the reference fails it.

#![allow(clippy::expect_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A service directory, and its supervise, whose clock the test sets.
struct Stage {
    dir: tempfile::TempDir,
    supervise: Child,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::write(self.dir.path().join("x/supervise/control"), "dx");
        let _ = self.supervise.kill();
        let _ = self.supervise.wait();
    }
}

fn library() -> Option<PathBuf> {
    let found = fs::read_dir("/usr/lib")
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let mut places = found.chain([PathBuf::from("/usr/lib")]);
    places.find_map(|place| {
        let path = place.join("faketime/libfaketime.so.1");
        path.exists().then_some(path)
    })
}

impl Stage {
    fn new() -> Option<Self> {
        let Some(library) = library() else {
            eprintln!("LEFT OUT: there is no libfaketime; run tests/install-packages");
            return None;
        };
        let dir = tempfile::tempdir().expect("a directory");
        let service = dir.path().join("x");
        fs::create_dir(&service).expect("a service directory");
        let run = service.join("run");
        let script = "#!/bin/sh\nunset LD_PRELOAD\ncut -d' ' -f1 /proc/uptime >>starts\nexit 0\n";
        fs::write(&run, script).expect("a script");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).expect("its mode");
        let clock = dir.path().join("clock");
        fs::write(&clock, "+0\n").expect("a clock");
        let program =
            std::env::var_os("SUPERVISE").unwrap_or_else(|| env!("CARGO_BIN_EXE_supervise").into());
        let supervise = Command::new(program)
            .arg("x")
            .current_dir(dir.path())
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .stdin(Stdio::null())
            .spawn()
            .expect("supervise");
        Some(Self { dir, supervise })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Start times of the service, in seconds since boot.
    fn starts(&self) -> Vec<f64> {
        let text = fs::read_to_string(self.path("x/starts")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    fn until_started(&self, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.starts().len() < times {
            assert!(Instant::now() < deadline, "started {:?}", self.starts());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn step(&self, offset: &str) {
        replace(&self.path("clock"), offset);
    }
}

/// Replaces a file, so that a reader of the clock never sees half a line.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a new clock");
    fs::rename(new, path).expect("its name");
}

/// Such a clock is one of 64 bits also where `time_t` has 32.
#[test]
fn a_record_of_2100_has_a_stamp_of_2100() {
    // 2^62 + 10 + the Unix time of that year's beginning.
    const BEGIN: u64 = (1 << 62) + 10 + 4_102_444_800;
    const YEAR: u64 = 365 * 86_400;
    let Some(stage) = Stage::new() else { return };
    stage.step("@2100-06-01 00:00:00\n");
    // The first start may have been before the step.
    stage.until_started(3);
    let record = fs::read(stage.path("x/supervise/status")).expect("the record");
    let stamp = u64::from_be_bytes(record[..8].try_into().expect("8 bytes"));
    assert!((BEGIN..BEGIN + YEAR).contains(&stamp), "{stamp}");
}

#[test]
fn a_step_back_delays_no_restart() {
    let Some(stage) = Stage::new() else { return };
    stage.until_started(1);
    stage.step("-3600\n");
    stage.until_started(4);
}

#[test]
fn a_step_forward_hurries_no_restart() {
    let Some(stage) = Stage::new() else { return };
    stage.until_started(1);
    for hours in 1..4 {
        stage.step(&format!("+{}\n", hours * 3600));
        stage.until_started(hours + 1);
    }
    for pair in stage.starts().windows(2) {
        assert!(pair[1] - pair[0] > 0.9, "{:?}", stage.starts());
    }
}
