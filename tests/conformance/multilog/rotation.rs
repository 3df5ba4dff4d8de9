//! When a file is finished, and which finished files stay.

use conformance::Case;

use super::{lines, log, whole};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = sizes();
    cases.extend(counts());
    cases.extend(shapes());
    cases
}

/// Lines of at least 512 bytes, each of which the reference writes at once: it cuts by
/// the rule then, and the files are compared.
const LONG: usize = 512;

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, size) in [
        ("s", 4096),
        ("s0", 4096),
        ("s1", 4096),
        ("s4095", 4096),
        ("s4096", 4096),
        ("s4097", 4097),
        ("s5000", 5000),
        ("s6000x", 6000),
        ("s10000", 10_000),
        ("s-1", 4096),
        ("sx9", 4096),
    ] {
        for length in [20, 77] {
            let name = format!("{word}, lines of {length}");
            let input = lines(14_000 / length, length);
            cases.push(whole(name, input, &[word, "./l"], &[("l", size)]));
        }
        let name = format!("{word}, lines of {LONG}");
        cases.push(log(name, lines(28, LONG), &[word, "./l"]));
    }
    let last = ["s5000", "s6000", "./l"];
    cases.push(log("the last s counts", lines(28, LONG), &last));
    let each = ["s4096", "./a", "s8000", "./b", "./c"];
    cases.push(log(
        "s counts for the logs after it",
        lines(28, LONG),
        &each,
    ));
    cases.push(whole(
        "s counts for each log",
        lines(700, 20),
        &each,
        &[("a", 4096), ("b", 8000), ("c", 8000)],
    ));
    cases.push(log("s after the log", lines(700, 20), &["./l", "s4096"]));
    cases.push(whole(
        "the default size",
        lines(3000, 80),
        &["./l"],
        &[("l", 99_999)],
    ));
    for word in ["s16777215", "s16777216", "s99999999"] {
        let name = format!("{word}, 17 MB");
        let input = lines(170_000, 100);
        cases.push(whole(name, input, &[word, "./l"], &[("l", 16_777_215)]));
    }
    cases
}

fn counts() -> Vec<Case> {
    let words = [
        "n", "n0", "n1", "n2", "n3", "n5x", "n10", "n15", "n-3", "n99999",
    ];
    let mut cases: Vec<Case> = words
        .map(|word| log(word, lines(100, LONG), &["s4096", word, "./l"]))
        .into();
    cases.push(log(
        "the default count",
        lines(100, LONG),
        &["s4096", "./l"],
    ));
    let others = Case::new("other names do not count").setup(|side| {
        side.mkdir("l");
        for name in ["@", "@short", "a@400000000000000000000000.s", "notes"] {
            side.file(format!("l/{name}"), name);
        }
    });
    let others = others
        .stdin(lines(100, LONG))
        .normal(&[conformance::LABELS]);
    cases.push(others.run(["multilog", "s4096", "n3", "./l"]));
    let old = Case::new("older files go first").setup(|side| {
        side.mkdir("l");
        for number in 1..6 {
            let name = format!("l/@40000000000000000000000{number}.s");
            side.file(name, format!("old {number}\n"));
        }
    });
    let old = old.stdin(lines(28, LONG)).normal(&[conformance::LABELS]);
    cases.push(old.run(["multilog", "s4096", "n5", "./l"]));
    cases
}

fn shapes() -> Vec<Case> {
    let mut cases = Vec::new();
    // Around the limit, and around 2000 bytes below it.
    for length in [2095, 2096, 2097, 4094, 4095, 4096, 4097, 4098] {
        let line = [vec![b'x'; length - 1], b"\n".to_vec()].concat();
        let input = [line, b"short\n".repeat(3)].concat();
        let logs = [("l", 4096)];
        let name = format!("a first line of {length} bytes at s4096");
        cases.push(whole(name, input.clone(), &["s4096", "./l"], &logs));
        let name = format!("a first line of {length} bytes at s4096, t");
        cases.push(whole(name, input, &["t", "s4096", "./l"], &logs));
    }
    for size in [4096, 5000] {
        let word = format!("s{size}");
        let name = format!("no newline at all, {word}");
        cases.push(log(name, vec![b'x'; 20_000], &[&word, "./l"]));
        let name = format!("exactly {size} bytes without a newline");
        cases.push(log(name, vec![b'x'; size], &[&word, "./l"]));
        let name = format!("one byte more than {size} without a newline");
        cases.push(log(name, vec![b'x'; size + 1], &[&word, "./l"]));
        let name = format!("empty lines, {word}");
        let input = b"\n".repeat(12_000);
        cases.push(whole(name, input, &[&word, "./l"], &[("l", size)]));
    }
    for length in [511, 512, 513, 1000, 1024, 1500, 2000, 2001, 3000] {
        let name = format!("lines of {length} bytes, s4096");
        cases.push(log(name, lines(20_000 / length, length), &["s4096", "./l"]));
    }
    for length in [30, 475, 487, 1000] {
        let name = format!("lines of {length} bytes, t s4096");
        let input = lines(20_000 / length, length);
        cases.push(whole(
            name,
            input,
            &["t", "s4096", "n99", "./l"],
            &[("l", 4096)],
        ));
    }
    let mixed: Vec<u8> = (0..300)
        .flat_map(|number| lines(1, 2 + number * 37 % 700))
        .collect();
    cases.push(whole(
        "lines of many lengths",
        mixed.clone(),
        &["s4096", "n99", "./l"],
        &[("l", 4096)],
    ));
    cases.push(whole(
        "lines of many lengths, some selected",
        mixed,
        &["-*0", "s4096", "n99", "./l"],
        &[("l", 4096)],
    ));
    cases
}
