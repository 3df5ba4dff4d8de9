//! What watching costs when nothing happens, and when one service keeps crashing.

use std::thread;
use std::time::Duration;

use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::tree::Tree;
use crate::{Outcome, process, program};

const MINUTE: Duration = Duration::from_secs(60);
/// Crash loops beside each other, for a mean.
const LOOPS: usize = 20;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    Ok(vec![tree(settings)?, crash_loop(settings)?])
}

/// All trees at the same time: what disturbs one disturbs the others.
fn tree(settings: &Settings) -> Outcome<Row> {
    let count = settings.amount(1000);
    let mut row =
        Row::new(format!("idle tree of {count}: CPU a minute"), "ms").target(Target::at_most(0.2));
    let mut trees = Vec::new();
    for contender in settings.contenders.with(|family| family.scan()) {
        let mut tree = Tree::new(settings, contender, count, &program::stay())?;
        let scanner = tree.start_scan()?;
        let heard = tree.heard(count);
        if contender.unless_peer_failed(heard)?.is_some() {
            trees.push((tree, scanner));
        }
    }
    thread::sleep(settings.time(Duration::from_secs(12)));
    let all: Vec<Vec<u32>> = trees
        .iter()
        .map(|(tree, scanner)| [vec![*scanner], tree.supervises()].concat())
        .collect();
    let used = measured(settings, &all);
    for ((tree, _), used) in trees.iter().zip(used) {
        row.push(tree.contender.name, used);
    }
    Ok(row)
}

/// Of each supervise alone, not of what it starts.
fn crash_loop(settings: &Settings) -> Outcome<Row> {
    let mut row =
        Row::new("crash loop: CPU of its supervise a minute", "ms").target(Target::at_most(1.1));
    let mut trees = Vec::new();
    for contender in settings.contenders.with(|family| family.supervise()) {
        let mut tree = Tree::new(settings, contender, LOOPS, &program::crash())?;
        for index in 0..LOOPS {
            tree.start_supervise(index)?;
        }
        tree.heard(LOOPS)?;
        trees.push(tree);
    }
    thread::sleep(settings.time(Duration::from_secs(12)));
    let all: Vec<Vec<u32>> = trees.iter().map(Tree::supervises).collect();
    let used = measured(settings, &all);
    for (tree, used) in trees.iter().zip(used) {
        row.push(tree.contender.name, used / LOOPS as f64);
    }
    Ok(row)
}

/// CPU of each group of processes over a minute, in ms.
fn measured(settings: &Settings, groups: &[Vec<u32>]) -> Vec<f64> {
    let sums = || -> Vec<f64> {
        let sum = |pids: &Vec<u32>| pids.iter().filter_map(|pid| process::cpu(*pid)).sum();
        groups.iter().map(sum).collect()
    };
    let before = sums();
    let time = settings.time(MINUTE);
    thread::sleep(time);
    let scale = MINUTE.as_secs_f64() / time.as_secs_f64();
    let after = sums().into_iter().zip(before);
    after
        .map(|(after, before)| (after - before) * scale)
        .collect()
}
