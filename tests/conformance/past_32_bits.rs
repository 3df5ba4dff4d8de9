//! Numbers that 32 bits do not hold: inodes, and offsets in files past 2 GiB. Limits and
//! times have their cases with softlimit and tai64nlocal.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use conformance::case::Need;
use conformance::{Case, Exit, LABELS, PIDS, SECONDS, Side};

/// Just below 2 GiB, so that a few lines are on both sides of it, and past 4 GiB.
const SIZES: [u64; 2] = [(1 << 31) - 12, (1 << 32) + 1];

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![inodes()];
    for size in SIZES {
        cases.push(converted(size));
        for (mode, state) in [(0o744, "closed"), (0o644, "left open")] {
            cases.push(finished(size, mode, state));
        }
        cases.push(appended(size));
    }
    cases
}

/// Two services and their logs on an overlay that puts the number of the layer into the
/// upper bits of inodes.
fn inodes() -> Case {
    const SCRIPT: &str = "mkdir l u m; mount -t tmpfs none l; mount -t tmpfs none u; mkdir u/u u/w
        mv service l/; mount -t overlay none -o lowerdir=l,upperdir=u/u,workdir=u/w,xino=on m || exit 99
        cd m/service; echo $(($(stat -c %i a) > 4294967296)) $(($(stat -c %i a/run) > 4294967296))
        svscan & svscan=$!
        for x in a b; do until [ -s $x/log/main/current ]; do sleep 0.02; done; done
        svstat a b a/log b/log; kill $svscan
        svc -dx a b; svc -x a/log b/log; wait
        for x in a b a/log b/log; do while svok $x; do sleep 0.02; done; done
        cat a/log/main/current b/log/main/current";
    Case::new("services on inodes past 32 bits")
        .then(|side| {
            for name in ["a", "b"] {
                side.service(
                    &format!("service/{name}"),
                    &format!("echo {name}; exec sleep 1000"),
                );
                side.service(&format!("service/{name}/log"), "exec multilog ./main");
            }
            let script = side.command(["/usr/bin/unshare", "-m", "sh", "-c", SCRIPT]);
            let script = script.spawn();
            let end = script.wait();
            if end == Exit::Code(99) {
                println!("left out: no overlay with xino=on can be mounted here");
            }
            side.log("script", end);
            side.log_output(&script);
        })
        .normal(&[PIDS, SECONDS])
        .needs(Need::Namespaces)
        .without_files()
}

/// A file of this size, all of it a hole.
fn hole(path: &Path, size: u64) -> File {
    let file = File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(path);
    let file = file.expect("a file");
    file.set_len(size).expect("its length");
    file
}

/// Input and output of tai64nlocal are files, and are at this offset.
fn converted(size: u64) -> Case {
    Case::new(format!("tai64nlocal at {size}"))
        .then(move |side| {
            let at = |name| {
                let mut file = hole(&side.path(name), size);
                file.seek(SeekFrom::End(0)).expect("its end");
                file
            };
            let (mut input, output) = (at("in"), at("out"));
            for second in 0..3 {
                writeln!(input, "@40000000f486570{second}00000000 x").expect("a line");
            }
            input.seek(SeekFrom::Start(size)).expect("its end");
            side.command(["tai64nlocal"])
                .env("TZ=UTC0")
                .stdin_file(input)
                .pass(1, output.try_clone().expect("a descriptor"))
                .run();
            side.log_bytes("it wrote", &from(&side.path("out"), size));
        })
        .without_files()
}

fn from(path: &Path, offset: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).expect("a file");
    file.seek(SeekFrom::Start(offset)).expect("its end");
    file.read_to_end(&mut bytes).expect("its bytes");
    bytes
}

fn leave_current(side: &Side, size: u64, mode: u32) {
    side.mkdir("log");
    hole(&side.path("log/current"), size);
    side.mode("log/current", mode);
}

/// The names, modes and sizes of what is in the log.
fn list(side: &Side) {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(side.path("log")).expect("a log");
    let mut lines: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let facts = entry.metadata().expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            format!("{name} {:o} {}", facts.mode(), facts.size())
        })
        .filter(|line| !line.starts_with(".pending"))
        .collect();
    lines.sort();
    for line in lines {
        side.log("log", line);
    }
}

/// `current` is larger than this multilog's files get.
fn finished(size: u64, mode: u32, state: &str) -> Case {
    Case::new(format!(
        "multilog finishes a current of {size} bytes, {state}"
    ))
    .then(move |side| {
        leave_current(side, size, mode);
        side.command(["multilog", "s4096", "./log"])
            .stdin("line\n")
            .run();
        list(side);
    })
    .normal(&[LABELS])
    .without_files()
}

/// `B` of ours asks for files as large as this.
fn appended(size: u64) -> Case {
    let lines = [
        format!("log: current 100744 {}", size + 5),
        "log: lock 100600 0".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut expected = vec![
        "run: multilog B9000000000 ./log",
        "end: exit 0",
        "stdout:",
        "stderr:",
    ];
    expected.extend(lines);
    expected.push("current: line");
    Case::new(format!("multilog appends to a current of {size} bytes"))
        .then(move |side| {
            leave_current(side, size, 0o744);
            side.command(["multilog", "B9000000000", "./log"])
                .stdin("line\n")
                .run();
            list(side);
            side.log_bytes("current", &from(&side.path("log/current"), size));
        })
        .without_files()
        .promises(&expected)
}
