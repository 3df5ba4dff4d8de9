//! Private dirty memory: what one more service costs, and what its scanner needs.

use std::thread;
use std::time::Duration;

use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::tree::Tree;
use crate::{Outcome, process, program};

/// How many supervises make a mean.
const SOME: usize = 200;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut supervise = Row::new("idle supervise, mean of 200", "kB").target(Target::at_most(0.82));
    let mut scan = Row::new("svscan with 1,000 services", "kB").target(Target::at_most(0.9));
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
            let all = tree.supervises().into_iter().take(SOME);
            let sizes: Vec<f64> = all.filter_map(process::private_dirty).collect();
            if !sizes.is_empty() {
                supervise.push(
                    contender.name,
                    sizes.iter().sum::<f64>() / sizes.len() as f64,
                );
            }
            if let Some(size) = process::private_dirty(scanner) {
                scan.push(contender.name, size);
            }
        }
    }
    Ok(vec![supervise, scan])
}
