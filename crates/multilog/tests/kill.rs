//! Exactly once: a writer at full speed, one pipe, and a multilog that is killed
//! again and again. Every line is in the log once, in order.
//!
//! `MULTILOG_SOAK_MINUTES=60 cargo test --release -p multilog --test kill --
//! --nocapture` does it for an hour, and prints what it saw.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

mod common;

use std::fs;
use std::io::{PipeReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{contents, finished, start};

/// A small generator of pseudorandom numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The size of the writer's writes.
#[derive(Clone, Copy)]
enum Pace {
    Lines,
    Blocks,
    Pieces,
}

/// Writes numbered lines until it is told to stop; gives how many.
fn write_lines(mut pipe: impl Write, stop: &AtomicBool, pace: Pace) -> u64 {
    let mut random = Random(0x5eed);
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut block = Vec::new();
        let count = if matches!(pace, Pace::Lines) { 1 } else { 100 };
        for _ in 0..count {
            let len = [0, 3, 20, 100, 300, 1500][usize::try_from(random.below(6)).unwrap()];
            writeln!(block, "{number} {}", "x".repeat(len)).unwrap();
            number += 1;
        }
        let size = match pace {
            Pace::Pieces => [1, 5, 17, 1000, 9000][usize::try_from(random.below(5)).unwrap()],
            _ => block.len(),
        };
        block
            .chunks(size)
            .for_each(|piece| pipe.write_all(piece).unwrap());
    }
    number
}

/// Reads the finished files of one log, removes them, and counts errors.
struct Reader {
    log: PathBuf,
    stamped: bool,
    filler: Vec<u8>,
    next: u64,
    rest: Vec<u8>,
    lost: u64,
    doubled: u64,
    broken: u64,
}

impl Reader {
    fn new(log: PathBuf, stamped: bool) -> Self {
        Self {
            log,
            stamped,
            filler: vec![b'x'; 2000],
            next: 0,
            rest: Vec::new(),
            lost: 0,
            doubled: 0,
            broken: 0,
        }
    }

    fn read_finished(&mut self) {
        for file in finished(&self.log) {
            // A file that has its old name as well is named again by the next start,
            // if this name goes.
            if fs::metadata(&file).unwrap().nlink() > 1 {
                return;
            }
            self.read(&file);
            fs::remove_file(file).unwrap();
        }
    }

    fn read(&mut self, file: &Path) {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend(fs::read(file).unwrap());
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if line.ends_with(b"\n") {
                self.line(line);
            } else {
                self.rest = line.to_vec();
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let start = if self.stamped { 26 } else { 0 };
        let text = line.get(start..line.len() - 1).unwrap_or(b"");
        let space = text.iter().position(|&byte| byte == b' ');
        let number = space.filter(|&space| self.filler.starts_with(&text[space + 1..]));
        let number = number.and_then(|space| std::str::from_utf8(&text[..space]).ok());
        match number.and_then(|number| number.parse::<u64>().ok()) {
            None => {
                eprintln!("broken in {}: {}", self.log.display(), text.escape_ascii());
                self.broken += 1;
            }
            Some(number) if number < self.next => self.doubled += 1,
            Some(number) => {
                self.lost += number - self.next;
                self.next = number + 1;
            }
        }
    }
}

/// Descriptors and resident kB of a process.
fn usage(pid: u32) -> (usize, String) {
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let rss = status.lines().find(|line| line.starts_with("VmRSS"));
    (fds, rss.unwrap_or("VmRSS: gone").to_owned())
}

fn spawn_writer(pace: Pace) -> (PipeReader, JoinHandle<u64>, Arc<AtomicBool>) {
    let (reader, pipe) = std::io::pipe().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let writer = std::thread::spawn(move || write_lines(pipe, &seen, pace));
    (reader, writer, stop)
}

fn survives_kills(script: &[&str], pace: Pace) {
    let minutes: Option<u64> = std::env::var("MULTILOG_SOAK_MINUTES")
        .ok()
        .and_then(|minutes| minutes.parse().ok());
    let duration = minutes.map_or(Duration::from_secs(4), |m| Duration::from_secs(60 * m));
    let place = tempfile::tempdir().unwrap();
    let (pipe, writer, stop) = spawn_writer(pace);
    let mut readers: Vec<_> = script
        .iter()
        .filter(|word| word.starts_with('.'))
        .map(|log| Reader::new(place.path().join(log), script[0] == "t"))
        .collect();
    let mut random = Random(0xace);
    let (mut kills, mut first, mut last) = (0, None, None);
    let end = Instant::now() + duration;
    while Instant::now() < end {
        let mut child = start(place.path(), script, pipe.try_clone().unwrap());
        std::thread::sleep(Duration::from_micros(500 + random.below(40).pow(3)));
        last = Some(usage(child.id()));
        first = first.or(last.clone());
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        readers
            .iter_mut()
            .filter(|reader| reader.log.exists())
            .for_each(Reader::read_finished);
    }
    stop.store(true, Ordering::Relaxed);
    let mut child = start(place.path(), script, pipe);
    let written = writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    for mut reader in readers {
        reader.read_finished();
        let current = reader.log.join("current");
        reader.read(&current);
        reader.lost += written - reader.next;
        eprintln!(
            "{script:?} {}: {written} lines, {kills} kills, lost {}, doubled {}, broken {}; first {first:?}, last {last:?}",
            reader.log.file_name().unwrap().to_string_lossy(),
            reader.lost,
            reader.doubled,
            reader.broken,
        );
        assert_eq!((reader.lost, reader.doubled, reader.broken), (0, 0, 0));
        assert!(
            !reader.log.join(".pending").exists(),
            "a clean end leaves no journal"
        );
    }
}

const MANY: &str = "n1000000";

#[test]
fn plain_lines_in_blocks() {
    survives_kills(&[MANY, "s4096", "./a"], Pace::Blocks);
}

#[test]
fn stamped_lines_one_by_one() {
    survives_kills(&["t", MANY, "s5000", "./a"], Pace::Lines);
}

#[test]
fn two_logs_and_pieces_of_lines() {
    survives_kills(&["t", MANY, "s5000", "./a", "s9000", "./b"], Pace::Pieces);
}

#[test]
fn a_processor() {
    survives_kills(
        &[MANY, "s9000", "!cat; cat <&4 >/dev/null; echo x >&5", "./a"],
        Pace::Pieces,
    );
}

/// The bytes that the reference loses at a kill: read, and gathered for output.
const REFERENCE_LOSES: usize = 2048;

/// Where a successor cannot tell whether a read took place, no more is read at once than by
/// the reference.
#[test]
fn a_socket_loses_no_more_than_the_reference() {
    let place = tempfile::tempdir().unwrap();
    let script = [MANY, "s9000", "./a"];
    let (ours, its) = UnixStream::pair().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let writer = std::thread::spawn(move || {
        let mut bytes = Counted(ours, 0);
        write_lines(&mut bytes, &seen, Pace::Blocks);
        bytes.1
    });
    let mut random = Random(0xbee);
    let kills = 100;
    for _ in 0..kills {
        let stdin = OwnedFd::from(its.try_clone().unwrap());
        let mut child = start(place.path(), &script, stdin);
        std::thread::sleep(Duration::from_micros(500 + random.below(30).pow(3)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let mut child = start(place.path(), &script, OwnedFd::from(its));
    let written = writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    let logged = contents(&place.path().join("a")).len();
    eprintln!("{written} bytes written, {logged} logged, {kills} kills");
    assert!(logged <= written, "{logged} of {written}");
    assert!(
        written - logged <= kills * REFERENCE_LOSES,
        "{logged} of {written}"
    );
}

/// Counts the bytes that are written.
struct Counted(UnixStream, usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.0.write(bytes)?;
        self.1 += count;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
