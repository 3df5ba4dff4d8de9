//! When a file is finished, and which finished files stay.

use conformance::Case;

use super::{lines, log};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = sizes();
    cases.extend(counts());
    cases.extend(shapes());
    cases
}

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    let words = [
        "s", "s0", "s1", "s4095", "s4096", "s4097", "s5000", "s6000x", "s10000", "s-1", "sx9",
    ];
    for word in words {
        for length in [20, 77] {
            let name = format!("{word}, lines of {length}");
            cases.push(log(name, lines(14_000 / length, length), &[word, "./l"]));
        }
    }
    let last = ["s5000", "s6000", "./l"];
    cases.push(log("the last s counts", lines(700, 20), &last));
    let each = ["s4096", "./a", "s8000", "./b", "./c"];
    cases.push(log("s counts for the logs after it", lines(700, 20), &each));
    cases.push(log("s after the log", lines(700, 20), &["./l", "s4096"]));
    cases.push(log("the default size", lines(3000, 80), &["./l"]));
    for word in ["s16777215", "s16777216", "s99999999"] {
        let name = format!("{word}, 17 MB");
        cases.push(log(name, lines(170_000, 100), &[word, "./l"]));
    }
    cases
}

fn counts() -> Vec<Case> {
    let words = [
        "n", "n0", "n1", "n2", "n3", "n5x", "n10", "n15", "n-3", "n99999",
    ];
    let mut cases: Vec<Case> = words
        .map(|word| log(word, lines(700, 72), &["s4096", word, "./l"]))
        .into();
    cases.push(log("the default count", lines(700, 72), &["s4096", "./l"]));
    let others = Case::new("other names do not count").setup(|side| {
        side.mkdir("l");
        for name in ["@", "@short", "a@400000000000000000000000.s", "notes"] {
            side.file(format!("l/{name}"), name);
        }
    });
    let others = others.stdin(lines(700, 72)).normal(&[conformance::LABELS]);
    cases.push(others.run(["multilog", "s4096", "n3", "./l"]));
    let old = Case::new("older files go first").setup(|side| {
        side.mkdir("l");
        for number in 1..6 {
            let name = format!("l/@40000000000000000000000{number}.s");
            side.file(name, format!("old {number}\n"));
        }
    });
    let old = old.stdin(lines(200, 72)).normal(&[conformance::LABELS]);
    cases.push(old.run(["multilog", "s4096", "n5", "./l"]));
    cases
}

fn shapes() -> Vec<Case> {
    let mut cases = Vec::new();
    // Around the limit, and around 2000 bytes below it.
    for length in [2095, 2096, 2097, 4094, 4095, 4096, 4097, 4098] {
        let line = [vec![b'x'; length - 1], b"\n".to_vec()].concat();
        let input = [line, b"short\n".repeat(3)].concat();
        let name = format!("a first line of {length} bytes at s4096");
        cases.push(log(name, input.clone(), &["s4096", "./l"]));
        let name = format!("a first line of {length} bytes at s4096, t");
        cases.push(log(name, input, &["t", "s4096", "./l"]));
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
        cases.push(log(name, b"\n".repeat(12_000), &[&word, "./l"]));
    }
    for length in [511, 512, 513, 1000, 1024, 1500, 2000, 2001, 3000] {
        let name = format!("lines of {length} bytes, s4096");
        cases.push(log(name, lines(20_000 / length, length), &["s4096", "./l"]));
    }
    for length in [30, 475, 487, 1000] {
        let name = format!("lines of {length} bytes, t s4096");
        cases.push(log(
            name,
            lines(20_000 / length, length),
            &["t", "s4096", "./l"],
        ));
    }
    let mixed: Vec<u8> = (0..300)
        .flat_map(|number| lines(1, 2 + number * 37 % 700))
        .collect();
    cases.push(log(
        "lines of many lengths",
        mixed.clone(),
        &["s4096", "n99", "./l"],
    ));
    cases.push(log(
        "lines of many lengths, some selected",
        mixed,
        &["-*0", "s4096", "n99", "./l"],
    ));
    cases
}
