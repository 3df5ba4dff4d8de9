//! Lines for tai64n, and lines with labels for tai64nlocal.

use std::sync::LazyLock;

use conformance::ours_has_musl;

use super::{TEXT, lines, piece, steps};
use crate::input::Input;
use crate::random::Random;

/// Zones for which musl has rules of its own: leap seconds, and summer time before 1970.
const NOT_MUSL: [&[u8]; 2] = [b"right/UTC", b"CET-1CEST,M3.5.0,M10.5.0/3"];

static HAS_MUSL: LazyLock<bool> = LazyLock::new(ours_has_musl);

/// An input for tai64n.
pub(super) fn tai64n(random: &mut Random) -> Input {
    Input {
        stdin: lines(random, 100),
        piece: piece(random),
        steps: if random.once_in(3) {
            steps(random)
        } else {
            Vec::new()
        },
        ..Input::default()
    }
}

/// An input for tai64nlocal.
pub(super) fn tai64nlocal(random: &mut Random) -> Input {
    let zone: &[u8] = random.one(&[
        b"UTC",
        b"Europe/Berlin",
        b"America/St_Johns",
        b"Asia/Kathmandu",
        b"Australia/Lord_Howe",
        b"Africa/Monrovia",
        b"right/UTC",
        b"XYZ-3:21:17",
        b"CET-1CEST,M3.5.0,M10.5.0/3",
        b"",
    ]);
    let zone = match *HAS_MUSL && NOT_MUSL.contains(&zone) {
        true => b"UTC",
        false => zone,
    };
    // Labels that the reference dies of are rare, or it would be left out always.
    let deadly = random.once_in(10);
    let mut moment: i64 = i64::from(random.next() as u32) - 0x4000_0000;
    let stdin = random.some(60, |random| {
        let step = *random.one(&[
            &0_i64, &1, &1, &60, &900, &3600, &86_400, &8_000_000, &-1, &-5000,
        ]);
        moment += step;
        let label = (1_i64 << 62) + 10 + moment;
        let nanos = random.next() as u32;
        let nanos = if random.once_in(3) {
            nanos
        } else {
            nanos % 1_000_000_000
        };
        let mut line = match random.below(12) {
            0 => random
                .bytes(40, TEXT)
                .into_iter()
                .skip_while(|&byte| byte == b'@')
                .collect(),
            1 => format!(" @{label:016x}{nanos:08x}").into_bytes(),
            2 => format!("@{:x}{label:016x}{nanos:08x}", random.below(0x1000)).into_bytes(),
            // Years of up to ten digits, before and after. There musl and glibc do not agree
            // on summer time.
            3 if !*HAS_MUSL => {
                let far = (random.next() as i64) >> (7 + random.below(30));
                let label = (1_i64 << 62).wrapping_add(far);
                format!("@{label:016x}{nanos:08x}").into_bytes()
            }
            4 if deadly => [b"@".to_vec(), random.bytes(30, b"0123456789abcdefA ")].concat(),
            _ => format!("@{label:016x}{nanos:08x}").into_bytes(),
        };
        let mut end = random.bytes(80, TEXT);
        // A digit right behind a label would be one more of it.
        if end.first().is_some_and(u8::is_ascii_hexdigit) {
            end[0] = b' ';
        }
        line.extend(end);
        line.push(b'\n');
        line
    });
    let mut stdin = stdin.concat();
    if random.once_in(4) {
        stdin.truncate(random.below(stdin.len() + 1));
    }
    Input {
        stdin,
        piece: piece(random),
        steps: if random.once_in(3) {
            steps(random)
        } else {
            Vec::new()
        },
        env: vec![(b"TZ".to_vec(), zone.to_vec())],
        ..Input::default()
    }
}
