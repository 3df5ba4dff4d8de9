//! The first actions `T`, `d` and `m`, and the prefix.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conformance::{Case, Side};

use super::super::life::Live;
use super::{logged, words};

/// Time since 1970.
type Moment = Duration;

/// A zone, as TZ names it.
const ZONES: [&str; 4] = [
    "UTC",
    "XYZ-3:21:17",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "<-0930>9:30",
];

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        stamp(
            "T",
            "T: seconds and six digits",
            "UTC",
            "9999999999.999999 one",
        ),
        stamp(
            "Time",
            "T and more in the first word",
            "UTC",
            "9999999999.999999 one",
        ),
    ];
    for zone in ZONES {
        let local = "9999-99-99 99:99:99";
        let of = |letter: &str| format!("{letter}: local time in {zone}");
        cases.push(stamp(
            "d",
            &of("d"),
            zone,
            &format!("{local}.999999999 one"),
        ));
        cases.push(stamp("m", &of("m"), zone, &format!("{local}.999 one")));
    }
    cases.extend(["t", "T", "d", "m"].map(beginning));
    cases.extend(prefixes());
    cases
}

fn now() -> Moment {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970")
}

/// One line with a stamp: its digits as nines, and whether it is the moment at
/// which it was written.
fn stamp(word: &str, name: &str, zone: &'static str, shape: &str) -> Case {
    let word = word.to_owned();
    let steps = move |side: &Side| {
        let before = now();
        let command = side.command(words(&[word.as_str(), "./l"]));
        let process = command.env(format!("TZ={zone}")).stdin("one\n").spawn();
        side.log("end", process.wait());
        let after = now();
        let line = String::from_utf8(side.read("l/current")).expect("text");
        side.log(
            "shape",
            line.trim_end().replace(|c: char| c.is_ascii_digit(), "9"),
        );
        let stamp = line.strip_suffix(" one\n").expect("the line");
        side.log("in time", is_between(stamp, zone, before, after));
    };
    Case::scenario(name, steps).promises(&[
        "end: exit 0",
        &format!("shape: {shape}"),
        "in time: true",
    ])
}

/// Whether a stamp is of a moment between two, to the last of its digits.
fn is_between(stamp: &str, zone: &str, before: Moment, after: Moment) -> bool {
    let (seconds, fraction) = stamp.split_once('.').expect("a dot");
    let second = (before.as_secs()..=after.as_secs())
        .find(|second| second.to_string() == seconds || date(*second, zone) == seconds);
    let digits = u32::try_from(fraction.len()).expect("few digits");
    let unit = 10_u32.pow(9 - digits);
    let nanos = fraction.parse::<u32>().expect("digits") * unit;
    let cut = |moment: Moment| moment.as_nanos() / u128::from(unit);
    second.is_some_and(|second| {
        let moment = cut(Duration::new(second, nanos));
        (cut(before)..=cut(after)).contains(&moment)
    })
}

/// What date(1) makes of a second.
fn date(second: u64, zone: &str) -> String {
    let mut command = Command::new("date");
    let command = command.args(["-d", &format!("@{second}"), "+%F %T"]);
    let output = command.env("TZ", zone).output().expect("date");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// A line that comes in two pieces has the moment of the first.
fn beginning(letter: &'static str) -> Case {
    let name = format!("{letter}: the moment at which a line begins");
    let steps = move |side: &Side| {
        let mut live = Live::start(side, &[letter, "./l"]);
        live.write(b"before\non");
        // The next line's moment is later.
        let between = now();
        side.until("another millisecond", || {
            now().as_millis() > between.as_millis()
        });
        live.write(b"e\n");
        side.until("the next", || now().as_millis() > between.as_millis() + 1);
        live.write(b"after\n");
        live.close();
        let text = String::from_utf8(side.read("l/current")).expect("text");
        let stamps: Vec<&str> = ["before\n", "one\n", "after\n"]
            .iter()
            .zip(text.split_inclusive('\n'))
            .filter_map(|(line, whole)| whole.strip_suffix(line))
            .collect();
        side.log("lines", stamps.len());
        side.log("of one read", stamps[0] == stamps[1]);
        side.log("of a later one", stamps[1] < stamps[2]);
    };
    Case::scenario(name, steps).promises(&[
        "end: exit 0",
        "stdout:",
        "stderr:",
        "lines: 3",
        "of one read: true",
        "of a later one: true",
    ])
}

fn prefixes() -> Vec<Case> {
    let long = "x".repeat(300);
    let word = format!("p{long}");
    let cut = format!("{}one", &long[..200]);
    vec![
        logged(
            "p in front of each line",
            "one\n\n\0two\nthr",
            &["pweb: ", "./l"],
            &["web: one", "web: ", "web: \\x00two", "web: thr"],
        ),
        logged("p and no line", "", &["pweb: ", "./l"], &[]),
        logged("p behind the log", "one\n", &["./l", "px "], &["x one"]),
        logged(
            "the last p counts",
            "one\n",
            &["pa", "./l", "pb"],
            &["bone"],
        ),
        logged("an empty p ends it", "one\n", &["pa", "p", "./l"], &["one"]),
        logged(
            "p is cut after 200 bytes",
            "one\n",
            &[&word, "./l"],
            &[&cut],
        ),
        long_lines(),
        everywhere(),
    ]
}

/// A line longer than what patterns see has its prefix once, and all of its bytes.
fn long_lines() -> Case {
    Case::scenario("p and long lines", |side| {
        let lengths = [799, 994, 995, 996, 999, 1000, 1001, 70_000];
        let lines = lengths.map(|length| "y".repeat(length) + "\n").concat();
        let mut live = Live::start(side, &["pweb: ", "./l"]);
        for piece in lines.as_bytes().chunks(1500) {
            live.write(piece);
        }
        live.close();
        let expected = lengths.map(|length| format!("web: {}\n", "y".repeat(length)));
        side.log(
            "as they should be",
            side.read("l/current") == expected.concat().as_bytes(),
        );
    })
    .promises(&[
        "end: exit 0",
        "stdout:",
        "stderr:",
        "as they should be: true",
    ])
}

/// Alerts and status files have the prefix too.
fn everywhere() -> Case {
    Case::scenario("p, e and a status", |side| {
        let command = side.command(words(&["pweb: ", "e", "=status"]));
        let process = command.stdin("one\ntwo\n").spawn();
        side.log("end", process.wait());
        side.log_bytes("stderr", &process.stderr());
        let status = side.read("status");
        side.log("length", status.len());
        side.log_bytes("status", status.trim_ascii_end());
    })
    .promises(&[
        "end: exit 0",
        "stderr: web: one",
        "stderr: web: two",
        "length: 1001",
        "status: web: two",
    ])
}
