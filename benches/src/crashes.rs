//! A service that crashes once a second, for a thousand times: its supervise must not
//! grow. Both contenders at the same time; takes as many seconds as there are crashes.

use std::thread;
use std::time::{Duration, Instant};

use crate::settings::Settings;
use crate::table::{Of, Row, Target};
use crate::tree::Tree;
use crate::{Outcome, process, program};

/// Crashes before the first look: what is set up at the first is no growth.
const WARM: usize = 3;

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let count = settings.amount(1000);
    let mut growth = Row::new(
        format!("private dirty memory, growth over {count} restarts"),
        "kB",
    )
    .target(Target::Below(0.0));
    let mut descriptors = Row::new(
        format!("open descriptors, growth over {count} restarts"),
        "",
    )
    .target(Target::AtMost(1.0, Of::Column("daemontools")));
    let pair = settings
        .contenders
        .pair("supervise")
        .ok_or("no supervise")?;
    let mut trees = Vec::new();
    for contender in pair {
        let mut tree = Tree::new(settings, contender, 1, &program::crash())?;
        let pid = tree.start_supervise(0)?;
        tree.heard(WARM)?;
        trees.push((tree, pid, look(pid)));
    }
    for (tree, pid, before) in &mut trees {
        let end = Instant::now() + Duration::from_secs(3 * count as u64 + 30);
        let mut seen = 0;
        while seen < count && Instant::now() < end {
            thread::sleep(Duration::from_secs(1));
            seen += tree.heard_meanwhile()?;
        }
        if seen < count {
            return Err(format!("{}: {seen} restarts of {count}", tree.contender.name).into());
        }
        let after = look(*pid);
        growth.push(tree.contender.name, after.0 - before.0);
        descriptors.push(tree.contender.name, after.1 - before.1);
    }
    Ok(vec![growth, descriptors])
}

/// Memory in kB, descriptors.
fn look(pid: u32) -> (f64, f64) {
    nix::unistd::sync();
    let memory = process::private_dirty(pid).unwrap_or(f64::NAN);
    (memory, process::descriptors(pid) as f64)
}
