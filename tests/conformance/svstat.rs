//! svstat: every text it can print.

use conformance::{Case, PIDS, SECONDS, Status};

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("no arguments").run(["svstat"]),
        Case::new("no such directory").run(["svstat", "x"]),
    ];
    cases.push(
        Case::new("up")
            .setup(|side| side.fake_supervise("x", Status::up(side.own_pid())))
            .normal(&[PIDS, SECONDS])
            .run(["svstat", "x"]),
    );
    cases
}
