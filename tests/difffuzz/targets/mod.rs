//! What is fuzzed, and how its inputs are made: mostly right, so that they get
//! somewhere, and always a little wrong.

mod multilog;
mod tai64n;

use crate::cuts;
use crate::feed::Step;
use crate::input::{File, Input};
use crate::observe::Observation;
use crate::random::Random;

/// A program and its inputs.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
    pub(crate) generate: fn(&mut Random) -> Input,
    /// Makes alike what may differ between the two sides.
    pub(crate) reconcile: fn(&Input, &mut [Observation; 2]),
    /// Takes out of a text what differs from one run to the next.
    pub(crate) normal: fn(&[u8]) -> Vec<u8>,
}

/// All of them.
pub(crate) fn all() -> Vec<Target> {
    let target = |program, generate, normal| Target {
        name: program,
        program,
        generate,
        reconcile: |_, _| {},
        normal,
    };
    let multilog = target("multilog", multilog::input, labels);
    vec![
        Target {
            reconcile: cuts::compare_whole,
            ..multilog
        },
        target("tai64n", tai64n::tai64n, labels),
        target("tai64nlocal", tai64n::tai64nlocal, <[u8]>::to_vec),
        target("envdir", envdir, <[u8]>::to_vec),
        target("softlimit", softlimit, <[u8]>::to_vec),
        target("svstat", svstat, far_away),
    ]
}

const TEXT: &[u8] = b"abcxyz  :/.*+-@=\t0123456789";

/// `@` and 24 hexadecimal digits become `@LABEL`; of a label that a file's end cuts,
/// both parts become as many sharps as they have digits.
fn labels(text: &[u8]) -> Vec<u8> {
    const LEN: usize = 24;
    let digits = |text: &[u8]| {
        text.iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count()
    };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    let cut = digits(rest);
    if cut < LEN && rest.get(cut) == Some(&b' ') {
        out.resize(cut, b'#');
        rest = &rest[cut..];
    }
    while let Some((&byte, tail)) = rest.split_first() {
        out.push(byte);
        rest = tail;
        let found = if byte == b'@' { digits(tail) } else { 0 };
        if found >= LEN {
            out.extend(b"LABEL");
            rest = &tail[LEN..];
        } else if found == tail.len() {
            out.resize(out.len() + found, b'#');
            rest = &[];
        }
    }
    out
}

/// Numbers too large for the reference's floating point keep their first digits.
fn far_away(text: &[u8]) -> Vec<u8> {
    const EXACT: usize = 12;
    let mut out = Vec::with_capacity(text.len());
    let mut digits = 0;
    for &byte in text {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        out.push(if digits > EXACT { b'#' } else { byte });
    }
    out
}

/// Lengths of lines at which some buffer or limit is full, a little more or less.
const EDGES: &[usize] = &[
    0, 1, 200, 512, 975, 1000, 1024, 2000, 2048, 2096, 3000, 4096, 8192, 65_536,
];

/// Up to `limit` lines; the last one may lack its newline.
fn lines(random: &mut Random, limit: usize) -> Vec<u8> {
    let length = *random.one(&[&3, &60, &60, &300]);
    let end: &[u8] = random.one(&[b"\n", b"\n", b"\n", b"\r\n", b"\0\n"]);
    // How often a line is as long as something, and how many such lengths there may be.
    let rare = *random.one(&[&100, &100, &10, &2]);
    let edges = &EDGES[..EDGES.len() - random.below(EDGES.len())];
    let lines = random.some(limit, |random| {
        let mut line = random.bytes(length, TEXT);
        if random.once_in(rare) {
            let edge = edges[random.below(edges.len())] + random.below(7);
            line.resize(edge.saturating_sub(3), *random.one(&[&b'x', &b'a', &b' ']));
        }
        line.extend(end);
        line
    });
    let mut lines = lines.concat();
    lines.truncate(MOST);
    if random.once_in(4) {
        lines.pop();
    }
    lines
}

/// As much input as a case may have.
const MOST: usize = 300_000;

/// Pieces in which an input comes, with pauses between them.
fn steps(random: &mut Random) -> Vec<Step> {
    let most = *random.one(&[&3, &40, &1030, &5000, &32_768]);
    random.some(20, |random| Step::Write(random.below(most) + 1))
}

fn piece(random: &mut Random) -> usize {
    *random.one(&[&0, &0, &1000, &8191, &65536, &7])
}

fn envdir(random: &mut Random) -> Input {
    let mut files: Vec<File> = Vec::new();
    // One file, or several that do not interfere: which is read first is the
    // directory's to say.
    let several = random.once_in(2);
    for number in 0..if several { 4 } else { 1 } {
        let mut name = match random.below(6) {
            0 => b"A".to_vec(),
            1 => b"V".to_vec(),
            2 => b"A=B".to_vec(),
            3 => b".A".to_vec(),
            _ => random.bytes(6, b"AVXYZ_=. \n"),
        };
        name.retain(|&byte| byte != 0 && byte != b'/');
        if several {
            name.splice(0..0, format!("N{number}").into_bytes());
        }
        if matches!(name.as_slice(), b"" | b"." | b"..") {
            continue;
        }
        let limit = *random.one(&[&0, &1, &8, &8, &8, &400, &5000]);
        let bytes = random.bytes(limit, b"abc= \t\n\0\0  \t\t");
        files.push(File::new([b"e/", name.as_slice()].concat(), bytes));
    }
    let mut args = vec![
        b"e".to_vec(),
        b"/bin/cat".to_vec(),
        b"/proc/self/environ".to_vec(),
    ];
    if random.once_in(50) {
        args.truncate(random.below(3));
    }
    let env = random.some(4, |random| {
        let name: &[u8] = random.one(&[b"A", b"V", b"N0", b"N1A", b"X"]);
        (
            name.to_vec(),
            random
                .bytes(5, TEXT)
                .into_iter()
                .filter(|&byte| byte != 0)
                .collect(),
        )
    });
    Input {
        args,
        files,
        env,
        ..Input::default()
    }
}

fn softlimit(random: &mut Random) -> Input {
    let mut args: Vec<Vec<u8>> = random
        .some(4, |random| {
            // What bounds memory in between is decided by chance, on either side.
            let letter = random.one(&[
                "a", "c", "d", "f", "l", "m", "o", "p", "r", "s", "t", "c", "f", "l", "r",
            ]);
            let number = match random.below(12) {
                0 => "=".to_owned(),
                1 => String::new(),
                2 => random.below(50).to_string(),
                3 => random
                    .one(&["=5", "5k", "-1", "+1", " 1", "0x1", "1.5", "a", "5="])
                    .to_owned(),
                4 => format!("000{}", random.below(1000)),
                5 => random.next().to_string(),
                _ => ((1 << 31) + (random.next() >> random.below(30))).to_string(),
            };
            match random.below(20) {
                0 => vec![format!("-{letter}")],
                1 => vec![
                    random
                        .one(&["-z", "-", "--", "--x", "-:", "-=", "-c5-", "", "x"])
                        .to_owned(),
                ],
                2..8 => vec![format!("-{letter}{number}")],
                _ => vec![format!("-{letter}"), number],
            }
        })
        .into_iter()
        .flatten()
        .map(String::into_bytes)
        .collect();
    args.extend([b"/bin/cat".to_vec(), b"/proc/self/limits".to_vec()]);
    Input {
        args,
        ..Input::default()
    }
}

fn svstat(random: &mut Random) -> Input {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let since = match random.below(4) {
        0 => random.next(),
        1 => random.next() >> 20,
        _ => now - random.next() % 1_000_000,
    };
    let mut record = (since.wrapping_add((1 << 62) + 10)).to_be_bytes().to_vec();
    record.extend((random.next() as u32).to_be_bytes());
    let pid = match random.below(3) {
        0 => 0,
        1 => random.next() as u32,
        _ => 1,
    };
    record.extend(pid.to_le_bytes());
    record.push(*random.one(&[&0, &0, &1, &2, &255]));
    record.push(*random.one(&[&0, &b'u', &b'd', &b'x', &255]));
    match random.below(8) {
        0 => record.truncate(random.below(19)),
        1 => record.extend(random.bytes(30, TEXT)),
        2 => record = random.bytes(40, TEXT),
        _ => {}
    }
    let mut files = vec![File::new("x/supervise/status", record)];
    if !random.once_in(10) {
        files.push(File::fifo("x/supervise/ok"));
    }
    if random.once_in(3) {
        files.push(File::new("x/down", Vec::new()));
    }
    let mut args = random.some(2, |random| {
        let name = random.one(&["x", "x/", "./x", "y", "", "x/down", "x/supervise"]);
        name.as_bytes().to_vec()
    });
    args.push(b"x".to_vec());
    Input {
        args,
        files,
        ..Input::default()
    }
}
