//! Log directories that operators empty, copy and unlock while a multilog writes.

use super::{Habit, Outcome, expect, shell};
use crate::process::Exit;
use crate::side::Side;

pub(super) const HABITS: &[Habit] = &[
    Habit::new("for f in main/*; do : >$f; done", |side| {
        emptied(side, "for f in log/*; do : >$f; done")
    }),
    Habit::new("truncate -s 0 main/*", |side| {
        emptied(side, "truncate -s 0 log/*")
    }),
    Habit::new("copytruncate of main/*", |side| {
        emptied(side, "for f in log/*; do cp $f copy; : >$f; done")
    }),
    Habit::new("cp /dev/null over each of main/*", |side| {
        emptied(side, "for f in log/*; do cp /dev/null $f; done")
    }),
    Habit::new("rm logs/lock, and another multilog on it", unlocked),
];

/// An application logs 400 lines through a pipe while its log directory is emptied many
/// times. Neither it nor multilog dies, and later lines are in the log.
fn emptied(side: &Side, how: &str) -> Outcome {
    let script = format!(
        "set +e\n\
         app() {{ i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i || exit 9; \
           [ $((i % 20)) != 0 ] || sleep 0.02; done; }}\n\
         (app; echo $? >app) | (multilog ./log; echo $? >logger) &\n\
         while [ ! -e log/current ]; do sleep 0.01; done\n\
         i=0; while [ $i -lt 20 ]; do i=$((i+1)); {how}; sleep 0.01; done\n\
         wait; cat app logger; echo over | multilog ./log; tail -n 1 log/current"
    );
    let shell = side.command(["/bin/sh", "-c", &script]).spawn();
    expect("the script", &shell.wait(), &Exit::Code(0))?;
    let text = String::from_utf8_lossy(&shell.stdout()).into_owned();
    expect(
        "the ends of both, and a line after it",
        &text.as_str(),
        &"0\n0\nover\n",
    )
}

/// A start script that removes a lock which it takes for stale.
fn unlocked(side: &Side) -> Outcome {
    shell(
        side,
        "mkfifo a b; multilog n1000 s16777215 ./log <a & exec 3>a\n\
         echo a 0 >&3; while ! grep -q 'a 0' log/current; do sleep 0.01; done 2>/dev/null\n\
         rm log/lock; multilog n1000 s16777215 ./log <b & exec 4>b\n\
         echo b 0 >&4; while ! grep -q 'b 0' log/current; do sleep 0.01; done\n\
         i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo a $i >&3; echo b $i >&4; done\n\
         exec 3>&- 4>&-; wait",
    );
    let count = |script: &str| {
        let shell = side.command(["/bin/sh", "-c", script]).spawn();
        let _ = shell.wait();
        String::from_utf8_lossy(&shell.stdout()).trim().to_owned()
    };
    expect(
        "lines",
        &count("cat log/current log/@* | wc -l").as_str(),
        &"402",
    )?;
    expect(
        "distinct",
        &count("cat log/current log/@* | sort -u | wc -l").as_str(),
        &"402",
    )
}
