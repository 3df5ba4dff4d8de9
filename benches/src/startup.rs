//! From the start of the scanner until every service runs.

use std::time::Instant;

use crate::contender::Contender;
use crate::settings::Settings;
use crate::table::{Of, Row, Target};
use crate::tree::Tree;
use crate::{Outcome, program};

/// As many as the reference can have.
pub(crate) fn thousand(settings: &Settings) -> Outcome<Vec<Row>> {
    let count = settings.amount(1000);
    let mut row = Row::new(format!("{count} services, start until all are up"), "ms")
        .target(Target::at_most(0.95));
    for _ in 0..settings.rounds(9) {
        for contender in settings.contenders.with(|family| family.scan()) {
            let took = start(settings, contender, count);
            row.extend(contender.name, contender.unless_peer_failed(took)?);
        }
    }
    Ok(vec![row])
}

/// Where the reference and runit have given up.
pub(crate) fn ten_thousand(settings: &Settings) -> Outcome<Vec<Row>> {
    let count = settings.amount(10_000);
    let mut row = Row::new(format!("{count} services, start until all are up"), "ms")
        .target(Target::AtMost(0.5, Of::Column("s6")));
    for _ in 0..settings.rounds(3) {
        for contender in settings.contenders.with(|family| family.scan()) {
            if ["ours", "s6"].contains(&contender.name) {
                let took = start(settings, contender, count);
                row.extend(contender.name, contender.unless_peer_failed(took)?);
            }
        }
    }
    Ok(vec![row])
}

fn start(settings: &Settings, contender: &Contender, count: usize) -> Outcome<f64> {
    let mut tree = Tree::new(settings, contender, count, &program::stay())?;
    let begin = Instant::now();
    tree.start_scan()?;
    tree.heard(count)?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}
