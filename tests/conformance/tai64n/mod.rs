//! tai64n and tai64nlocal: their output, the time of their output, and failures to write.

mod local;

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{PipeWriter, Read, Write};
use std::os::fd::AsFd;

use conformance::{Case, LABELS, Proc, Side};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;

/// The cases of tai64n.
pub(crate) fn tai64n() -> Vec<Case> {
    let mut cases = trouble("tai64n");
    cases.extend(impatient("tai64n"));
    let stamped = |name: &str, input: Vec<u8>| {
        Case::new(name)
            .stdin(input)
            .run(["tai64n"])
            .normal(&[LABELS])
    };
    cases.extend([
        stamped("no input", Vec::new()),
        stamped("lines", b"one\ntwo\n".to_vec()),
        stamped("an empty line", b"\n".to_vec()),
        stamped("empty lines", b"\n\n\n".to_vec()),
        stamped("no newline at the end", b"one\ntwo".to_vec()),
        stamped(
            "NULs, and bytes that are no UTF-8",
            b"\0\n\xff\xfe\0\n".to_vec(),
        ),
        stamped(
            "labels get labels",
            b"@400000000000000a00000000 x\n".to_vec(),
        ),
        stamped(
            "a long line",
            [vec![b'x'; 200_000], b"\nshort\n".to_vec()].concat(),
        ),
        stamped("lines around the sizes of buffers", around()),
        stamped("many lines", b"some line\n".repeat(20_000)),
        Case::new("arguments are ignored")
            .stdin("a\n")
            .run(["tai64n", "-x", "file"])
            .normal(&[LABELS]),
        alive(
            "tai64n",
            "each line comes out at once",
            &[b"one\n", b"two\nthree\n"],
        )
        .normal(&[LABELS]),
        alive(
            "tai64n",
            "parts of lines come out at once",
            &[b"o", b"ne", b"\n", b"t", b"wo\nth"],
        )
        .normal(&[LABELS]),
        Case::new("labels are times, and none is before the one above it").then(|side| {
            let process = side.command(["tai64n"]).stdin("a\n".repeat(5_000)).spawn();
            side.log("end", process.wait());
            let out = process.stdout();
            let labels: Vec<&[u8]> = out
                .split(|&byte| byte == b'\n')
                .filter_map(|line| line.get(1..25))
                .collect();
            side.log("labels", labels.len());
            side.log("in order", labels.is_sorted());
            // 2^62 + 10 + the present time: the first digits are the same until 2038.
            side.log(
                "now",
                labels.iter().all(|label| label.starts_with(b"400000006")),
            );
        }),
    ]);
    cases
}

/// The cases of tai64nlocal.
pub(crate) fn tai64nlocal() -> Vec<Case> {
    let mut cases = trouble("tai64nlocal");
    cases.extend(impatient("tai64nlocal"));
    cases.extend(local::labels());
    cases.extend(local::zones());
    cases.extend([
        alive(
            "tai64nlocal",
            "each line comes out at once",
            &[
                b"@400000000000000a00000000 one\n",
                b"two\n@400000000000000b00000000 three\n",
            ],
        ),
        alive(
            "tai64nlocal",
            "parts of lines come out at once",
            &[b"o", b"ne", b"\n", b"t", b"wo\nth"],
        ),
        alive(
            "tai64nlocal",
            "a label in parts comes out when it is whole",
            &[
                b"x\n@",
                b"40000000",
                b"0000000a00000000",
                b" y\n",
                b"@400000000000000a0000000",
                b"1\n",
            ],
        ),
        Case::new("arguments are ignored")
            .stdin("a\n")
            .run(["tai64nlocal", "-x", "file"]),
    ]);
    cases
}

/// Lines whose lengths and positions are around powers of two.
fn around() -> Vec<u8> {
    let mut lines = Vec::new();
    for size in [998, 1022, 2046, 4094, 8190, 16382, 65534_usize] {
        for length in size..size + 5 {
            lines.extend(std::iter::repeat_n(b'x', length));
            lines.push(b'\n');
        }
    }
    lines
}

fn full() -> File {
    OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full")
}

/// Runs with a standard output whose reader has ended.
fn unread(side: &Side, program: &str, ignore: bool) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = side.command([program]).stdin("x\n").pass(1, writer);
    if ignore {
        command = command.ignore(Signal::SIGPIPE);
    }
    command.run();
}

fn trouble(program: &'static str) -> Vec<Case> {
    let run = |name: &str, change: fn(conformance::Cmd<'_>) -> conformance::Cmd<'_>| {
        Case::new(name)
            .then(move |side| {
                change(side.command([program]).stdin("x\n")).run();
            })
            .normal(&[LABELS])
    };
    vec![
        run("standard input closed", |command| command.close(0)),
        run("standard output closed", |command| command.close(1)),
        run("standard output closed, and no input", |command| {
            command.stdin("").close(1)
        }),
        run("standard error closed", |command| command.close(2)),
        run("standard output full", |command| command.pass(1, full())),
        run("standard input is a directory", |command| {
            command.stdin_file(File::open("/").expect("/"))
        }),
        Case::new("nobody reads: killed").then(move |side| unread(side, program, false)),
        Case::new("nobody reads, and SIGPIPE is ignored")
            .then(move |side| unread(side, program, true)),
    ]
}

fn nonblocking(pipe: &impl AsFd) {
    fcntl(pipe.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("a pipe");
}

/// Another process made the pipe non-blocking: that is neither the end nor an error.
fn impatient(program: &'static str) -> Vec<Case> {
    let input = Case::new("standard input is non-blocking, and empty at first").then(move |side| {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        nonblocking(&reader);
        let process = side.command([program]).stdin_file(reader).spawn();
        side.until("the program to wait or end", || {
            let entry = conformance::process::Entry::of(process.pid());
            entry.is_none_or(|entry| matches!(entry.state, 'S' | 'Z'))
        });
        // The write fails if the program has ended.
        writer.write_all(b"late\n").ok();
        drop(writer);
        side.log("end", process.wait());
        side.log_bytes("it wrote", process.stdout().get(..1).unwrap_or_default());
    });
    let output =
        Case::new("standard output is non-blocking, and full at first").then(move |side| {
            let (mut reader, writer) = std::io::pipe().expect("a pipe");
            nonblocking(&writer);
            let text = "some text\n".repeat(30_000);
            let process = side.command([program]).stdin(text).pass(1, writer).spawn();
            side.until("the program to wait or end", || {
                let entry = conformance::process::Entry::of(process.pid());
                entry.is_none_or(|entry| matches!(entry.state, 'S' | 'Z'))
            });
            let mut seen = Vec::new();
            reader.read_to_end(&mut seen).expect("a pipe");
            let lines = seen.iter().filter(|&&byte| byte == b'\n').count();
            side.log("end", process.wait());
            side.log("all lines", lines == 30_000);
        });
    let interrupted = Case::new("a write is interrupted")
        .needs(conformance::case::Need::Strace)
        .then(move |side| {
            let inject = "inject=write:error=EINTR:when=1";
            let words = ["/usr/bin/strace", "-o", "/dev/null", "-e", inject].map(OsString::from);
            let words = words
                .into_iter()
                .chain([side.bin(program).into_os_string()]);
            let process = side.command(words).stdin("x\n").spawn();
            side.log("end", process.wait());
        });
    let first = if program == "tai64n" { "@" } else { "l" };
    let reason = "a non-blocking pipe is waited for";
    vec![
        input.differs(
            reason,
            &["end: exit 111", "it wrote:"],
            &["end: exit 0", &format!("it wrote: {first}")],
        ),
        output.differs(
            reason,
            &["end: exit 111", "all lines: false"],
            &["end: exit 0", "all lines: true"],
        ),
        if program == "tai64n" {
            interrupted.differs("goes on", &["end: exit 111"], &["end: exit 0"])
        } else {
            interrupted
        },
    ]
}

/// Writes each part when the output of the part before has come; logs the output of each.
fn alive(program: &'static str, name: &str, parts: &'static [&'static [u8]]) -> Case {
    Case::new(name).then(move |side| {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        let process = side
            .command([program])
            .env("TZ=UTC")
            .stdin_file(reader)
            .spawn();
        let mut seen = 0;
        for part in parts {
            let out = after(side, &process, &mut writer, part);
            side.log_bytes("then", &out[seen..]);
            seen = out.len();
        }
        drop(writer);
        side.log("end", process.wait());
        side.log_bytes("last", &process.stdout()[seen..]);
    })
}

/// The output once the process waits for more than `part`.
fn after(side: &Side, process: &Proc, writer: &mut PipeWriter, part: &[u8]) -> Vec<u8> {
    writer.write_all(part).expect("the pipe has room");
    side.until("the program to read again", || {
        let waiting =
            conformance::process::Entry::of(process.pid()).is_some_and(|entry| entry.state == 'S');
        waiting && unread_bytes(writer) == 0
    });
    process.stdout()
}

/// The number of bytes in a pipe.
fn unread_bytes(pipe: &PipeWriter) -> usize {
    use std::os::fd::AsRawFd;
    nix::ioctl_read_bad!(fionread, libc::FIONREAD, libc::c_int);
    let mut count = 0;
    #[allow(unsafe_code)]
    // SAFETY: the kernel writes one integer.
    unsafe { fionread(pipe.as_raw_fd(), &raw mut count) }.expect("a pipe");
    usize::try_from(count).unwrap_or(0)
}
