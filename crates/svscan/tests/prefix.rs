//! `svprefix` puts a name before each line. Nothing is lost, no line is mixed with another,
//! and nobody waits for a reader but whoever writes more than there is room for.

#![allow(clippy::expect_used, clippy::disallowed_methods)]

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use daemontools::unix::fd;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn svprefix(name: &str, input: impl Into<Stdio>, output: impl Into<Stdio>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_svprefix"));
    command
        .arg(name)
        .stdin(input)
        .stdout(output)
        .stderr(Stdio::piped());
    command.spawn().expect("svprefix")
}

fn exit(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("it exits", || {
        status = child.try_wait().expect("a child");
        status.is_some()
    });
    status.expect("its end")
}

/// What a killed or ended process has said.
fn said(child: Child) -> String {
    let output = child.wait_with_output().expect("its end");
    String::from_utf8(output.stderr).expect("text")
}

/// Its resident memory, in kB.
fn resident(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

fn is_full(writer: &PipeWriter) -> bool {
    !fd::writable_now(writer)
}

/// Puts the lines of a service together again.
fn read_back(text: &[u8], name: &str) -> Vec<u8> {
    let (begins, goes_on) = (format!("{name}: "), format!("{name}+ "));
    let mut all = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if let Some(line) = line.strip_prefix(goes_on.as_bytes()) {
            assert_eq!(all.pop(), Some(b'\n'));
            all.extend_from_slice(line);
        } else if let Some(line) = line.strip_prefix(begins.as_bytes()) {
            all.extend_from_slice(line);
        }
    }
    all
}

/// What comes of `input`, all of which is there from the beginning: a file.
fn of_file(input: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), input).expect("its bytes");
    let input = fs::File::open(file.path()).expect("the file");
    let (mut reader, writer) = pipe().expect("a pipe");
    let mut child = svprefix("web", input, writer);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("its end");
    assert_eq!(exit(&mut child).code(), Some(0));
    text
}

#[test]
fn long_lines_binary_and_a_last_line_without_an_end_read_back() {
    assert_eq!(of_file(b"a\n\nb"), b"web: a\nweb: \nweb: b\n");
    let binary: Vec<u8> = (0..=255).collect();
    for input in [vec![b'x'; 100_000], binary.repeat(300), vec![0; 4091]] {
        let mut wanted = input.clone();
        wanted.push(b'\n');
        assert!(read_back(&of_file(&input), "web") == wanted);
        assert!(read_back(&of_file(&wanted), "web") == wanted);
    }
}

/// Lines of one writer, of lengths up to what fits into one write. Each is numbered.
fn numbered(writer: usize, count: usize) -> Vec<Vec<u8>> {
    let line = |number: usize| {
        let mut line = format!("{number} ").into_bytes();
        line.resize(line.len() + (number * 7919 + writer * 13) % 4000, b'a');
        line.push(b'\n');
        line
    };
    (0..count).map(line).collect()
}

#[test]
fn lines_of_several_services_are_not_mixed() {
    let (mut reader, output) = pipe().expect("a pipe");
    let names = ["a", "b", "c", "d"];
    let mut children = Vec::new();
    for (writer, name) in names.into_iter().enumerate() {
        let (input, mut to) = pipe().expect("a pipe");
        let output = output.try_clone().expect("a descriptor");
        children.push(svprefix(name, input, output));
        thread::spawn(move || {
            for line in numbered(writer, 1000) {
                to.write_all(&line).expect("a reader");
            }
        });
    }
    drop(output);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).expect("its end");
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        assert!(line.len() <= 4096 && line[1..].starts_with(b": "));
    }
    for (writer, name) in names.into_iter().enumerate() {
        assert!(
            read_back(&text, name) == numbered(writer, 1000).concat(),
            "{name}"
        );
    }
    assert!(children.iter_mut().all(|child| exit(child).success()));
}

/// 100 MB, while the reader does not read, and then slowly.
fn slow_reader(nonblocking: bool) {
    const LINE: &[u8] = b"a line of an access log of some length, as a server writes it all day\n";
    let count = 100_000_000 / LINE.len();
    let (mut reader, output) = pipe().expect("a pipe");
    let output_kept = output.try_clone().expect("a descriptor");
    fd::set_nonblocking(&output, nonblocking).expect("its flags");
    let (input, mut to) = pipe().expect("a pipe");
    let to_kept = to.try_clone().expect("a descriptor");
    let mut loud = svprefix("loud", input, output.try_clone().expect("a descriptor"));
    let (input, mut quiet_to) = pipe().expect("a pipe");
    let mut quiet = svprefix("quiet", input, output);
    let writer = thread::spawn(move || {
        let block = LINE.repeat(100);
        for _ in 0..count / 100 {
            to.write_all(&block).expect("a reader");
        }
    });
    until("nobody reads, all is full", || {
        is_full(&output_kept) && is_full(&to_kept)
    });
    // The other service writes, and goes on at once.
    assert!(!is_full(&quiet_to));
    quiet_to.write_all(b"hello\n").expect("a reader");
    drop((quiet_to, to_kept, output_kept));
    assert!(resident(&loud) < 8000, "{} kB", resident(&loud));
    let (mut bytes, mut lines, mut rest) = (vec![0; 1 << 16], 0, Vec::new());
    let mut hello = 0;
    loop {
        let read = reader.read(&mut bytes).expect("its lines");
        if read == 0 {
            break;
        }
        rest.extend_from_slice(&bytes[..read]);
        let end = rest
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        for line in rest[..end].split_inclusive(|&byte| byte == b'\n') {
            if line == b"quiet: hello\n" {
                hello += 1;
            } else {
                assert_eq!(line.strip_prefix(b"loud: "), Some(LINE));
                lines += 1;
            }
        }
        rest.drain(..end);
    }
    writer.join().expect("the writer");
    assert_eq!((lines, hello, rest.len()), (count / 100 * 100, 1, 0));
    assert!(exit(&mut loud).success() && exit(&mut quiet).success());
    assert_eq!(said(loud), "");
}

#[test]
fn a_slow_reader_loses_nothing_and_takes_no_memory() {
    slow_reader(false);
}

#[test]
fn an_output_that_is_non_blocking_loses_nothing() {
    slow_reader(true);
}

#[test]
fn without_a_reader_the_service_goes_on_and_the_loss_is_told() {
    let (reader, output) = pipe().expect("a pipe");
    let (input, mut to) = pipe().expect("a pipe");
    drop(reader);
    let mut child = svprefix("web", input, output);
    for _ in 0..10_000 {
        to.write_all(b"a line that nobody can read, and of which there are many\n")
            .expect("svprefix reads");
    }
    drop(to);
    assert_eq!(exit(&mut child).code(), Some(0));
    assert_eq!(
        said(child),
        "svprefix: warning: unable to write the output of web: broken pipe: lines are dropped \
         until it can be written\n"
    );
}

#[test]
fn a_full_disk_is_told_once_and_tried_again() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a full disk");
    let (input, mut to) = pipe().expect("a pipe");
    let mut child = svprefix("web", input, full);
    to.write_all(b"a\n").expect("a reader");
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut message = [0; 72];
    stderr.read_exact(&mut message).expect("a message");
    assert!(message.starts_with(b"svprefix: warning: unable to write the output of web: "));
    assert!(child.try_wait().expect("a child").is_none());
    child.kill().expect("it runs");
}

#[test]
fn what_is_sent_to_all_processes_does_not_end_it() {
    let (mut reader, output) = pipe().expect("a pipe");
    let (input, mut to) = pipe().expect("a pipe");
    let mut child = svprefix("web", input, output);
    to.write_all(b"a\n").expect("a reader");
    let mut line = [0; 7];
    reader.read_exact(&mut line).expect("a line");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    for signal in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ] {
        process::kill(pid, signal).expect("it runs");
    }
    to.write_all(b"b\n").expect("a reader");
    drop(to);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("its end");
    assert_eq!(text, "web: b\n");
    assert_eq!(exit(&mut child).code(), Some(0));
}

/// Everything that can be read.
fn collect(mut reader: PipeReader) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut text = Vec::new();
        reader.read_to_end(&mut text).expect("its end");
        text
    })
}

#[test]
fn a_kill_loses_no_line() {
    let (reader, output) = pipe().expect("a pipe");
    let (input, mut to) = pipe().expect("a pipe");
    let text = collect(reader);
    let writer = thread::spawn(move || {
        for number in 0..200_000 {
            to.write_all(format!("line {number}\n").as_bytes())
                .expect("a reader");
        }
    });
    let mut kills = 0;
    while !writer.is_finished() {
        let input = input.try_clone().expect("a descriptor");
        let mut child = svprefix("web", input, output.try_clone().expect("a descriptor"));
        thread::sleep(Duration::from_millis(kills % 7));
        child.kill().expect("a child");
        child.wait().expect("its end");
        kills += 1;
    }
    writer.join().expect("the writer");
    assert_eq!(exit(&mut svprefix("web", input, output)).code(), Some(0));
    let text = text.join().expect("all lines");
    // In order; after a kill the lines of one write come again.
    let mut next = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = str::from_utf8(line).expect("text");
        let number = line
            .strip_prefix("web: line ")
            .and_then(|line| line.trim().parse().ok());
        let number: u32 = number.expect("a whole line");
        assert!(number <= next, "lines {next} to {number} are lost");
        next = next.max(number + 1);
    }
    assert_eq!(next, 200_000);
    assert!(kills > 3, "{kills}");
}

#[test]
fn usage_is_one_name() {
    for words in [&[][..], &["a", "b"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svprefix"));
        let output = command.args(words).output().expect("svprefix");
        assert_eq!(output.status.code(), Some(100));
        assert_eq!(output.stderr, b"svprefix: usage: svprefix name\n");
    }
}
