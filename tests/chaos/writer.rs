//! The service: it prints numbered lines without end, notes their number in its working
//! directory, and reports if it is a second copy.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use nix::fcntl::{Flock, FlockArg};

/// The directory in which each process notes the number of its lines.
pub(crate) const NOTES: &str = "notes";
/// The file that a second copy makes.
pub(crate) const COPIES: &str = "copies";

pub(crate) fn run() -> ExitCode {
    let only = OpenOptions::new().create(true).append(true).open("only");
    let only = Flock::lock(only.expect("a file"), FlockArg::LockExclusiveNonblock);
    if only.is_err() {
        let copies = OpenOptions::new().create(true).append(true).open(COPIES);
        writeln!(copies.expect("a file"), "{}", std::process::id()).expect("room");
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let name = format!(
        "{}-{}",
        now.expect("a clock").as_nanos(),
        std::process::id()
    );
    fs::create_dir_all(NOTES).expect("a directory");
    let note = File::create(format!("{NOTES}/{name}")).expect("a file");
    let mut out = std::io::stdout();
    for number in 1_u64.. {
        let line = format!("{name} {number}\n");
        // One write: Rust's standard output flushes at a newline.
        if out.write_all(line.as_bytes()).is_err() || out.flush().is_err() {
            break;
        }
        note.write_all_at(&number.to_be_bytes(), 0).expect("room");
        std::thread::sleep(Duration::from_millis(2));
    }
    ExitCode::FAILURE
}
