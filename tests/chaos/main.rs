//! Kills svscan, supervises, services and loggers at random while numbered lines are logged,
//! and then counts every line.
//!
//! ```text
//! cargo run -p conformance --bin chaos -- --seconds 20 [--seed 7]
//! ```
//!
//! The last line has the figures; the exit code is 0 if nothing was lost. Each service prints
//! each line with one write and notes their number. A line is lost if the note says that it
//! was printed and no log has it. A second copy is found by a lock.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod count;
mod tree;
mod writer;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use conformance::keeper;
use nix::sys::signal::SigSet;

use tree::{Kind, Tree};

/// The options.
struct Options {
    seconds: u64,
    seed: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "writer") {
        return writer::run();
    }
    let Some(options) = parse(&args) else {
        eprintln!("chaos: usage: chaos [--seconds n] [--seed n]");
        return ExitCode::from(100);
    };
    let root = keeper::enter().expect("a place to work in");
    // The keeper blocks signals, and services inherit the mask of svscan.
    SigSet::all().thread_unblock().expect("a mask");
    println!("chaos: seed {}", options.seed);
    let mut tree = Tree::new(&root);
    tree.start_svscan();
    let mut random = Random(options.seed);
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut kills = [0_u32; 4];
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10 + random.below(150)));
        let kind = Kind::ALL[random.below(4) as usize];
        if tree.kill(kind, random.below(tree::SERVICES) as usize) {
            kills[kind as usize] += 1;
        }
        if random.below(2) == 0 {
            tree.start_svscan();
        }
    }
    tree.finish();
    let sum = count::count(&root);
    let [svscan, supervise, service, logger] = kills;
    println!(
        "chaos: {} s, killed: svscan {svscan}, supervise {supervise}, services {service}, loggers {logger}",
        options.seconds
    );
    println!(
        "chaos: {} lines of {} processes: lost {}, doubled {}, out of order {}, second copies {}",
        sum.lines, sum.writers, sum.lost, sum.doubled, sum.disordered, sum.copies
    );
    ExitCode::from(u8::from(!sum.is_well()))
}

fn parse(args: &[String]) -> Option<Options> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut options = Options {
        seconds: 20,
        seed: now.ok()?.as_secs(),
    };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args.next()?.parse().ok()?;
        match name.as_str() {
            "--seconds" => options.seconds = value,
            "--seed" => options.seed = value,
            _ => return None,
        }
    }
    Some(options)
}

/// Pseudo-random numbers, the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
