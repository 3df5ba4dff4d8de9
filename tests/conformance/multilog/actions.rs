//! The actions of a script, apart from rotation and processors.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use conformance::Case;

use super::log;

/// Lines for the patterns to choose from.
const MENU: &[u8] = b"\n*\n**\n+\na\nab\nabc\nabcabc\nabd\naab\nb\nba\nhello world\n\
    hello  world\nhello*world\na*b\nxaxb\nx ab\nab x\n\\*\n\0\na\0b\n\xff\xfe\n t\n";

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = patterns();
    cases.extend(selection());
    cases.extend(stamps());
    cases.extend(alerts());
    cases.extend(statuses());
    cases.extend(inputs());
    cases
}

fn patterns() -> Vec<Case> {
    let patterns: [&[u8]; 30] = [
        b"",
        b"*",
        b"**",
        b"***",
        b"a",
        b"a*",
        b"*a",
        b"*b",
        b"*c",
        b"*ab",
        b"a*b",
        b"a*c",
        b"*a*",
        b"*ab*",
        b"*a*b",
        b"a**b",
        b"**b",
        b"ab*c",
        b"* *",
        b"hello *",
        b"hello*world",
        b"hello world",
        b"hello world ",
        b"\\*",
        b"?",
        b"[a]",
        b"\xff*",
        b"*\xfe",
        b"a**",
        b" *",
    ];
    let mut cases = Vec::new();
    for (sign, first) in [(b'+', "-*"), (b'-', "+*")] {
        for pattern in patterns {
            let word = [&[sign], pattern].concat();
            let name = format!("{first} {}", String::from_utf8_lossy(&word));
            let script = [
                OsStr::new(first),
                OsStr::from_bytes(&word),
                OsStr::new("./l"),
            ];
            cases.push(log(name, MENU, &script));
        }
    }
    // What is behind the first 1000 bytes is not looked at.
    for length in [998, 999, 1000, 1001, 1002] {
        let line = [vec![b'x'; length], b"y\n".to_vec()].concat();
        let name = format!("a pattern's end after {length} bytes");
        cases.push(log(name, line.clone(), &["-*", "+*y", "./l"]));
        let exact = format!("+{}", "x".repeat(length));
        let name = format!("an exact pattern of {length} bytes, a longer line");
        cases.push(log(name, line, &["-*", &exact, "./l"]));
    }
    cases
}

fn selection() -> Vec<Case> {
    let input = "keep a\nkeep b\ndrop a\ndrop b\n";
    let run = |script: &[&str]| log(format!("script {}", script.join(" ")), input, script);
    vec![
        run(&["./l"]),
        run(&["-*", "./l"]),
        run(&["-drop*", "./l"]),
        run(&["-*", "+keep*", "./l"]),
        run(&["-*", "+keep*", "-* a", "./l"]),
        run(&["./all", "-drop*", "./some", "-*", "./none", "+* b", "./b"]),
        run(&["-*", "./l", "+*"]),
        run(&["./l", "./m", "./n"]),
        run(&["unknown", "", "?", "./l", "Z"]),
        run(&["-keep a", "e", "./l"]),
        run(&["-*", "e", "=status", "./l"]),
        run(&["+", "./l"]),
        run(&["-", "./l"]),
    ]
}

fn stamps() -> Vec<Case> {
    let run = |name: &str, input: &str, script: &[&str]| log(name, input, script);
    vec![
        run("t", "one\ntwo\n", &["t", "./l"]),
        run("t, an empty line", "\n\n", &["t", "./l"]),
        run("t, a partial last line", "one\ntw", &["t", "./l"]),
        run("t, no input", "", &["t", "./l"]),
        run(
            "t and more in the first word",
            "one\n",
            &["tomorrow", "./l"],
        ),
        run("t is not the first word", "one\n", &["+*", "t", "./l"]),
        run("t behind the log", "one\n", &["./l", "t"]),
        run("t twice", "one\n", &["t", "t", "./l"]),
        run("t and an empty word before it", "one\n", &["", "t", "./l"]),
        run("t and e", "one\n", &["t", "e", "./l"]),
        run("t and a status", "one\n", &["t", "=status"]),
        run(
            "patterns see the stamp",
            "one\ntwo\n",
            &["t", "-*", "+one", "./l"],
        ),
        run(
            "patterns behind the stamp",
            "one\ntwo\n",
            &["t", "-*", "+* one", "./l"],
        ),
        run(
            "patterns from the @",
            "one\ntwo\n",
            &["t", "-*", "+@* two", "./l"],
        ),
    ]
}

fn alerts() -> Vec<Case> {
    let mut cases = vec![
        log("e", "one\ntwo\n", &["e"]),
        log("e, an empty line", "\n", &["e"]),
        log("e, a partial last line", "one\ntw", &["e"]),
        log("e twice", "one\n", &["e", "e"]),
        log("e and more", "one\n", &["everything"]),
        log("e, bytes that are no text", b"\0a\0\n\xff\n", &["e"]),
    ];
    for length in [198, 199, 200, 201, 202, 999, 1000, 1001, 5000] {
        let line = [vec![b'x'; length], b"\nshort\n".to_vec()].concat();
        cases.push(log(format!("e, {length} bytes"), line.clone(), &["e"]));
        cases.push(log(format!("e with t, {length} bytes"), line, &["t", "e"]));
    }
    cases
}

fn statuses() -> Vec<Case> {
    let mut cases = vec![
        log("=", "one\ntwo\n", &["=status"]),
        log("=, no input", "", &["=status"]),
        log("=, an empty line", "\n", &["=status"]),
        log("=, a partial last line", "one\ntw", &["=status"]),
        log("= of what is selected", "one\ntwo\n", &["-two", "=status"]),
        log("= twice", "one\ntwo\n", &["=a", "-two", "=b"]),
        log("= twice the same", "one\ntwo\n", &["=a", "=a"]),
        log("=, a NUL", b"a\0b\n", &["=status"]),
        log(
            "= into a log directory that is made after it",
            "one\n",
            &["=./l/status", "./l"],
        ),
        log("= without a name", "one\n", &["="]),
        log("= in no directory", "one\n", &["=no/status"]),
    ];
    for length in [999, 1000, 1001, 3000] {
        let line = [vec![b'x'; length], b"\n".to_vec()].concat();
        cases.push(log(format!("=, {length} bytes"), line, &["=status"]));
    }
    for (what, old) in [
        ("shorter", "old\n".repeat(3)),
        ("longer", "old\n".repeat(400)),
    ] {
        let case = Case::new(format!("= over {what} content")).setup(move |side| {
            side.file("status", &old);
        });
        cases.push(case.stdin("new\n").run(["multilog", "=status"]));
    }
    let mode = Case::new("= keeps a file's mode").setup(|side| {
        side.file("status", "old");
        side.mode("status", 0o640);
    });
    cases.push(mode.stdin("new\n").run(["multilog", "=status"]));
    let directory = Case::new("= names a directory").setup(|side| {
        side.mkdir("status");
    });
    cases.push(directory.stdin("new\n").run(["multilog", "=status"]));
    cases
}

fn inputs() -> Vec<Case> {
    let around: Vec<u8> = [
        1, 2, 500, 511, 512, 513, 998, 999, 1000, 1001, 1002, 1023, 1024, 1025,
    ]
    .into_iter()
    .flat_map(|length| [vec![b'x'; length], b"\n".to_vec()].concat())
    .collect();
    let mut cases = Vec::new();
    for (stamped, script) in [
        ("", &["./l"][..]),
        (", t", &["t", "./l"]),
        (", e", &["e", "./l"]),
    ] {
        let run = |name: &str, input: Vec<u8>| log(format!("{name}{stamped}"), input, script);
        cases.extend([
            run("an empty input", Vec::new()),
            run("a newline", b"\n".to_vec()),
            run("a byte", b"x".to_vec()),
            run("NULs", b"\0\n\0\0a\n\0".to_vec()),
            run("carriage returns", b"a\r\nb\r\n".to_vec()),
            run(
                "a line of 20000 bytes",
                [vec![b'x'; 20_000], b"\nend\n".to_vec()].concat(),
            ),
            run("20000 bytes and no newline", vec![b'x'; 20_000]),
            run("lines around the sizes of buffers", around.clone()),
            run("an end that is no line", b"whole\nhalf".to_vec()),
        ]);
    }
    cases.push(log(
        "a long line is not selected",
        vec![b'x'; 5000],
        &["-*", "./l"],
    ));
    cases.push(log(
        "a long line, selected by its beginning",
        vec![b'x'; 5000],
        &["-*", "+xx*", "./l"],
    ));
    cases
}
