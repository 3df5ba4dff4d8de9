//! softlimit: every letter, every kind of number, and limits that are too high.

use conformance::Case;

use super::{common, fault, words};

const LIMITS: &[&str] = &["cat", "/proc/self/limits"];

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["softlimit", "-c", "1000"]);
    // The system's own limits, which are the same for both sides.
    let set = |options: &'static [&'static str]| {
        let args = [&["softlimit"], options, LIMITS].concat();
        Case::new(options.join(" ")).run(args)
    };
    cases.extend([
        set(&[]),
        set(&["-a", "1000000000"]),
        set(&["-c", "4096"]),
        set(&["-d", "1000000000"]),
        set(&["-f", "123456"]),
        set(&["-f", "4294967295"]),
        set(&["-f", "4294967296"]),
        set(&["-f", "5368709120"]),
        set(&["-l", "4096"]),
        set(&["-m", "1000000000"]),
        set(&["-o", "50"]),
        set(&["-p", "5000"]),
        set(&["-r", "1000000"]),
        set(&["-s", "1000000"]),
        set(&["-t", "100"]),
        set(&["-a="]),
        set(&["-m", "="]),
        set(&["-c", "5", "-c", "="]),
        set(&["-c5", "-c6"]),
        set(&["-c", "6", "-f7", "-o", "40", "-t", "9"]),
        set(&["-c", ""]),
        set(&["-c", "007"]),
        set(&["-l", "99999999999999"]),
        set(&["-o", "99999999999999"]),
        set(&["-c", "18446744073709551614"]),
        set(&["-c", "18446744073709551615"]),
        set(&["-c", "9223372036854775808"]),
        set(&["--", "-c"]),
        set(&["-c", "5", "--"]),
        set(&["--c=5"]),
        set(&["-"]),
        set(&["-c", "0x10"]),
        set(&["-c", "-1"]),
        set(&["-c", "+1"]),
        set(&["-c", " 1"]),
        set(&["-c", "1 "]),
        set(&["-c", "1k"]),
        set(&["-c", "=1"]),
        set(&["-c", "=="]),
        set(&["-cf", "5"]),
        set(&["-z"]),
        set(&["-z", "5"]),
        set(&["-c", "5", "-z"]),
        set(&["-:", "5"]),
        Case::new("no program").run(["softlimit", "-c", "5"]),
        Case::new("no arguments").run(["softlimit"]),
        Case::new("a letter without its number").run(["softlimit", "-c"]),
        Case::new("numbers past 64 bits")
            .run(words(
                &["softlimit", "-c", "18446744073709551616"],
                &["sh", "-c", "ulimit -c"],
            ))
            .differs(
                "a number too large is no small limit",
                &["stdout: 0"],
                &["stdout: unlimited"],
            ),
        Case::new("numbers far past 64 bits")
            .run(words(
                &["softlimit", "-c", "99999999999999999999999"],
                &["sh", "-c", "ulimit -c"],
            ))
            .differs(
                "a number too large is no small limit",
                &["stdout: 391360196329471"],
                &["stdout: unlimited"],
            ),
    ]);
    // A hard limit on a resource that the harness's own programs do not need.
    let hard = |value: &'static str| {
        Case::new(format!("-f {value} under a hard limit")).then(move |side| {
            side.command(["softlimit", "-f", value, "cat", "/proc/self/limits"])
                .limit(libc::RLIMIT_FSIZE, 1_000_000)
                .run();
        })
    };
    cases.extend(
        [
            "0",
            "=",
            "999999",
            "1000000",
            "1000001",
            "18446744073709551615",
        ]
        .map(hard),
    );
    // The effect of the limits on softlimit itself and on its search.
    let tight = |options: &'static [&'static str], next: &'static [&'static str]| {
        let args = [&["softlimit"], options, next].concat();
        Case::new(args[1..].join(" ")).run(args)
    };
    cases.extend([
        tight(&["-a", "0"], &["no-such-program"]),
        tight(&["-m", "0"], &["no-such-program"]),
        tight(&["-d", "0"], &["no-such-program"]),
        tight(&["-s", "0"], &["no-such-program"]),
        tight(&["-m0"], &["true"]),
        tight(&["-a0"], &["/bin/true"]),
        tight(&["-s", "100"], &["/bin/true"]),
        tight(&["-f", "0"], &["sh", "-c", "echo x > file"]),
        tight(&["-o", "3"], &["/no/such/program"]),
        fault(
            "getrlimit fails",
            "prlimit64:error=EPERM",
            vec!["softlimit", "-c", "5", "echo", "never"],
        ),
    ]);
    cases
}
