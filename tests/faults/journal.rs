//! Operators change multilog's files: they empty them while it runs, on a full disk too,
//! copy them, or remove the lock. Lines that the reference keeps are kept.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use conformance::case::Need;
use conformance::{Case, Exit, Side};

use crate::multilog::last_line;
use crate::sweep::multilog::{contents, filled, numbered};

/// Small files, none of which is removed.
const SMALL: [&str; 4] = ["multilog", "n1000", "s4096", "./log"];
/// One large file.
const LARGE: [&str; 4] = ["multilog", "n1000", "s16777215", "./log"];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![copied(), without_lock(), in_a_glob(), at_full_speed()];
    for how in [
        ": >$f",
        "truncate -s 0 $f",
        "truncate -s 5000 $f",
        "cp /dev/null $f",
        "cp $f /dev/null; truncate -s 0 $f",
        "cat $f >/dev/null",
        "rm $f",
    ] {
        cases.push(emptied(how));
    }
    cases.extend(["tmpfs", "ext4", "btrfs"].map(full));
    cases
}

/// All files of a log, the hidden one included.
fn each(how: &str) -> String {
    // A program that opens without blocking, as truncate(1), gets an error while multilog
    // has its lease on the journal.
    format!("for f in log/* log/.pending; do [ ! -f $f ] || {{ {how}; }}; done 2>/dev/null; :")
}

fn sh(side: &Side, script: &str) {
    side.command(["/bin/sh", "-c", script]).run();
}

/// The files are changed between two parts of the input.
fn emptied(how: &'static str) -> Case {
    Case::scenario(format!("{how} on each file"), move |side| {
        let (reader, mut writer) = side.pipe();
        let multilog = side.command(LARGE).stdin_file(reader).spawn();
        let log = side.path("log");
        writer.write_all(b"first\nhalf ").expect("a reader");
        side.until("a line", || {
            log.join("current").exists() && contents(&log).starts_with(b"first\n")
        });
        sh(side, &each(how));
        writer.write_all(b"and half\nlast\n").expect("a reader");
        drop(writer);
        side.log("end", multilog.wait());
        let current = fs::read(log.join("current")).unwrap_or_default();
        side.log_bytes("current", &current);
    })
}

/// The files are changed all the time, at full speed.
fn at_full_speed() -> Case {
    Case::scenario("the journal is cut all the time", |side| {
        let (reader, mut writer) = side.pipe();
        let multilog = side.command(LARGE).stdin_file(reader).spawn();
        let all = numbered(200_000);
        let script = "until [ -e stop ]; do : >log/.pending; truncate -s 9000 log/.pending; done";
        let cutter = side.command(["/bin/sh", "-c", script]).spawn();
        writer.write_all(&all).expect("a reader");
        drop(writer);
        side.log("end", multilog.wait());
        side.file("stop", "");
        let _ = cutter.wait();
        side.log("all there, once", contents(&side.path("log")) == all);
    })
    .promises(&["end: exit 0", "all there, once: true"])
}

/// A full disk, and space that is made by emptying the logs.
fn full(kind: &'static str) -> Case {
    Case::scenario(format!("a full {kind}, freed by emptying"), move |side| {
        let all = numbered(900);
        side.mkdir("disk");
        let mount = side.path("disk").display().to_string();
        let here = side.dir().display().to_string();
        // A mount of its own, which ends with its namespace.
        let make = match kind {
            "tmpfs" => format!("mount -t tmpfs -o size=400k none {mount}"),
            "ext4" => format!("truncate -s 8M i && mkfs.ext4 -q i && mount -o loop i {mount}"),
            _ => format!("truncate -s 120M i && mkfs.btrfs -q i && mount -o loop i {mount}"),
        };
        let program = side.bin("multilog").display().to_string();
        let words = LARGE[1..].join(" ");
        let lines = format!(
            "PATH=$PATH:/usr/sbin:/sbin; cd {here} && {make} 2>/dev/null || exit 99\n\
             cd {mount} && exec {program} {words}"
        );
        side.script("mounted", &lines);
        let (reader, mut writer) = side.pipe();
        let multilog = side
            .command(["/usr/bin/unshare", "-m", "./mounted"])
            .stdin_file(reader)
            .spawn();
        let inside = PathBuf::from(format!("/proc/{}/root{mount}", multilog.pid()));
        let log = inside.join("log");
        let third = all.len() / 3;
        writer.write_all(&all[..third]).expect("a reader");
        side.until("the first lines", || {
            multilog.ended().is_some() || log.join("state").exists() && !contents(&log).is_empty()
        });
        if multilog.ended() == Some(Exit::Code(99)) {
            println!("left out: no {kind} can be made and mounted here");
            return;
        }
        // What an idle journal gives back would be room for lines.
        side.until("the journal is small", || {
            fs::metadata(log.join(".pending")).map_or(true, |about| about.blocks() <= 16)
        });
        fill(side, &inside);
        let mut rest = all[third..].chunks(third / 8);
        for piece in rest.by_ref().take(12) {
            writer.write_all(piece).expect("room in the pipe");
            sync(side, &inside);
        }
        side.until("the message", || !multilog.stderr().is_empty());
        let before = contents(&log);
        for name in ["log/current", "log/lock", "log/state", "filler"] {
            let file = File::options().write(true).open(inside.join(name));
            file.and_then(|file| file.set_len(0))
                .expect("an empty file");
        }
        rest.for_each(|piece| writer.write_all(piece).expect("room in the pipe"));
        side.until("the last line", || {
            multilog.ended().is_some() || contents(&log).ends_with(last_line(&all))
        });
        let after = contents(&log);
        side.log(
            "in order",
            all.starts_with(&before) && all.ends_with(&after),
        );
        side.log(
            "lost",
            all.len().cast_signed() - (before.len() + after.len()).cast_signed(),
        );
        drop(writer);
        side.log("end", multilog.wait());
    })
    .needs(Need::Namespaces)
    .without_files()
}

fn fill(side: &Side, inside: &Path) {
    let mut file = File::create(inside.join("filler")).expect("a file on the mount");
    for size in [65536, 512] {
        while file.write(&vec![0; size]).is_ok() {}
        sync(side, inside);
    }
}

fn sync(side: &Side, inside: &Path) {
    let _ = side
        .command(["/bin/sync", "-f", inside.to_str().expect("ASCII")])
        .spawn()
        .wait();
}

/// Two multilogs at once, since the lock was removed.
fn without_lock() -> Case {
    Case::scenario("the lock is removed while it runs", |side| {
        let logged = || contents(&side.path("log"));
        let start = || {
            let (reader, writer) = side.pipe();
            let run = side.command(LARGE).stdin_file(reader).spawn();
            (run, writer)
        };
        let (first, mut to_first) = start();
        to_first.write_all(b"a first\n").expect("a reader");
        side.until("a line", || {
            side.exists("log/current") && !logged().is_empty()
        });
        side.remove("log/lock");
        let (second, mut to_second) = start();
        to_second.write_all(b"b first\n").expect("a reader");
        side.until("its line", || {
            String::from_utf8_lossy(&logged()).contains("b first\n")
        });
        for number in 0..200 {
            writeln!(to_first, "a {number}").expect("a reader");
            writeln!(to_second, "b {number}").expect("a reader");
        }
        drop((to_first, to_second));
        side.log("ends", format!("{} {}", first.wait(), second.wait()));
        let text = String::from_utf8_lossy(&logged()).into_owned();
        let mut lines: Vec<_> = text.lines().collect();
        side.log("lines", lines.len());
        lines.sort_unstable();
        lines.dedup();
        side.log("distinct", lines.len());
        let own = |line: &&&str| line.starts_with("a ") || line.starts_with("b ");
        side.log("as they were written", lines.iter().filter(own).count());
    })
    .without_files()
}

/// A copy of a log is another log: it must not get the pending input of the first one.
fn copied() -> Case {
    Case::scenario("a copied log", |side| {
        let all = numbered(200);
        side.mkdir("original");
        let input = filled(side, &all);
        let program = side.bin("multilog");
        let killed = [
            "/usr/bin/strace",
            "-qq",
            "-o/dev/null",
            "-einject=write:signal=KILL:when=3",
        ];
        let run = |below: &[&str], dir: &str, input: File| {
            let words = below.iter().map(AsRef::as_ref).chain([program.as_os_str()]);
            let words = words.chain(SMALL[1..].iter().map(AsRef::as_ref));
            side.command(words)
                .cwd(dir)
                .stdin_file(input)
                .spawn()
                .wait()
        };
        run(&killed, "original", input.try_clone().expect("the pipe"));
        for (name, copy) in [
            ("cp -a", "cp -a original copy"),
            ("cp -r", "cp -r original copy"),
            ("tar", "mkdir copy && tar cC original . | tar xC copy"),
        ] {
            sh(side, copy);
            let before = contents(&side.path("copy/log"));
            let nothing = File::open("/dev/null").expect("/dev/null");
            let end = run(&[], "copy", nothing);
            let same = contents(&side.path("copy/log")) == before;
            side.log(name, format!("{end}, nothing is added: {same}"));
            side.remove("copy");
        }
        let end = run(&[], "original", input);
        let whole = contents(&side.path("original/log")) == all;
        side.log("the original", format!("{end}, all there: {whole}"));
    })
    .needs(Need::Strace)
    .promises(&[
        "run: /bin/sh -c cp -a original copy",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "cp -a: exit 0, nothing is added: true",
        "run: /bin/sh -c cp -r original copy",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "cp -r: exit 0, nothing is added: true",
        "run: /bin/sh -c mkdir copy && tar cC original . | tar xC copy",
        "end: exit 0",
        "stdout:",
        "stderr:",
        "tar: exit 0, nothing is added: true",
        "the original: exit 0, all there: true",
    ])
}

/// A shell's `*` matches the same names as in the reference.
fn in_a_glob() -> Case {
    Case::scenario("no glob meets the journal", |side| {
        let (reader, mut writer) = side.pipe();
        let multilog = side.command(SMALL).stdin_file(reader).spawn();
        writer.write_all(b"a line\nhalf of one").expect("a reader");
        side.until("a line", || {
            side.exists("log/current") && !side.read("log/current").is_empty()
        });
        sh(side, "echo log/*; cat log/*");
        drop(writer);
        side.log("end", multilog.wait());
    })
}
