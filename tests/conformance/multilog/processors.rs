//! Processors: what they get, what becomes of their output, and their failures.

use conformance::Case;

use super::{lines, log};

/// The length of lines that the reference writes at once each: where it cuts depends on
/// nothing else then.
const LONG: usize = 512;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let run = |name: &str, processor: &str| {
        log(
            name,
            lines(24, LONG),
            &["s4096", &format!("!{processor}"), "./l"],
        )
    };
    // Fails the first time.
    let once = |how: &str, then: &str| {
        format!("if test -e ../once; then {then}; else : >../once; {how}; fi")
    };
    let mut cases = vec![
        run("a processor that copies", "cat"),
        run("an empty processor", ""),
        run("a processor that changes", "tr 0 x"),
        run("a processor that writes nothing", "true"),
        run("a processor that does not read", "echo done"),
        run(
            "a processor that counts in its state",
            "read n <&4; n=$((n+1)); echo $n >&5; cat; echo $n",
        ),
        run("a processor that leaves its state empty", "cat; cat <&4"),
        run("a processor that says something", "cat; echo warning >&2"),
        run("a processor that lists its directory", "cat >/dev/null; ls"),
        run(
            "a processor's descriptors",
            "cat >/dev/null; for n in 0 1 2 3 4 5 6 7 8 9; do \
             test -e /proc/$$/fd/$n && readlink /proc/$$/fd/$n; done | sed s,.*/,,",
        ),
        run(
            "a processor's modes",
            "cat >/dev/null; stat -c '%n %a %s' *",
        ),
        run("a processor's directory", "cat >/dev/null; pwd"),
        run(
            "a processor's arguments",
            "tr '\\0' '\\n' </proc/$$/cmdline",
        ),
        run(
            "a processor's environment",
            "cat >/dev/null; env | sort | grep -v ^PATH=",
        ),
        run(
            "a processor's signals",
            "exec grep -E 'Sig(Blk|Ign)' /proc/self/status",
        ),
        run("a processor's umask", "umask"),
        run("a processor that makes files", "cat; echo x >mine"),
        run("a processor that fails once", &once("exit 1", "cat")),
        run(
            "a processor that exits 100 once, after output",
            &once("echo half; exit 100", "cat"),
        ),
        run(
            "a processor that fails with its state changed",
            &once("echo bad >&5; exit 1", "cat; cat <&4; echo good >&5"),
        ),
        run(
            "a processor that cannot be found once",
            &once("no-such-program", "cat"),
        ),
    ];
    cases.extend([
        log(
            "processors of several logs",
            lines(24, LONG),
            &["s4096", "!tr 0 a", "./a", "!tr 0 b", "./b"],
        ),
        log(
            "a processor after the log",
            lines(24, LONG),
            &["s4096", "./l", "!tr 0 a"],
        ),
        log("a processor and no rotation", "one\n", &["!tr o a", "./l"]),
        log(
            "a processor and few files",
            lines(70, LONG),
            &["s4096", "n2", "!tr 0 a", "./l"],
        ),
        log(
            "a processor in a stamped log",
            lines(24, LONG),
            &["t", "s4096", "!cut -d' ' -f2", "./l"],
        ),
    ]);
    // The reference wants to remove it, for ever.
    let removed = Case::new("a processor that removes previous").then(|side| {
        let script = ["s4096", "!cat; rm previous", "./l"];
        let command = side.command(super::words(&script));
        let process = command.stdin(lines(24, LONG)).spawn();
        side.log("end", process.wait());
        side.log_output(&process);
        side.log("previous", side.exists("l/previous"));
    });
    cases.push(removed.promises(&["end: exit 0", "stdout:", "stderr:", "previous: false"]));
    let earlier = Case::new("a processor does not see what was left").setup(|side| {
        side.mkdir("l");
        side.file("l/previous", "previous\n");
        side.file("l/current", "current\n");
        side.file("l/state", "7\n");
    });
    let earlier = earlier.stdin("new\n").normal(&[conformance::LABELS]);
    cases.push(earlier.run(["multilog", "!tr a-z A-Z", "./l"]));
    cases
}
