//! The chain loaders: their messages, and everything that the next program inherits.

pub(crate) mod envdir;
pub(crate) mod envuidgid;
pub(crate) mod fghack;
pub(crate) mod pgrphack;
pub(crate) mod setlock;
pub(crate) mod setuidgid;
pub(crate) mod softlimit;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use conformance::calls::with_names_of_32_bits;
use conformance::{Case, Cmd, Side};
use nix::sys::signal::Signal;

/// The words of a chain loader before the next program.
type Loader = &'static [&'static str];

/// `loader` followed by `next`.
fn words(loader: Loader, next: &[&'static str]) -> Vec<&'static str> {
    [loader, next].concat()
}

/// The words of a strace that makes system calls fail.
fn injected<'a>(side: &'a Side, inject: &str, args: &[&str]) -> Cmd<'a> {
    let program = side.bin(args[0]);
    let mut words: Vec<OsString> = ["/usr/bin/strace", "-o", "/dev/null", "-e"]
        .map(OsString::from)
        .to_vec();
    words.push(format!("inject={}", with_names_of_32_bits(inject)).into());
    words.push(program.into());
    words.extend(args[1..].iter().map(OsString::from));
    side.command(words)
}

/// A case with that strace.
fn fault(name: &str, inject: &'static str, args: Vec<&'static str>) -> Case {
    Case::new(name)
        .needs(conformance::case::Need::Strace)
        .then(move |side| {
            injected(side, inject, &args).run();
        })
}

/// The common behaviour of chain loaders: how the next program is found, and what it
/// inherits.
fn common(loader: Loader) -> Vec<Case> {
    let mut cases = vec![
        next(
            loader,
            "the next program's exit code",
            &["sh", "-c", "exit 7"],
        ),
        next(
            loader,
            "the next program gets its words as they are",
            &["printf", "<%s>", "a b", "", "-x", "--", "\u{fc}"],
        ),
        next(
            loader,
            "a name with a slash is not searched",
            &["/bin/echo", "hi"],
        ),
        next(loader, "no such name", &["no-such-program"]),
        next(loader, "no such file", &["/no/such/program"]),
        next(loader, "an empty name", &[""]),
        case("a file that may not be executed")
            .setup(|side| drop(side.file("x", "x")))
            .run(words(loader, &["./x"])),
        case("a directory")
            .setup(|side| drop(side.mkdir("x")))
            .run(words(loader, &["./x"])),
        case("a script without an interpreter's name is not given to a shell")
            .setup(|side| drop(side.executable("x", "echo never\n")))
            .run(words(loader, &["./x"])),
        case("an interpreter that does not exist")
            .setup(|side| drop(side.executable("x", "#!/no/such\n")))
            .run(words(loader, &["./x"])),
        case("a loop of links")
            .setup(|side| side.symlink("x", "x"))
            .run(words(loader, &["./x"])),
        case("a name that is too long").then(move |side| {
            let name = "x".repeat(300);
            side.command(loader.iter().copied().chain([name.as_str()]))
                .run();
        }),
        case("arguments that are no UTF-8").then(move |side| {
            let next = [
                OsStr::new("printf"),
                OsStr::new("<%s>"),
                OsStr::from_bytes(b"\xff\xfe"),
            ];
            side.command(loader.iter().copied().map(OsStr::new).chain(next))
                .run();
        }),
        case("a name that is no UTF-8").then(move |side| {
            let next = [OsStr::from_bytes(b"./\xff")];
            side.command(loader.iter().copied().map(OsStr::new).chain(next))
                .run();
        }),
        case("the environment as it came, in its order").then(move |side| {
            side.command(words(loader, &["cat", "/proc/self/environ"]))
                .env("A=1")
                .env("junk")
                .env("A=2")
                .env("")
                .env("=x")
                .env("Z=\u{fc}")
                .run();
        }),
        case("an empty environment").then(move |side| {
            side.command(words(loader, &["/bin/cat", "/proc/self/environ"]))
                .env_clear()
                .run();
        }),
        case("descriptors as they came").then(move |side| {
            let null = || std::fs::File::open("/dev/null").expect("/dev/null");
            side.command(words(loader, &["ls", "/proc/self/fd"]))
                .pass(5, null())
                .pass(9, null())
                .run();
        }),
        case("standard error is closed, and the next program does not exist").then(move |side| {
            side.command(words(loader, &["no-such-program"]))
                .close(2)
                .run();
        }),
        case("standard error is full, and the next program does not exist").then(move |side| {
            let full = std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .expect("/dev/full");
            side.command(words(loader, &["no-such-program"]))
                .pass(2, full)
                .run();
        }),
        case("all standard descriptors closed, and a program that opens two files").then(
            move |side| {
                side.command(words(
                    loader,
                    &["sh", "-c", "exec 3>opened; ls /proc/self/fd >&3"],
                ))
                .close(0)
                .close(1)
                .close(2)
                .run();
            },
        ),
    ];
    for (name, signal) in [
        ("PIPE", Signal::SIGPIPE),
        ("TERM", Signal::SIGTERM),
        ("CHLD", Signal::SIGCHLD),
    ] {
        let status = words(loader, &["grep", "^Sig[BIC]", "/proc/self/status"]);
        let again = status.clone();
        cases.push(case(format!("{name} ignored")).then(move |side| {
            side.command(&status).ignore(signal).run();
        }));
        cases.push(case(format!("{name} blocked")).then(move |side| {
            side.command(&again).block(signal).run();
        }));
    }
    cases
}

/// A case in a directory where `env` is an empty directory, for envdir.
fn case(name: impl Into<String>) -> Case {
    Case::new(name).setup(|side| drop(side.mkdir("env")))
}

fn next(loader: Loader, name: &str, next: &[&'static str]) -> Case {
    case(name).run(words(loader, next))
}

/// The search of PATH. All have the same code, so one is tested.
fn search(loader: Loader) -> Vec<Case> {
    let path = move |name: &str, path: &'static str, program: &'static str| {
        Case::new(format!("PATH: {name}"))
            .setup(|side| {
                side.script("good/prog", "echo good");
                side.script("better/prog", "echo better");
                side.file("denied/prog", "x");
                side.executable("format/prog", "echo never");
                side.mkdir("dir/prog");
                side.file("file", "x");
                side.symlink("loop", "loop");
                side.executable("stale/prog", "#!/no/such/interpreter\n");
            })
            .then(move |side| {
                side.command(words(loader, &[program]))
                    .env_clear()
                    .env(path)
                    .run();
            })
    };
    vec![
        path("the first that there is", "PATH=good:better", "prog"),
        path(
            "a missing directory is passed over",
            "PATH=none:better",
            "prog",
        ),
        path("a denied file is passed over", "PATH=denied:good", "prog"),
        path("a denied file is remembered", "PATH=denied:none", "prog"),
        path(
            "a directory of the name is passed over",
            "PATH=dir:good",
            "prog",
        ),
        path("a directory of the name is remembered", "PATH=dir", "prog"),
        path(
            "the last that is remembered counts",
            "PATH=denied:dir:none",
            "prog",
        ),
        path(
            "a file without format ends the search",
            "PATH=format:good",
            "prog",
        ),
        path("a file in PATH ends the search", "PATH=file:good", "prog"),
        path("a loop in PATH ends the search", "PATH=loop:good", "prog"),
        path(
            "a missing interpreter is passed over",
            "PATH=stale:good",
            "prog",
        ),
        path(
            "an empty element is the working directory",
            "PATH=none::good",
            "file",
        ),
        path("an empty PATH is the working directory", "PATH=", "file"),
        path(
            "a colon at the end is the working directory",
            "PATH=none:",
            "file",
        ),
        path("the first PATH counts", "PATH=good", "prog"),
        path("no PATH", "NOPATH=good", "prog"),
        path("no PATH, and a system program", "NOPATH=good", "echo"),
        path("a PATH that is no variable", "PATH", "prog"),
        path("a name with a slash", "PATH=good", "better/prog"),
        Case::new("PATH: two of them")
            .setup(|side| {
                side.script("good/prog", "echo good");
                side.script("better/prog", "echo better");
            })
            .then(move |side| {
                side.command(words(loader, &["prog"]))
                    .env_clear()
                    .env("PATH=better")
                    .env("PATH=good")
                    .run();
            }),
        Case::new("PATH: an element longer than any name").then(move |side| {
            let path = format!("PATH={}:/bin", "x".repeat(5000));
            side.command(words(loader, &["echo", "never"]))
                .env_clear()
                .env(path)
                .run();
        }),
        Case::new("PATH: an element as long as a name may be").then(move |side| {
            let path = format!("PATH={}:/bin", "./".repeat(2044));
            side.command(words(loader, &["echo", "found"]))
                .env_clear()
                .env(path)
                .run();
        }),
        Case::new("PATH: an element one byte longer").then(move |side| {
            let path = format!("PATH={}/:/bin", "./".repeat(2045));
            side.command(words(loader, &["echo", "never"]))
                .env_clear()
                .env(path)
                .run();
        }),
    ]
}
