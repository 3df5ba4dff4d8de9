//! Every command in every state, and random walks.

use conformance::case::Need;
use conformance::{Case, Proc, STARTS, Side, reference_sends_quit};

/// All commands of the reference, and a byte that is no command.
const COMMANDS: &[u8] = b"udopchaitkxz";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for state in STATES {
        for &command in COMMANDS {
            let name = format!("{}, then {}", state.name, char::from(command));
            cases.push(Case::scenario(name, move |side| {
                side.recorder("x");
                let supervise = (state.reach)(side);
                side.log_command("x", &supervise, &[command]);
            }));
        }
    }
    cases.extend((1..=12).map(walk));
    cases.extend(sequences());
    cases.extend(orders());
    cases
        .into_iter()
        .map(|case| case.normal(&[STARTS]))
        .collect()
}

/// A state, with the commands that lead to it.
struct State {
    name: &'static str,
    reach: fn(&Side) -> Proc,
}

fn reach(side: &Side, commands: &[&[u8]]) -> Proc {
    let supervise = side.supervise("x");
    side.log("rest", side.until_rest("x", &supervise));
    for command in commands {
        side.log_command("x", &supervise, command);
    }
    supervise
}

const STATES: &[State] = &[
    State {
        name: "up",
        reach: |side| reach(side, &[]),
    },
    State {
        name: "up once",
        reach: |side| reach(side, &[b"o"]),
    },
    State {
        name: "down",
        reach: |side| reach(side, &[b"d"]),
    },
    State {
        name: "down after once",
        reach: |side| reach(side, &[b"o", b"k"]),
    },
    State {
        name: "paused",
        reach: |side| reach(side, &[b"p"]),
    },
    State {
        name: "down from the start",
        reach: |side| {
            side.file("x/down", "");
            reach(side, &[])
        },
    },
    State {
        name: "refusing to go down",
        reach: |side| {
            side.file("x/stubborn", "");
            reach(side, &[b"d"])
        },
    },
    State {
        name: "to exit, and up",
        reach: |side| {
            side.file("x/stubborn", "");
            reach(side, &[b"x"])
        },
    },
];

/// A walk over commands that depends on a seed.
fn walk(seed: u64) -> Case {
    Case::scenario(format!("a walk, seed {seed}"), move |side| {
        side.recorder("x");
        if seed.is_multiple_of(3) {
            side.file("x/down", "");
        }
        if seed.is_multiple_of(4) {
            side.file("x/stubborn", "");
        }
        let supervise = reach(side, &[]);
        let mut random = Random(seed);
        for _ in 0..14 {
            // Without x, which comes at the end. Starts are slow, so signals are more
            // frequent.
            let command = b"uuddoopcchhaaittkz\0p"[random.below(20)];
            side.log_command("x", &supervise, &[command]);
        }
        let rest = side.log_command("x", &supervise, b"dx");
        if !rest.gone {
            side.log_command("x", &supervise, b"k");
        }
        side.log("end", supervise.wait());
        side.log_output(&supervise);
    })
}

/// The order of signals and records, by strace.
fn orders() -> Vec<Case> {
    let order = |name: &str, commands: &'static [u8]| {
        Case::scenario(format!("order: {name}"), move |side| {
            side.recorder("x");
            side.file("x/stubborn", "");
            // The first command has its effect when the reference's pause has ended.
            let supervise = reach(side, &[b"z"]);
            let trace = side.trace(&supervise);
            side.log_command("x", &supervise, commands);
            trace.end_and_log(side);
        })
        .needs(Need::Strace)
        .without_files()
    };
    vec![
        order("d sends TERM, then CONT, then writes the record", b"d"),
        order("p writes the record, then sends STOP", b"p"),
        order("c after p writes the record, then sends CONT", b"pc"),
        order("u only writes the record", b"u"),
        order("o only writes the record", b"o"),
        order("x only writes the record", b"x"),
        order("t only sends TERM", b"t"),
        order("k kills, then the end and the new start are recorded", b"k"),
        order("all signals in one write", b"hait"),
        order("an unknown byte does nothing", b"z"),
    ]
}

/// Bytes written at once are obeyed in order.
fn sequences() -> Vec<Case> {
    let sequence = |name: &str, bytes: &'static [u8]| {
        Case::scenario(name, move |side| {
            side.recorder("x");
            let supervise = reach(side, &[]);
            side.log_command("x", &supervise, bytes);
        })
        // Signals that arrive together have no order in the log.
        .without_files()
    };
    vec![
        sequence("du in one write restarts", b"du"),
        sequence("dd in one write", b"dd"),
        sequence("pc in one write", b"pc"),
        sequence("different signals in one write", b"hai"),
        sequence("ou in one write", b"ou"),
        sequence("uo in one write", b"uo"),
        sequence("ku in one write", b"ku"),
        sequence("ok in one write", b"ok"),
        sequence("dx in one write", b"dx"),
        sequence("xd in one write", b"xd"),
        match sequence("q, 1 and 2", b"q12") {
            case if reference_sends_quit() => case,
            case => case.differs(
                "they are QUIT, USR1 and USR2, as in 1:0.76-14 and others of the family",
                &["signals:"],
                &["signals: QUIT USR1 USR2"],
            ),
        },
        Case::scenario("x cannot be undone", |side| {
            side.recorder("x");
            let supervise = reach(side, &[b"xu", b"o", b"u", b"k"]);
            side.log("end", supervise.wait());
        }),
        sequence(
            "NUL, newline and high bytes are nothing",
            b"\0\n\r\xff\x80 ",
        ),
        sequence("capitals are nothing", b"UDOPCHAITKX"),
        sequence("digits but 1 and 2 are nothing", b"03456789"),
        sequence("a command between others that are none", b"zzzz\0dzzzz"),
        Case::scenario("a command at the end of 60 KB of nothing", |side| {
            side.file("x/down", "");
            side.recorder("x");
            let supervise = reach(side, &[]);
            let mut bytes = vec![b'z'; 60_000];
            bytes.push(b'o');
            side.control("x", &bytes);
            side.log(
                "rest",
                side.until_status("x", "up", conformance::Status::is_up),
            );
            side.log("rest", side.until_rest("x", &supervise));
        }),
        Case::scenario("commands of several writers, one after the other", |side| {
            side.recorder("x");
            let supervise = reach(side, &[]);
            for command in [b"h", b"a", b"i", b"d", b"u"] {
                side.log_command("x", &supervise, command);
            }
        }),
    ]
}

/// A linear congruential generator: the walks must be the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}
