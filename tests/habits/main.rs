//! Runs the habits of operators many times on each side, and prints a table.
//!
//! ```text
//! cargo run -p conformance --bin habits -- [--runs 20] [--at-once 4] [FILTER]
//! ```
//!
//! Each line is one habit (see [`conformance::habits`]) with the number of its runs that had
//! the right result. The failures of the other runs are below the table. The exit code is 0
//! if all runs of ours had it.

use std::collections::BTreeMap;
use std::env;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use conformance::habits::{self, Habit};
use conformance::side::Programs;
use conformance::{Whose, keeper};

/// The options.
struct Options {
    runs: usize,
    at_once: usize,
    filter: String,
}

/// The results of the runs of one habit on one side.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: BTreeMap<String, usize>,
}

fn main() -> ExitCode {
    let Some(options) = parse(env::args().skip(1)) else {
        eprintln!("habits: usage: habits [--runs n] [--at-once n] [filter]");
        return ExitCode::from(100);
    };
    let root = match keeper::enter() {
        Ok(root) => root,
        Err(error) => {
            eprintln!("habits: {error}");
            return ExitCode::from(111);
        }
    };
    let programs = match habits::programs(&root) {
        Ok(programs) => programs,
        Err(error) => {
            eprintln!("habits: {error}");
            return ExitCode::from(111);
        }
    };
    std::panic::set_hook(Box::new(|_| {}));
    let chosen: Vec<Habit> = habits::all()
        .into_iter()
        .filter(|habit| habit.name.contains(&options.filter))
        .collect();
    println!("{:<54} {:>9} {:>9}", "habit", "reference", "ours");
    let mut well = true;
    for habit in chosen {
        let [reference, ours] = [Whose::Reference, Whose::Ours]
            .map(|whose| score(&habit, whose, &programs, &root, &options));
        let count = |score: &Score| format!("{}/{}", score.right, options.runs);
        println!(
            "{:<54} {:>9} {:>9}",
            habit.name,
            count(&reference),
            count(&ours)
        );
        for (side, score) in [("reference", &reference), ("ours", &ours)] {
            for (wrong, times) in &score.wrong {
                println!("    {side}, {times} times: {wrong}");
            }
        }
        well &= ours.wrong.is_empty();
    }
    ExitCode::from(u8::from(!well))
}

fn parse(args: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options {
        runs: 20,
        at_once: 4,
        filter: String::new(),
    };
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--runs" => options.runs = args.next()?.parse().ok()?,
            "--at-once" => options.at_once = args.next()?.parse().ok()?,
            option if option.starts_with('-') => return None,
            _ => options.filter = arg,
        }
    }
    (options.runs > 0 && options.at_once > 0).then_some(options)
}

/// Runs one habit on one side, as many times as the options say.
fn score(
    habit: &Habit,
    whose: Whose,
    programs: &Programs,
    root: &std::path::Path,
    options: &Options,
) -> Score {
    let (next, score) = (AtomicUsize::new(0), Mutex::new(Score::default()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.runs {
                return;
            }
            let outcome = habit.attempt(whose, programs, &root.join(format!("run{number}")));
            if let Ok(mut score) = score.lock() {
                match outcome {
                    Ok(()) => score.right += 1,
                    Err(wrong) => *score.wrong.entry(wrong).or_default() += 1,
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..options.at_once {
            scope.spawn(work);
        }
    });
    score.into_inner().unwrap_or_default()
}
