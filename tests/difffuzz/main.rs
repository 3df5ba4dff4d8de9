//! The differential fuzz run: the same random bytes and arguments to the
//! reference's program and to ours, and what comes of it has to be the same. It
//! finds what nobody thought of writing a case for.
//!
//! `--cases N` (of each target; 500, or as many as there is time for), `--seconds N`
//! (for all targets together), `--seed S` (else a new one each time), `--target NAME`
//! (else all), `--first K` (the number of the first case): whatever is found is
//! printed with the options that bring it back. `REFERENCE_BIN` and `OURS_BIN` as for
//! the conformance cases.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod cuts;
mod feed;
mod input;
mod minimise;
mod observe;
mod random;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use input::Input;
use observe::{Observation, Programs};
use random::Random;
use targets::Target;

/// How often a difference has to show before it counts: a second may have passed
/// between the two sides.
const CONFIRMATIONS: u32 = 3;

/// How many cases of each target there are when nothing is said.
const CASES: u64 = 500;

/// What `--help` says.
const USAGE: &str = "usage: difffuzz [--cases n] [--seconds n] [--seed n] [--first n] \
                     [--target name]";

/// The command line.
struct Options {
    cases: Option<u64>,
    seconds: Option<u64>,
    seed: u64,
    first: u64,
    target: Option<String>,
}

impl Options {
    fn parse() -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut options = Self {
            cases: None,
            seconds: None,
            seed: u64::from(now.map_or(0, |now| now.subsec_nanos())),
            first: 0,
            target: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(option) = words.next() {
            if option == "--help" {
                return Err(USAGE.to_owned());
            }
            let value = words.next().ok_or(format!("{option} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{value} is no number"));
            match option.as_str() {
                "--cases" => options.cases = Some(number()?),
                "--seconds" => options.seconds = Some(number()?),
                "--seed" => options.seed = number()?,
                "--first" => options.first = number()?,
                "--target" => options.target = Some(value),
                _ => return Err(format!("unknown option {option}")),
            }
        }
        Ok(options)
    }

    /// How long each of so many targets may take.
    fn share(&self, targets: usize) -> Duration {
        let targets = u32::try_from(targets.max(1)).expect("a few");
        self.seconds.map_or(Duration::MAX, Duration::from_secs) / targets
    }

    /// The numbers of the cases, if there is time enough.
    fn numbers(&self) -> std::ops::Range<u64> {
        let unlimited = if self.seconds.is_some() {
            u64::MAX
        } else {
            CASES
        };
        self.first..self.first.saturating_add(self.cases.unwrap_or(unlimited))
    }
}

/// What became of a target's cases.
#[derive(Default)]
struct Counts {
    equal: u64,
    left_out: u64,
    different: u64,
    /// Different at first, and not when it was tried again.
    unsteady: u64,
}

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("difffuzz: {error}");
            return ExitCode::from(100);
        }
    };
    let programs = Programs {
        reference: bin("REFERENCE_BIN", "build/reference/usr/bin"),
        ours: bin("OURS_BIN", "build/bin"),
    };
    let mut failed = false;
    let mut summary = Vec::new();
    println!("difffuzz: seed {}", options.seed);
    let wanted: Vec<Target> = targets::all()
        .into_iter()
        .filter(|target| {
            options
                .target
                .as_ref()
                .is_none_or(|name| name == target.name)
        })
        .collect();
    let share = options.share(wanted.len());
    for target in wanted {
        if let Err(missing) = programs.have(target.program) {
            println!("difffuzz: {} LEFT OUT: there is no {missing}", target.name);
            summary.push(format!("{} LEFT OUT", target.name));
            continue;
        }
        let counts = fuzz(&target, &programs, &options, share);
        failed |= counts.different > 0;
        let line = format!(
            "{} {} equal, {} left out, {} unsteady, {} different",
            target.name, counts.equal, counts.left_out, counts.unsteady, counts.different
        );
        println!("difffuzz: {line}");
        summary.push(line);
    }
    println!("difffuzz: seed {}: {}", options.seed, summary.join("; "));
    ExitCode::from(u8::from(failed))
}

fn bin(variable: &str, default: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = std::env::var_os(variable).map_or_else(|| workspace.join(default), PathBuf::from);
    // Programs run in other directories.
    path.canonicalize().unwrap_or(path)
}

fn fuzz(target: &Target, programs: &Programs, options: &Options, most: Duration) -> Counts {
    let mut counts = Counts::default();
    let start = Instant::now();
    for number in options.numbers() {
        if start.elapsed() >= most {
            break;
        }
        let mut random = Random::new(options.seed, target.name, number);
        let input = (target.generate)(&mut random);
        match compare(target, programs, &input) {
            Verdict::Equal => counts.equal += 1,
            Verdict::LeftOut => counts.left_out += 1,
            Verdict::Different => {
                counts.different += 1;
                let differs =
                    |input: &Input| matches!(compare(target, programs, input), Verdict::Different);
                let input = minimise::minimise(input, differs);
                report(target, programs, options.seed, number, &input);
                if !differs(&input) {
                    println!("difffuzz: it does not show any more: a matter of timing?\n");
                    counts.different -= 1;
                    counts.unsteady += 1;
                }
            }
        }
    }
    counts
}

enum Verdict {
    Equal,
    /// The reference died of it, or did not end.
    LeftOut,
    Different,
}

fn compare(target: &Target, programs: &Programs, input: &Input) -> Verdict {
    for _ in 0..CONFIRMATIONS {
        let [reference, ours] = both(target, programs, input);
        if reference == ours && !ours.killed() {
            return Verdict::Equal;
        }
        if reference.killed() {
            return Verdict::LeftOut;
        }
    }
    Verdict::Different
}

fn both(target: &Target, programs: &Programs, input: &Input) -> [Observation; 2] {
    let bins = [&programs.reference, &programs.ours];
    let mut both = bins.map(|bin| observe::observe(&bin.join(target.program), input));
    (target.reconcile)(input, &mut both);
    both.map(|seen| seen.normalised(target.normal))
}

fn report(target: &Target, programs: &Programs, seed: u64, number: u64, input: &Input) {
    let [reference, ours] = both(target, programs, input);
    println!(
        "difffuzz: {} differs; made smaller, it is\n{input}\nthe reference:\n{reference}\nours:\n{ours}\n\
         again: --target {} --seed {seed} --first {number} --cases 1\n",
        target.name, target.name
    );
}
