//! Scripts, input, and what an earlier multilog left behind.

use super::{lines, piece};
use crate::input::{File, Input};
use crate::random::Random;

/// An input for multilog.
pub(super) fn input(random: &mut Random) -> Input {
    let mut args: Vec<Vec<u8>> = Vec::new();
    // Patterns see the label too, and that is another every time: step over it.
    let mut label: &[u8] = b"";
    if random.once_in(3) {
        args.push(b"t".to_vec());
        label = b"@* ";
    }
    for number in 0..random.below(7) {
        let word = match random.below(10) {
            0 => b"e".to_vec(),
            // Of two for one file the reference's last write would count.
            1 => format!("=status{number}").into_bytes(),
            2 => format!(
                "s{}",
                random.one(&["4096", "5000", "10000", "0", "1", "99999999", "x"])
            )
            .into_bytes(),
            3 => format!("n{}", random.one(&["2", "3", "10", "0", "1", "x"])).into_bytes(),
            4 => random.one(&["./a", "./b", "./c"]).as_bytes().to_vec(),
            _ => {
                let sign = random.one(&["-", "+"]).as_bytes().to_vec();
                let mut pattern = random.bytes(6, b"abcx**  :/1");
                pattern.retain(|&byte| byte != 0);
                if random.once_in(3) {
                    pattern.push(b'*');
                }
                [&sign, label, &pattern].concat()
            }
        };
        args.push(word);
    }
    if !random.once_in(20) {
        args.push(b"./d".to_vec());
    }
    // Where a file is cut depends on how the input comes: a pipe gets so little that
    // none is.
    let piece = piece(random);
    let mut stdin = lines(random, 150);
    if piece > 0 {
        stdin.truncate(2000);
    }
    let mut files = Vec::new();
    // What an earlier multilog left, closed in safety or not.
    if piece == 0 && random.once_in(2) {
        for name in ["current", "previous", "processed", "state", "newstate"] {
            if random.once_in(3) {
                let mut file = File::new(format!("d/{name}"), lines(random, 20));
                file.mode = *random.one(&[&0o644, &0o744]);
                files.push(file);
            }
        }
    }
    Input {
        args,
        stdin,
        piece,
        files,
        ..Input::default()
    }
}
