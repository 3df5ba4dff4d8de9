//! Scripts, input, signals, and what an earlier multilog left behind.

use nix::sys::signal::Signal;

use super::{lines, piece, steps};
use crate::feed::Step;
use crate::input::{File, Input};
use crate::random::Random;

/// An input for multilog.
pub(super) fn input(random: &mut Random) -> Input {
    let paced = random.once_in(3);
    let piece = if paced { 0 } else { piece(random) };
    let mut stdin = lines(random, 150);
    if random.once_in(3) {
        stdin.splice(0..0, near_a_cut(random));
    }
    let steps = if paced {
        with_signals(random)
    } else {
        Vec::new()
    };
    let is_file = piece == 0 && !paced;
    Input {
        args: script(random, is_file),
        stdin,
        piece,
        steps,
        files: if random.once_in(2) {
            leftovers(random)
        } else {
            Vec::new()
        },
        ..Input::default()
    }
}

/// Bytes of a label and what stands around it.
const LABEL: usize = 26;

/// A line after which a file is just full enough, or just not.
fn near_a_cut(random: &mut Random) -> Vec<u8> {
    let size = random.one(&[&4096, &4096, &5000, &6000]);
    let before = random.one(&[&0, &2000]) + random.one(&[&0, &LABEL]);
    let mut line = vec![b'a'; size - before + random.below(5) - 3];
    line.push(b'\n');
    line
}

/// Actions, but none of those that only ours has.
fn script(random: &mut Random, is_file: bool) -> Vec<Vec<u8>> {
    let mut args: Vec<Vec<u8>> = Vec::new();
    // Patterns see the label too, and that is another every time: step over it.
    let mut label: &[u8] = b"";
    if random.once_in(3) {
        args.push(random.one(&["t", "t", "two"]).as_bytes().to_vec());
        label = b"@* ";
    }
    for number in 0..random.below(9) {
        let word = match random.below(12) {
            0 => b"e".to_vec(),
            // Of two for one file the reference's last write would count.
            1 => format!("=status{number}").into_bytes(),
            2 | 3 => format!("s{}", size(random)).into_bytes(),
            4 => format!("n{}", random.one(&["2", "3", "10", "0", "1", "x"])).into_bytes(),
            5 => random.one(&["./a", "./b", "./c"]).as_bytes().to_vec(),
            // While a processor runs, input would be waiting by chance.
            6 if is_file => format!("!{}", processor(random)).into_bytes(),
            7 => nothing(random, args.is_empty()).as_bytes().to_vec(),
            _ => {
                let sign = random.one(&["-", "+"]).as_bytes().to_vec();
                [&sign, label, &pattern(random)].concat()
            }
        };
        args.push(word);
    }
    if !random.once_in(20) {
        args.push(b"./d".to_vec());
    }
    args
}

fn size(random: &mut Random) -> String {
    if random.once_in(3) {
        return (4090 + random.below(20)).to_string();
    }
    let sizes = ["4096", "4096", "5000", "6000", "10000", "0", "1", "x"];
    let sizes = [&sizes[..], &["99999999", "70000", "-1"]].concat();
    random.one(&sizes).to_owned()
}

/// A processor that copies: where a log is cut must not show in what it holds.
fn processor(random: &mut Random) -> &'static str {
    random.one(&[
        "cat",
        "cat <&4 >/dev/null; cat; echo more >&5",
        "head -c 9; cat; exit 0",
    ])
}

/// Words that mean nothing, or only as the first.
fn nothing(random: &mut Random, first: bool) -> &'static str {
    if first {
        return random.one(&["", "q", "u"]);
    }
    random.one(&["", "q", "u", "t", "tea", "T", "d", "m", "m3"])
}

fn pattern(random: &mut Random) -> Vec<u8> {
    let mut pattern = match random.below(12) {
        // What patterns see ends after 1000 bytes.
        0 => {
            let byte = *random.one(&[&b'x', &b'a', &b' ']);
            let mut pattern = vec![byte; 995 + random.below(10)];
            if random.once_in(2) {
                pattern.splice(..random.below(900), *b"*");
            }
            pattern
        }
        1 => random.bytes(30, b"ax *"),
        _ => random.bytes(6, b"abcx**  :/1"),
    };
    pattern.retain(|&byte| byte != 0);
    if random.once_in(3) {
        pattern.push(b'*');
    }
    pattern
}

/// Writes, and now and then a signal; after TERM the rest of a line and more.
fn with_signals(random: &mut Random) -> Vec<Step> {
    let mut steps = steps(random);
    for _ in 0..random.below(4) {
        let at = random.below(steps.len() + 1);
        steps.insert(at, Step::Signal(Signal::SIGALRM));
    }
    if random.once_in(3) {
        let at = random.below(steps.len() + 1);
        steps.insert(at, Step::Signal(Signal::SIGTERM));
    }
    // No step at all would be a file.
    steps.push(Step::Write(1));
    steps
}

/// What an earlier multilog left, closed in safety or not.
fn leftovers(random: &mut Random) -> Vec<File> {
    let mut files = Vec::new();
    for name in ["current", "previous", "processed", "state", "newstate"] {
        // A processor without a state fails for ever.
        if name == "state" || random.once_in(3) {
            let mut file = File::new(format!("d/{name}"), lines(random, 20));
            file.mode = *random.one(&[&0o644, &0o744]);
            files.push(file);
        }
    }
    for number in 0..random.below(4) {
        let code = random.one(&["s", "u", "s.gz"]);
        let name = format!("d/@40000000000000000000000{number}.{code}");
        files.push(File::new(name, lines(random, 3)));
    }
    if random.once_in(3) {
        let name = format!("status{}", random.below(9));
        files.push(File::new(name, lines(random, 40)));
    }
    files
}
