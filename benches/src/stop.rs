//! From the command `d` until the record says down. The supervises have one processor to
//! themselves, and the program that measures has another.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::tree::Tree;
use crate::{Outcome, program};

/// Services of each contender, so that one wait for a start serves many stops.
const SERVICES: usize = 20;
/// After which a service may be started again at once.
const SETTLED: Duration = Duration::from_millis(1300);
/// How long a stop may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes 12 to 15 of the record are the pid, 0 while the service is down.
const PID: std::ops::Range<usize> = 12..16;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut row = Row::new("d until the record says down", "µs").target(Target::at_most(1.0));
    let pair = settings
        .contenders
        .pair("supervise")
        .ok_or("no supervise")?;
    pin(0, 1)?;
    let mut trees = Vec::new();
    for contender in pair {
        let mut tree = Tree::new(settings, contender, SERVICES, &program::stay())?;
        for index in 0..SERVICES {
            pin(tree.start_supervise(index)?, 0)?;
        }
        tree.heard(SERVICES)?;
        trees.push(tree);
    }
    for _ in 0..settings.rounds(25) {
        // A restart puts the service's process on the processor of its supervise.
        for tree in &mut trees {
            for index in 0..SERVICES {
                tree.command(index, b"du")?;
            }
        }
        thread::sleep(SETTLED);
        for tree in &mut trees {
            tree.heard(SERVICES)?;
        }
        for index in 0..SERVICES {
            for tree in &trees {
                row.push(tree.contender.name, stop(tree, index)? * 1e6);
            }
        }
        for tree in &trees {
            for index in 0..SERVICES {
                tree.command(index, b"u")?;
            }
        }
        thread::sleep(SETTLED);
        for tree in &mut trees {
            tree.heard(SERVICES)?;
        }
    }
    Ok(vec![row])
}

/// Has a process, 0 for this one, run on one processor alone.
fn pin(pid: u32, processor: usize) -> Outcome<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    sched_setaffinity(Pid::from_raw(pid.cast_signed()), &set)
        .map_err(|error| format!("processor {processor}: {error}").into())
}

/// Seconds.
fn stop(tree: &Tree, index: usize) -> Outcome<f64> {
    let path = tree.service(index).join("supervise/status");
    let mut control = tree.control(index)?;
    let begin = Instant::now();
    std::io::Write::write_all(&mut control, b"d")?;
    while begin.elapsed() < PATIENCE {
        if fs::read(&path)?.get(PID) == Some(&[0; 4]) {
            return Ok(begin.elapsed().as_secs_f64());
        }
    }
    Err(format!("{}: not down", tree.contender.name).into())
}
