//! Sizes by `B`, and the total by `S`.

use std::fs;

use conformance::{Case, Side};

use super::super::life::Live;
use super::super::lines;
use super::{owned, run};

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![beyond(), clamped()];
    for (word, same) in [
        ("B", "s"),
        ("B5000", "s5000"),
        ("B4095", "s4096"),
        ("B6000x", "s6000"),
        ("B16777215", "s16777215"),
    ] {
        cases.push(alike(word, &[word, "./l"], &[same, "./m"]));
    }
    cases.push(alike(
        "the last of B and s",
        &["B5000", "s6000", "./l"],
        &["s6000", "./m"],
    ));
    cases.push(alike(
        "the last of s and B",
        &["s5000", "B6000", "./l"],
        &["s6000", "./m"],
    ));
    for (name, script) in [
        ("S", &["s4096", "n1000", "S20000", "./l"][..]),
        ("S and t", &["t", "s4096", "n1000", "S20000", "./l"]),
        ("S and B", &["B6000", "n1000", "S20000", "./l"]),
        ("S twice", &["s4096", "n1000", "S9000", "S20000", "./l"]),
        ("S is less than a file", &["s9000", "n1000", "S4096", "./l"]),
    ] {
        cases.push(never_more(name, script));
    }
    for command in ["!cat; head -c 3000 /dev/zero", "!head -c 100"] {
        cases.push(processed(command));
    }
    cases.extend([
        there_before(),
        left_behind(),
        restarted(),
        counted(),
        none(),
        for_which(),
    ]);
    cases
}

/// Sizes of the finished files in their order, and of `current`.
fn sizes(side: &Side, log: &str) -> Vec<u64> {
    let mut names: Vec<_> = fs::read_dir(side.path(log))
        .expect("a log")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().expect("a name").as_encoded_bytes();
            name.starts_with(b"@4") && name.len() == 27 || name == b"current"
        })
        .collect();
    names.sort();
    let size = |path| fs::metadata(path).expect("a file").len();
    names.into_iter().map(size).collect()
}

fn total(side: &Side) -> u64 {
    sizes(side, "l").iter().sum()
}

/// Everything in the log, in order.
fn text(side: &Side) -> Vec<u8> {
    let mut names: Vec<_> = fs::read_dir(side.path("l"))
        .expect("a log")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.as_encoded_bytes().starts_with(b"@4") || name == "current")
        .collect();
    names.sort();
    let read = |name: &std::ffi::OsString| fs::read(side.path("l").join(name)).expect("a file");
    names.iter().flat_map(read).collect()
}

/// Two scripts cut the same input alike.
fn alike(name: &str, script: &[&str], other: &[&str]) -> Case {
    let script = owned(&[&["n1000"], script, other].concat());
    let name = format!("B: {name}");
    Case::scenario(name, move |side| {
        run(side, &lines(1200, 70), &script);
        let (ours, other) = (sizes(side, "l"), sizes(side, "m"));
        side.log("alike", ours == other);
        side.log("all there", ours.iter().sum::<u64>() == 84_000);
    })
    .promises(&["end: exit 0", "alike: true", "all there: true"])
}

/// A file of more than `s` allows, which ends near its limit at the end of a line.
fn beyond() -> Case {
    Case::scenario("B18000000, 20 MB", |side| {
        let input = lines(200_000, 100);
        run(side, &input, &owned(&["B18000000", "./l"]));
        let sizes = sizes(side, "l");
        side.log("files", sizes.len());
        side.log("full", (17_998_000..=18_000_000).contains(&sizes[0]));
        side.log("whole lines", sizes[0].is_multiple_of(100));
        side.log("all there", text(side) == input);
    })
    .promises(&[
        "end: exit 0",
        "files: 2",
        "full: true",
        "whole lines: true",
        "all there: true",
    ])
}

/// `s` stays what it is, whatever stands before it.
fn clamped() -> Case {
    Case::scenario("s18000000 after B18000000, 20 MB", |side| {
        run(
            side,
            &lines(200_000, 100),
            &owned(&["B18000000", "s18000000", "./l"]),
        );
        let sizes = sizes(side, "l");
        side.log("full", (16_775_215..=16_777_215).contains(&sizes[0]));
    })
    .promises(&["end: exit 0", "full: true"])
}

/// Looks at the whole directory after every few lines.
fn never_more(name: &str, script: &'static [&'static str]) -> Case {
    let total_of = |word: &&str| word.strip_prefix('S').and_then(|n| n.parse::<u64>().ok());
    let most = script.iter().rev().find_map(total_of).expect("a total");
    let size_of = |word: &&str| {
        word.strip_prefix(['s', 'B'])
            .and_then(|n| n.parse::<u64>().ok())
    };
    let size = script.iter().find_map(size_of).expect("a size");
    Case::scenario(format!("{name}: never more than that"), move |side| {
        let mut live = Live::start(side, script);
        let (mut worst, mut least) = (0, u64::MAX);
        for (number, piece) in lines(2000, 50).chunks(1000).enumerate() {
            live.write(piece);
            let total = total(side);
            worst = worst.max(total);
            if number > 50 {
                least = least.min(total);
            }
        }
        live.close();
        // What is not finished yet cannot be removed.
        side.log("within it", worst <= most.max(size));
        // Where it can be used, it is.
        side.log("used", size > most || least > most / 2);
        side.log("the newest is there", text(side).ends_with(b"01999\n"));
    })
    .promises(&[
        "end: exit 0",
        "stdout:",
        "stderr:",
        "within it: true",
        "used: true",
        "the newest is there: true",
    ])
}

/// What a processor makes counts as it is. Looked at after each process: while a
/// processor runs, multilog waits as if for input.
fn processed(command: &'static str) -> Case {
    Case::scenario(format!("S and a processor: {command}"), move |side| {
        let script = ["s4096", "n1000", "S20000", command, "./l"];
        let mut worst = 0;
        for _ in 0..25 {
            let process = side.command(super::words(&script)).stdin(lines(86, 50));
            assert!(process.spawn().wait().to_string().contains("exit 0"));
            worst = worst.max(total(side));
        }
        side.log("within it", worst <= 20_000);
        side.log("files", sizes(side, "l").len() > 2);
    })
    .promises(&["within it: true", "files: true"])
}

/// Six finished files of 3000 bytes, the first the oldest.
fn old_files(side: &Side) {
    side.mkdir("l");
    for number in 1..=6 {
        side.file(
            format!("l/@40000000000000000000000{number}.s"),
            vec![b'o'; 3000],
        );
    }
}

fn old_left(side: &Side) -> String {
    (1..=6)
        .filter(|number| side.exists(format!("l/@40000000000000000000000{number}.s")))
        .map(|number| number.to_string())
        .collect()
}

/// The oldest go first, whoever wrote them, as soon as a file is finished.
fn there_before() -> Case {
    Case::scenario("S and files that were there before", |side| {
        old_files(side);
        let script = owned(&["s4096", "n1000", "S20000", "./l"]);
        run(side, &lines(20, 50), &script);
        side.log("nothing is finished yet", old_left(side));
        run(side, &lines(40, 50), &script);
        side.log("two are too many", old_left(side));
        side.log("within it", total(side) <= 20_000);
    })
    .promises(&[
        "end: exit 0",
        "nothing is finished yet: 123456",
        "end: exit 0",
        "two are too many: 3456",
        "within it: true",
    ])
}

/// What an outage left counts from its name on.
fn left_behind() -> Case {
    Case::scenario("S and a file that an outage left", |side| {
        old_files(side);
        side.file("l/current", vec![b'u'; 4000]);
        run(side, b"", &owned(&["s4096", "n1000", "S20000", "./l"]));
        side.log("left", old_left(side));
        side.log("within it", total(side) <= 20_000 - 4096);
    })
    .promises(&["end: exit 0", "left: 456", "within it: true"])
}

/// The total holds from one process to the next.
fn restarted() -> Case {
    Case::scenario("S and many processes, one after another", |side| {
        let script = owned(&["s4096", "n1000", "S20000", "./l"]);
        let mut worst = 0;
        for _ in 0..25 {
            let process = side
                .command(super::words(&script))
                .stdin(lines(43, 50))
                .spawn();
            assert!(process.wait().to_string().contains("exit 0"));
            worst = worst.max(total(side));
        }
        side.log("within it", worst <= 20_000);
        side.log("used", worst > 15_000);
        // Another total, from the next finished file on.
        run(
            side,
            &lines(100, 50),
            &owned(&["s4096", "n1000", "S10000", "./l"]),
        );
        side.log("less", total(side) <= 10_000);
    })
    .promises(&["within it: true", "used: true", "end: exit 0", "less: true"])
}

/// What is not a finished file is neither counted nor removed.
fn counted() -> Case {
    Case::scenario("S and files of others", |side| {
        side.mkdir("l");
        for name in ["notes", "@mine-and-longer-than-25-bytes.", "@40"] {
            side.file(format!("l/{name}"), vec![b'x'; 50_000]);
        }
        run(
            side,
            &lines(1000, 50),
            &owned(&["s4096", "n1000", "S20000", "./l"]),
        );
        for name in ["notes", "@mine-and-longer-than-25-bytes.", "@40"] {
            side.log(name, side.exists(format!("l/{name}")));
        }
        side.log("used", total(side) > 10_000);
    })
    .promises(&[
        "end: exit 0",
        "notes: true",
        "@mine-and-longer-than-25-bytes.: true",
        "@40: true",
        "used: true",
    ])
}

fn none() -> Case {
    Case::scenario("S0 is no total", |side| {
        run(
            side,
            &lines(1000, 50),
            &owned(&["s4096", "n1000", "S20000", "S0", "./l"]),
        );
        side.log("all", total(side));
    })
    .promises(&["end: exit 0", "all: 50000"])
}

fn for_which() -> Case {
    Case::scenario("S holds for the logs after it", |side| {
        let script = ["s4096", "n1000", "./m", "S20000", "./l"];
        run(side, &lines(1000, 50), &owned(&script));
        side.log("before", sizes(side, "m").iter().sum::<u64>());
        side.log("after", total(side) <= 20_000);
    })
    .promises(&["end: exit 0", "before: 50000", "after: true"])
}
