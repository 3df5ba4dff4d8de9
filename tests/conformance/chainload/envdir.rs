//! envdir: its files, their contents, and the resulting environment.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use conformance::Case;

use super::common;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["envdir", "env"]);
    cases.extend(contents());
    cases.extend(names());
    cases.extend(failures());
    cases
}

/// The value of the variable V, which was `old`, after a file with these bytes.
fn contents() -> Vec<Case> {
    let long = vec![b'x'; 100_000];
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("plain", b"value\n".to_vec()),
        ("no newline", b"value".to_vec()),
        ("nothing: the variable goes", Vec::new()),
        ("a newline: the variable is empty", b"\n".to_vec()),
        ("blanks: the variable is empty", b" \t ".to_vec()),
        ("blanks and a newline", b" \t \n".to_vec()),
        ("blanks at the end go", b"value \t \n".to_vec()),
        ("blanks at the beginning stay", b" \tvalue\n".to_vec()),
        ("blanks inside stay", b"a  b\tc\n".to_vec()),
        ("only the first line counts", b"one\ntwo\n".to_vec()),
        ("an empty first line", b"\ntwo\n".to_vec()),
        ("a NUL is a newline", b"one\0two\n".to_vec()),
        ("a NUL at the end", b"one\0\n".to_vec()),
        ("only a NUL", b"\0".to_vec()),
        ("blanks before a NUL at the end", b"one \t\0".to_vec()),
        ("a NUL and blanks", b"one\0 \t".to_vec()),
        ("a carriage return stays", b"one\r\n".to_vec()),
        ("other white space stays", b"one\x0b\x0c\n".to_vec()),
        ("an equals sign", b"a=b\n".to_vec()),
        (
            "quotes and dollars are nothing special",
            b"\"$HOME\" `x` \\n\n".to_vec(),
        ),
        ("no UTF-8", b"\xff\xfe\x80\n".to_vec()),
        ("255 bytes", vec![b'x'; 255]),
        ("256 bytes", vec![b'x'; 256]),
        (
            "256 bytes and a newline",
            [&[b'x'; 256][..], b"\nmore"].concat(),
        ),
        (
            "4096 bytes, and blanks over the edge",
            [&[b'x'; 4095][..], b" \t\nmore"].concat(),
        ),
        ("100000 bytes", long.clone()),
        (
            "more than a variable may hold",
            [long.clone(), long].concat(),
        ),
    ];
    files
        .into_iter()
        .map(|(name, bytes)| {
            Case::new(format!("content: {name}"))
                .setup(move |side| drop(side.file("env/V", &bytes)))
                .then(|side| {
                    side.command(["envdir", "env", "/bin/cat", "/proc/self/environ"])
                        .env_clear()
                        .env("A=1")
                        .env("V=old")
                        .env("B=2")
                        .run();
                })
                .without_files()
        })
        .collect()
}

fn names() -> Vec<Case> {
    // One file in each case: the order of a directory's names is not defined.
    let named = |name: &'static [u8], bytes: &'static [u8], before: &'static [&'static str]| {
        Case::new(format!(
            "name: {} with {} bytes, before {before:?}",
            String::from_utf8_lossy(name),
            bytes.len()
        ))
        .setup(move |side| {
            let path = [b"env/", name].concat();
            side.file(OsStr::from_bytes(&path), bytes);
        })
        .then(move |side| {
            let mut command = side
                .command(["envdir", "env", "/bin/cat", "/proc/self/environ"])
                .env_clear();
            for variable in before {
                command = command.env(*variable);
            }
            command.run();
        })
    };
    vec![
        named(b".hidden", b"x", &["A=1"]),
        named(b"..twice", b"x", &["A=1"]),
        named(b"NEW", b"x", &[]),
        named(b"NEW", b"x", &["A=1", "B=2"]),
        named(b"A", b"x", &["A=1", "B=2", "A=3", "C=4"]),
        named(b"A", b"", &["A=1", "B=2", "A=3", "C=4"]),
        named(b"A", b"", &["B=2", "C=4"]),
        named(b"A", b"x", &["junk", "A", "=A", "AA=1", "", "A=1", "Z=2"]),
        named(b"junk", b"", &["junk", "junk=1", "Z=2"]),
        named(b"with space", b"x", &["A=1"]),
        named(b"lower-case.txt", b"x", &["A=1"]),
        named(b"\xff\xfe", b"x", &["A=1"]),
        named(b"new\nline", b"x", &["A=1"]),
        named(b"A=B", b"x", &["A=1", "A=B=2", "C=3"]),
        named(b"A=B", b"", &["A=1", "A=B=2", "C=3"]),
        named(b"A=", b"", &["A=1", "C=3"]),
        named(b"=A", b"x", &["A=1", "=A=2", "C=3"]),
        named(b"=A", b"", &["A=1", "=A=2", "C=3"]),
        named(b"=", b"x", &["A=1", "=A=2", "C=3"]),
        named(b"PATH", b"/nowhere", &["PATH=/bin", "A=1"]),
        Case::new("PATH from before is searched")
            .setup(|side| {
                side.script("bin/prog", "/bin/echo found; echo $PATH");
                side.file("env/PATH", "other");
            })
            .then(|side| {
                side.command(["envdir", "env", "prog"])
                    .env_clear()
                    .env("PATH=bin")
                    .run();
            }),
        Case::new("PATH from the directory is not searched")
            .setup(|side| {
                side.script("bin/prog", "/bin/echo never");
                side.file("env/PATH", "bin");
            })
            .run(["envdir", "env", "prog"]),
        Case::new("many files")
            .setup(|side| {
                for number in 0..300 {
                    side.file(format!("env/V{number}"), format!("{number}\n"));
                }
            })
            .run(["envdir", "env", "sh", "-c", "env | grep ^V | sort"])
            .without_files(),
        Case::new("a link to a file")
            .setup(|side| {
                side.file("value", "x");
                side.symlink("../value", "env/V");
            })
            .run(["envdir", "env", "sh", "-c", "echo $V"]),
        Case::new("links to nothing among other files")
            .setup(|side| {
                // Enough links that one of them comes after a file, in any order.
                for number in 0..20 {
                    side.file(format!("env/FILE{number}"), "value");
                    side.symlink("nothing", format!("env/LINK{number}"));
                }
            })
            .run([
                "envdir",
                "env",
                "sh",
                "-c",
                "env | grep -q ^LINK && echo variables",
            ])
            .without_files()
            .differs(
                "the reference gives them the value of the file that it read before",
                &["end: exit 0", "stdout: variables"],
                &["end: exit 1", "stdout:"],
            ),
        Case::new("a link to nothing, alone: no variable")
            .setup(|side| {
                side.symlink("nothing", "env/V");
            })
            .then(|side| {
                side.command(["envdir", "env", "/bin/cat", "/proc/self/environ"])
                    .env_clear()
                    .env("V=1")
                    .env("A=2")
                    .run();
            }),
        Case::new("a FIFO without a writer: no variable")
            .setup(|side| {
                side.mkdir("env");
                side.fifo("env/V");
            })
            .then(|side| {
                side.command(["envdir", "env", "/bin/cat", "/proc/self/environ"])
                    .env_clear()
                    .env("V=1")
                    .env("A=2")
                    .run();
            }),
    ]
}

fn failures() -> Vec<Case> {
    vec![
        Case::new("no arguments").run(["envdir"]),
        Case::new("no program").run(["envdir", "env"]),
        Case::new("an option is a directory").run(["envdir", "-x", "env", "echo"]),
        Case::new("two dashes are a directory").run(["envdir", "--", "env", "echo"]),
        Case::new("no such directory").run(["envdir", "env", "echo", "never"]),
        Case::new("an empty name").run(["envdir", "", "echo", "never"]),
        Case::new("a file")
            .setup(|side| drop(side.file("env", "x")))
            .run(["envdir", "env", "echo", "never"]),
        Case::new("a directory in it")
            .setup(|side| drop(side.mkdir("env/sub")))
            .run(["envdir", "env", "echo", "never"]),
        Case::new("a directory in it, and a slash too many")
            .setup(|side| drop(side.mkdir("env/sub")))
            .run(["envdir", "./env/", "echo", "never"]),
        Case::new("a hidden directory in it")
            .setup(|side| drop(side.mkdir("env/.sub")))
            .run(["envdir", "env", "echo", "yes"]),
        Case::new("a file that may not be read").then(|side| {
            side.file("env/V", "x");
            side.mode("env/V", 0o000);
            side.command(["envdir", "env", "echo", "never"])
                .unprivileged()
                .run();
        }),
        Case::new("a directory that may not be entered").then(|side| {
            side.file("env/V", "x");
            side.mode("env", 0o744);
            side.command(["envdir", "env", "echo", "never"])
                .unprivileged()
                .run();
        }),
        Case::new("a directory that may not be read").then(|side| {
            side.file("env/V", "x");
            side.mode("env", 0o711);
            side.command(["envdir", "env", "echo", "never"])
                .unprivileged()
                .run();
        }),
        Case::new("a working directory that may not be read").then(|side| {
            side.file("env/V", "x");
            side.mkdir("here");
            side.mode("here", 0o711);
            side.command(["envdir", "../env", "echo", "never"])
                .cwd("here")
                .unprivileged()
                .run();
        }),
        Case::new("a socket").then(|side| {
            side.mkdir("env");
            let socket = std::os::unix::net::UnixListener::bind(side.path("env/V"));
            side.hold(socket.expect("a socket"));
            side.command(["envdir", "env", "echo", "never"]).run();
        }),
        Case::new("a loop of links")
            .setup(|side| side.symlink("V", "env/V"))
            .run(["envdir", "env", "echo", "never"]),
        Case::new("the program starts where envdir did")
            .setup(|side| {
                side.file("env/V", "x");
            })
            .run(["envdir", "env", "pwd"]),
        Case::new("standard input closed: nothing takes its place").then(|side| {
            side.file("env/V", "x");
            side.command(["envdir", "env", "ls", "/proc/self/fd"])
                .close(0)
                .run();
        }),
    ]
}
