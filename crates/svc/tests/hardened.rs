//! What `svc` must not be led into, whatever it finds in a service directory.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::libc::O_NONBLOCK;
use nix::sys::stat::Mode;
use tempfile::TempDir;

/// A directory to start in, with services below.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A service whose control FIFO has a reader: us.
    fn service(&self, name: &str) -> File {
        fs::create_dir_all(self.path(name).join("supervise")).expect("supervise/");
        self.fifo(&format!("{name}/supervise/ok"));
        self.fifo(&format!("{name}/supervise/control"))
    }

    /// A FIFO and its reader.
    fn fifo(&self, name: &str) -> File {
        let path = self.path(name);
        nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)).expect("mkfifo");
        options().read(true).open(path).expect("the reading end")
    }

    fn svc(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_svc"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("svc runs")
    }

    fn run(&self, args: &[&str]) -> (i32, String) {
        told(&self.svc(args).wait_with_output().expect("svc ends"))
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(O_NONBLOCK);
    options
}

fn told(output: &Output) -> (i32, String) {
    assert_eq!(output.stdout, b"");
    let code = output.status.code().expect("no signal ends svc");
    (code, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What is in a FIFO now.
fn drain(reader: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    match reader.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
        _ => bytes,
    }
}

/// Fills a FIFO to the brim.
fn fill(path: &Path) -> File {
    let mut writer = options().write(true).open(path).expect("the writing end");
    for size in [4096, 1] {
        while writer.write(&vec![b'c'; size]).is_ok() {}
    }
    writer
}

/// Waits until `svc` sleeps with `control` open: until it waits for room.
fn until_asleep(svc: &Child, control: &Path) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let stat = fs::read_to_string(format!("/proc/{}/stat", svc.id())).unwrap_or_default();
        let asleep = stat.split(") ").nth(1).is_some_and(|s| s.starts_with('S'));
        if asleep && (0..10).any(|number| descriptor(svc, number).as_deref() == Some(control)) {
            return;
        }
        assert!(Instant::now() < end, "svc does not wait: {stat}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a process has open as a number.
fn descriptor(process: &Child, number: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{}/fd/{number}", process.id())).ok()
}

#[test]
fn does_not_write_a_regular_file_called_control() {
    let place = Place::new();
    drop(place.service("s"));
    let control = place.path("s/supervise/control");
    fs::remove_file(&control).expect("unlink");
    fs::write(&control, "precious").expect("a file");
    let (code, text) = place.run(&["-du", "s"]);
    assert_eq!(code, 0);
    assert_eq!(
        text,
        "svc: warning: unable to control s: supervise/control is not a FIFO\n"
    );
    assert_eq!(fs::read(&control).expect("it is there"), b"precious");
}

#[test]
fn does_not_follow_a_link_called_control() {
    let place = Place::new();
    drop(place.service("s"));
    let mut other = place.fifo("other");
    let control = place.path("s/supervise/control");
    fs::remove_file(&control).expect("unlink");
    symlink(place.path("other"), &control).expect("a link");
    let (code, text) = place.run(&["--strict", "-d", "s"]);
    assert_eq!(code, 100);
    assert!(text.contains("is not a FIFO"), "{text}");
    assert_eq!(drain(&mut other), b"");
}

#[test]
fn a_full_fifo_without_room_holds_up_no_other_service() {
    let place = Place::new();
    let _deaf = place.service("deaf");
    let mut next = place.service("next");
    let _writer = fill(&place.path("deaf/supervise/control"));
    let (code, text) = place.run(&["--strict", "-du", "deaf", "next"]);
    assert_eq!(code, 111);
    assert_eq!(
        text,
        "svc: warning: error writing commands to deaf: timed out\n"
    );
    assert_eq!(drain(&mut next), b"du");
}

#[test]
fn a_full_fifo_that_gets_room_takes_all_letters_in_one_write() {
    let place = Place::new();
    let mut slow = place.service("slow");
    let control = place.path("slow/supervise/control");
    let writer = fill(&control);
    let svc = place.svc(&["-udopc", "slow"]);
    until_asleep(&svc, &control);
    // svc may write as soon as there is room, between two reads.
    let mut all = drain(&mut slow);
    let output = svc.wait_with_output().expect("svc ends");
    assert_eq!(told(&output), (0, String::new()));
    drop(writer);
    all.extend(drain(&mut slow));
    let filler = all.strip_suffix(b"udopc").expect("all letters, at the end");
    assert!(filler.iter().all(|&byte| byte == b'c'), "in one piece");
}

#[test]
fn a_reader_that_closes_the_fifo_is_a_warning() {
    let place = Place::new();
    let gone = place.service("gone");
    let control = place.path("gone/supervise/control");
    let _writer = fill(&control);
    let svc = place.svc(&["-u", "gone"]);
    until_asleep(&svc, &control);
    drop(gone);
    let output = svc.wait_with_output().expect("svc ends");
    let text = "svc: warning: error writing commands to gone: broken pipe\n";
    assert_eq!(told(&output), (0, text.to_owned()));
}

#[test]
fn strict_exit_codes_tell_permanent_from_temporary_failures() {
    let place = Place::new();
    let mut there = place.service("there");
    drop(place.service("unwatched"));
    assert_eq!(place.run(&["--strict", "-u", "there"]).0, 0);
    assert_eq!(place.run(&["--strict", "-u", "gone", "there"]).0, 100);
    let (code, text) = place.run(&["--strict", "-u", "unwatched"]);
    assert_eq!(code, 100);
    let expected = "svc: warning: unable to control unwatched: supervise not running\n";
    assert_eq!(text, expected);
    assert_eq!(drain(&mut there), b"uu");
}

#[test]
fn a_message_on_closed_standard_error_does_not_go_into_control() {
    let place = Place::new();
    let deaf = place.service("deaf");
    let control = place.path("deaf/supervise/control");
    let writer = fill(&control);
    let script = format!(
        "exec '{}' -u deaf </dev/null >&- 2>&-",
        env!("CARGO_BIN_EXE_svc")
    );
    let svc = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path("."))
        .spawn()
        .expect("svc runs");
    until_asleep(&svc, &control);
    assert_eq!(descriptor(&svc, 2), Some("/dev/null".into()));
    drop((deaf, writer));
    let output = svc.wait_with_output().expect("svc ends");
    assert_eq!(output.status.code(), Some(0));
}
