//! Injected faults: after a failure multilog warns, pauses and tries again. No line is lost
//! and none is in the log twice.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use common::{contents, finished, input, lines, said, start, start_tampered, start_traced, until};

/// A log of small files that are never removed.
const SMALL: [&str; 3] = ["n1000", "s4096", "./log"];

/// Runs with one fault and checks the message and the log.
fn comes_through(inject: &str, script: &[&str], message: &str) {
    let place = tempfile::tempdir().unwrap();
    let all = lines(400);
    let stdin = input(place.path(), &all);
    let Some(mut child) = start_tampered(place.path(), inject, script, stdin) else {
        return;
    };
    assert!(child.wait().unwrap().success());
    let said = said(place.path());
    assert!(said.contains(message), "{inject}: {said}");
    assert!(
        contents(&place.path().join("log")) == all,
        "{inject}: other lines"
    );
}

macro_rules! faults {
    ($($name:ident: $inject:expr, $message:expr;)*) => {$(
        #[test]
        fn $name() {
            comes_through($inject, &SMALL, concat!("multilog: warning: unable to ", $message));
        }
    )*};
}

faults! {
    no_space_in_a_write: "write:error=ENOSPC:when=2",
        "write to ./log/current, pausing: out of disk space\n";
    fsync_fails: "fsync:error=EIO:when=1",
        "write ./log/current to disk, pausing: input/output error\n";
    // The first is that of the journal.
    rename_fails: "rename,renameat,renameat2:error=EIO:when=2",
        "rename current to previous in directory ./log, pausing: input/output error\n";
    // Failing once, it goes the long way, by `previous`; that has to fail as well.
    a_finished_file_gets_no_name: "renameat2:error=EIO:when=1..2", "link to ./log/@";
    the_mode_cannot_be_set: "fchmod:error=EIO:when=2..3",
        "set mode of ./log/previous, pausing: input/output error\n";
    fchdir_fails: "fchdir:error=EIO:when=3", "switch to ./log, pausing: input/output error\n";
}

#[test]
fn the_directory_cannot_be_synced() {
    // The files that the processor leaves are synced before it.
    comes_through(
        "fsync:error=EIO:when=4",
        &["n1000", "s4096", "!cat", "./log"],
        "multilog: warning: unable to write ./log to disk, pausing: input/output error\n",
    );
}

/// Guards against a power cut that leaves a file without a name: one rename gives it the
/// new name, or else the new name is on the disk before the old one is removed.
#[test]
fn a_finished_file_has_a_name_on_the_disk_at_every_moment() {
    for can_rename in [true, false] {
        let place = tempfile::tempdir().unwrap();
        let all = lines(400);
        let calls = "trace=renameat2,linkat,fsync,unlink,unlinkat";
        let mut options = vec!["-o", "calls", "-e", calls];
        if !can_rename {
            options.extend(["-e", "inject=renameat2:error=EINVAL"]);
        }
        let stdin = input(place.path(), &all);
        let Some(mut child) = start_traced(place.path(), &options, &SMALL, stdin) else {
            return;
        };
        assert!(child.wait().unwrap().success());
        assert!(contents(&place.path().join("log")) == all);
        let calls = fs::read_to_string(place.path().join("calls")).unwrap();
        let calls: Vec<_> = calls.lines().collect();
        let named = |call| calls.iter().filter(|line| line.starts_with(call)).count();
        let tries = if can_rename { 1 } else { 2 };
        let count = finished(&place.path().join("log")).len();
        assert_eq!(count * tries, named("renameat2("));
        if can_rename {
            assert_eq!(named("linkat("), 0, "{calls:?}");
            continue;
        }
        for (at, call) in calls.iter().enumerate() {
            if call.starts_with("linkat(") {
                assert!(calls[at + 1].starts_with("fsync("), "{:?}", &calls[at..]);
                assert!(calls[at + 2].contains("\"previous\""), "{:?}", &calls[at..]);
            }
        }
    }
}

/// Guards against a short write that is taken for none or for a whole one, and against
/// SIGXFSZ, which kills the reference.
#[test]
fn a_file_that_may_not_grow_is_a_full_disk() {
    let place = tempfile::tempdir().unwrap();
    let all = lines(4000);
    let script = format!("ulimit -S -f 100; exec {} s999999 ./log", common::MULTILOG);
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.path())
        .stdin(input(place.path(), &all))
        .stderr(File::create(place.path().join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let warning = "unable to write to ./log/current, pausing: file too big\n";
    until("a warning", || said(place.path()).contains(warning));
    let raised = Command::new("prlimit")
        .args(["--pid", &child.id().to_string(), "--fsize=unlimited:"])
        .status();
    assert!(raised.unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(contents(&place.path().join("log")) == all);
}

#[test]
fn a_processor_that_fails_and_one_that_crashes_run_again_with_the_old_state() {
    for (trouble, message) in [("exit 1", "failed"), ("kill -9 $$", "crashed")] {
        let place = tempfile::tempdir().unwrap();
        let all = lines(60);
        let command = format!(
            "!cat; cat <&4 >>../states; echo s >&5; test -e ../once || {{ : >../once; {trouble}; }}"
        );
        let script = ["s4096", command.as_str(), "./log"];
        let mut child = start(place.path(), &script, input(place.path(), &all));
        assert!(child.wait().unwrap().success());
        let warning = format!("multilog: warning: processor {message} in ./log, pausing\n");
        assert_eq!(said(place.path()), warning);
        assert!(contents(&place.path().join("log")) == all);
        assert_eq!(fs::read(place.path().join("states")).unwrap(), b"");
        assert_eq!(fs::read(place.path().join("log/state")).unwrap(), b"s\n");
    }
}

/// A journal that cannot grow on a full disk means small reads, and nothing else: no
/// message, no line lost.
#[test]
fn a_journal_that_cannot_grow_means_small_reads() {
    let place = tempfile::tempdir().unwrap();
    let all = lines(4000);
    let calls = "trace=read,fallocate";
    let inject = "inject=fallocate:error=ENOSPC:when=2+";
    let options = ["-o", "calls", "-e", calls, "-e", inject];
    let stdin = input(place.path(), &all);
    let Some(mut child) = start_traced(place.path(), &options, &["./log"], stdin) else {
        return;
    };
    assert!(child.wait().unwrap().success());
    assert_eq!(said(place.path()), "");
    assert!(contents(&place.path().join("log")) == all);
    let calls = fs::read_to_string(place.path().join("calls")).unwrap();
    assert!(calls.contains("ENOSPC"), "it did not try to grow: {calls}");
    let sizes = calls
        .lines()
        .filter(|line| line.starts_with("read(0,"))
        .filter_map(|line| line.rsplit_once("= ")?.1.parse::<usize>().ok());
    let most = sizes.max().unwrap();
    assert!((2000..=4096).contains(&most), "{most} bytes in one read");
}

/// A flood of alerts takes few writes, of whole lines, each of which a pipe takes whole.
#[test]
fn alerts_are_gathered() {
    let place = tempfile::tempdir().unwrap();
    let all = lines(400);
    let options = ["-s", "5000", "-o", "calls", "-e", "trace=write"];
    let stdin = input(place.path(), &all);
    let Some(mut child) = start_traced(place.path(), &options, &["e"], stdin) else {
        return;
    };
    assert!(child.wait().unwrap().success());
    assert_eq!(said(place.path()).as_bytes(), all);
    let calls = fs::read_to_string(place.path().join("calls")).unwrap();
    let writes: Vec<_> = calls
        .lines()
        .filter(|l| l.starts_with("write(2,"))
        .collect();
    assert!(writes.len() < 40, "{} writes", writes.len());
    for write in writes {
        let (text, len) = write.rsplit_once("\", ").unwrap();
        assert!(text.ends_with("\\n"), "a line is divided: {text}");
        let len: usize = len.split(')').next().unwrap().parse().unwrap();
        assert!(len <= 4096, "{len} bytes");
    }
}

/// Guards against EAGAIN that is taken for the end of the input.
#[test]
fn input_that_does_not_block_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let (ours, its) = UnixStream::pair().unwrap();
    its.set_nonblocking(true).unwrap();
    let mut child = start(place.path(), &["./log"], std::os::fd::OwnedFd::from(its));
    let current = place.path().join("log/current");
    for line in ["one\n", "two\n"] {
        (&ours).write_all(line.as_bytes()).unwrap();
        until(line, || {
            fs::read_to_string(&current).is_ok_and(|text| text.ends_with(line))
        });
        assert!(
            child.try_wait().unwrap().is_none(),
            "it took EAGAIN for the end"
        );
    }
    drop(ours);
    assert!(child.wait().unwrap().success());
}

/// Guards against SIGPIPE, and against waiting for ever for a reader.
#[test]
fn a_dead_and_a_full_standard_error_stop_nothing() {
    let all = lines(20_000);
    for is_dead in [true, false] {
        let place = tempfile::tempdir().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        let reader = (!is_dead).then_some(reader);
        let mut child = Command::new(common::MULTILOG)
            .args(["e", "n1000", "./log"])
            .current_dir(place.path())
            .stdin(input(place.path(), &all))
            .stderr(writer)
            .spawn()
            .unwrap();
        assert!(child.wait().unwrap().success());
        assert!(contents(&place.path().join("log")) == all);
        drop(reader);
    }
}

/// Guards against a clock that was set back, after which the newest files would be removed
/// first, and against removing files that are not ours.
#[test]
fn files_from_the_future_and_foreign_files_stay() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    fs::create_dir(&log).unwrap();
    let future = "@4000000fffffffff00000000.s";
    let foreign = [
        "@mine-and-longer-than-25-bytes.",
        "@4000000000000000ABCDEF00.s",
        "@",
    ];
    for name in foreign.iter().chain([&future]) {
        fs::write(log.join(name), "mine\n").unwrap();
    }
    let all = lines(400);
    let script = ["n3", "s4096", "./log"];
    let mut child = start(place.path(), &script, input(place.path(), &all));
    assert!(child.wait().unwrap().success());
    for name in foreign {
        assert!(log.join(name).exists(), "{name} was removed");
        fs::remove_file(log.join(name)).unwrap();
    }
    let files = finished(&log);
    assert_eq!(files.len(), 2);
    assert!(
        files
            .iter()
            .all(|file| file.file_name().unwrap().to_str().unwrap() > future)
    );
    assert!(
        all.ends_with(&contents(&log)),
        "the newest lines have to be there"
    );
}

#[test]
fn a_line_without_end_costs_no_memory() {
    let place = tempfile::tempdir().unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let script = ["t", "-*y*", "n2", "s16777215", "./log"];
    let mut child = start(place.path(), &script, reader);
    for _ in 0..1024 {
        writer.write_all(&[b'z'; 64 << 10]).unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes < 8192, "{peak}");
    drop(writer);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_whole_directory_stays_within_its_total() {
    let place = tempfile::tempdir().unwrap();
    let script = ["n1000", "s4096", "S20000", "./log"];
    let mut child = start(place.path(), &script, input(place.path(), &lines(2000)));
    assert!(child.wait().unwrap().success());
    let bytes = contents(&place.path().join("log")).len();
    assert!((10_000..=20_000).contains(&bytes), "{bytes}");
}
