//! readproctitle: the title in `/proc/PID/cmdline`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use conformance::{Case, Exit, Proc, Side};
use nix::sys::signal::Signal;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = usage();
    cases.extend(titles());
    cases.extend(ends());
    cases
}

fn usage() -> Vec<Case> {
    let words = |name: &str, args: &'static [&str]| Case::new(name).stdin("text\n").run(args);
    vec![
        words("no arguments", &["readproctitle"]),
        words("one argument", &["readproctitle", ".........."]),
        words("an empty last argument", &["readproctitle", "x", ""]),
        words("four dots are too few", &["readproctitle", "x", "...."]),
        words("five dots are enough", &["readproctitle", "x", "....."]),
        words(
            "two dashes are an argument",
            &["readproctitle", "--", ".........."],
        ),
        words(
            "dots elsewhere do not count",
            &["readproctitle", "..........", "x"],
        ),
        words("an option is text", &["readproctitle", "-x", ".........."]),
    ]
}

/// A running readproctitle, with the writing end of its input.
struct Title {
    process: Proc,
    input: Option<File>,
}

fn start(side: &Side, args: &[&[u8]]) -> Title {
    let (read, write) = side.pipe();
    let words = std::iter::once(OsString::from("readproctitle"))
        .chain(args.iter().map(|arg| OsString::from_vec(arg.to_vec())));
    let process = side
        .command(words)
        .env("AFTER=untouched")
        .stdin_file(read)
        .spawn();
    side.until("it runs", || {
        cmdline(&process).starts_with(b"readproctitle")
    });
    Title {
        process,
        input: Some(write),
    }
}

fn cmdline(process: &Proc) -> Vec<u8> {
    fs::read(format!("/proc/{}/cmdline", process.pid())).expect("it runs")
}

impl Title {
    /// Writes, waits until the title has it, and logs the title.
    fn log(&mut self, side: &Side, bytes: &[u8]) {
        let input = self.input.as_mut().expect("not ended yet");
        input.write_all(bytes).expect("it reads");
        self.process.until_idle(input);
        side.log_bytes("wrote", if bytes.len() > 200 { b"(much)" } else { bytes });
        side.log_bytes("shows", &cmdline(&self.process));
    }

    fn end(mut self, side: &Side) {
        self.input = None;
        side.log("end", self.process.wait());
        side.log_output(&self.process);
    }
}

/// The title after each of these writes.
fn shows(name: &str, args: &'static [&[u8]], writes: &'static [&[u8]]) -> Case {
    Case::scenario(name, move |side| {
        let mut title = start(side, args);
        for bytes in writes {
            title.log(side, bytes);
        }
        title.end(side);
    })
}

const DOTS: &[u8] = b"....................";

fn titles() -> Vec<Case> {
    vec![
        shows("nothing read", &[b"errors:", DOTS], &[b""]),
        shows("a few bytes", &[b"errors:", DOTS], &[b"abc"]),
        shows("a line", &[b"errors:", DOTS], &[b"abc\n"]),
        shows(
            "several lines",
            &[b"errors:", DOTS],
            &[b"one\ntwo\n", b"three\n"],
        ),
        shows(
            "exactly as much as there is room for",
            &[b"x", DOTS],
            &[b"12345678901234567"],
        ),
        shows(
            "one byte more than there is room for",
            &[b"x", DOTS],
            &[b"123456789012345678"],
        ),
        shows(
            "byte by byte past the end",
            &[b"x", b"........"],
            &[b"a", b"b", b"c", b"d", b"e", b"f", b"g"],
        ),
        shows(
            "five dots leave room for two",
            &[b"x", b"....."],
            &[b"a", b"b", b"c\n"],
        ),
        shows(
            "NULs are skipped",
            &[b"x", DOTS],
            &[b"a\0b\0\0c\n", b"\0\0\0\0"],
        ),
        shows(
            "odd bytes are kept",
            &[b"x", DOTS],
            &[b"\xff\xfe\x01\x7f\t\r\n"],
        ),
        shows(
            "a last argument that is not of dots",
            &[b"x", b"abcdefghij"],
            &[b"", b"1", b"23"],
        ),
        shows(
            "the first three bytes become dots at once",
            &[b"x", b"abcdefghij"],
            &[b""],
        ),
        shows(
            "many arguments before",
            &[b"a", b"", b"b c", b"\xff", DOTS],
            &[b"text\n"],
        ),
        shows("blanks are kept", &[b"x", DOTS], &[b"  a   b  \n\n\n"]),
        Case::scenario("the real thing: 400 dots and a flood", |side| {
            let dots = vec![b'.'; 400];
            let mut title = start(side, &[b"service", b"errors:", &dots]);
            let flood: Vec<u8> = (0..20_000)
                .flat_map(|number: u32| format!("line {number}\n").into_bytes())
                .collect();
            title.log(side, &flood);
            title.log(
                side,
                b"supervise: fatal: unable to start x/run: file does not exist\n",
            );
            title.end(side);
        }),
        Case::scenario("a hundred thousand NULs move nothing", |side| {
            let mut title = start(side, &[b"x", DOTS]);
            title.log(side, b"seen\n");
            title.log(side, &vec![0; 100_000]);
            title.end(side);
        }),
        Case::scenario("a very long last argument", |side| {
            let dots = vec![b'.'; 20_000];
            let mut title = start(side, &[b"x", &dots]);
            title.log(side, b"at the end\n");
            title.log(side, &vec![b'y'; 30_000]);
            title.end(side);
        }),
        Case::scenario("the environment behind it is not touched", |side| {
            let mut title = start(side, &[b"x", DOTS]);
            title.log(side, &vec![b'y'; 1000]);
            let environ =
                fs::read(format!("/proc/{}/environ", title.process.pid())).expect("it runs");
            let last = environ
                .split(|&byte| byte == 0)
                .rfind(|entry| !entry.is_empty());
            side.log_bytes("last variable", last.expect("an environment"));
            title.end(side);
        }),
    ]
}

fn ends() -> Vec<Case> {
    let dots = || std::ffi::OsStr::from_bytes(DOTS);
    vec![
        Case::scenario("standard input closed", move |side| {
            side.command([std::ffi::OsStr::new("readproctitle"), "x".as_ref(), dots()])
                .close(0)
                .run();
        }),
        Case::scenario("standard input is a directory", move |side| {
            let directory = File::open(side.dir()).expect("a directory");
            side.command([std::ffi::OsStr::new("readproctitle"), "x".as_ref(), dots()])
                .stdin_file(directory)
                .run();
        }),
        Case::scenario("standard input is a file", move |side| {
            let file = File::open(side.file("text", "line\n".repeat(10_000))).expect("a file");
            side.command([std::ffi::OsStr::new("readproctitle"), "x".as_ref(), dots()])
                .stdin_file(file)
                .run();
        }),
        Case::scenario("TERM ends it", |side| {
            let title = start(side, &[b"x", DOTS]);
            title.process.signal(Signal::SIGTERM);
            side.log("end", title.process.wait());
        }),
        Case::scenario("standard output and error closed", |side| {
            let (read, write) = side.pipe();
            let command = side.command(["readproctitle", "x", "............"]);
            let process = command.stdin_file(read).close(1).close(2).spawn();
            let mut title = Title {
                process,
                input: Some(write),
            };
            title.log(side, b"text\n");
            title.input = None;
            assert_eq!(title.process.wait(), Exit::Code(0));
        }),
    ]
}
