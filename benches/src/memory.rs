//! Private dirty memory: what one more service costs, and what its scanner needs.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::tree::Tree;
use crate::{Outcome, process, program};

/// How many supervises make a mean.
const SOME: usize = 200;
/// A policy for which no timer runs while the service is up.
const POLICY: &str = "backoff = 60\ngive-up = 5\nstop-timeout = 20\n";

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut supervise = Row::new("idle supervise, mean of 200", "kB").target(Target::at_most(0.82));
    let mut scan = Row::new("svscan with 1,000 services", "kB").target(Target::at_most(0.9));
    let mut policy = Row::new("the same with a supervise.toml", "kB");
    let count = settings.amount(1000);
    for _ in 0..settings.rounds(3) {
        for contender in settings.contenders.with(|family| family.scan()) {
            let mut tree = Tree::new(settings, contender, count, &program::stay())?;
            let scanner = tree.start_scan()?;
            let heard = tree.heard(count);
            if contender.unless_peer_failed(heard)?.is_none() {
                continue;
            }
            thread::sleep(settings.time(Duration::from_secs(3)));
            // Freshly written files count as dirty until they are on the disk.
            nix::unistd::sync();
            if let Some(mean) = mean(&tree) {
                supervise.push(contender.name, mean);
            }
            if let Some(size) = process::private_dirty(scanner) {
                scan.push(contender.name, size);
            }
        }
    }
    let [ours, _] = settings
        .contenders
        .pair("supervise")
        .ok_or("no supervise")?;
    for _ in 0..settings.rounds(3) {
        let mut tree = Tree::new(settings, ours, SOME, &program::stay())?;
        for index in 0..SOME {
            fs::write(tree.service(index).join("supervise.toml"), POLICY)?;
        }
        tree.start_scan()?;
        tree.heard(SOME)?;
        thread::sleep(settings.time(Duration::from_secs(3)));
        nix::unistd::sync();
        if let Some(mean) = mean(&tree) {
            policy.push(ours.name, mean);
        }
    }
    Ok(vec![supervise, policy, scan])
}

/// Of some supervises.
fn mean(tree: &Tree) -> Option<f64> {
    let all = tree.supervises().into_iter().take(SOME);
    let sizes: Vec<f64> = all.filter_map(process::private_dirty).collect();
    (!sizes.is_empty()).then(|| sizes.iter().sum::<f64>() / sizes.len() as f64)
}
