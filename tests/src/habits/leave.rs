//! Services that are removed by `svc -dx` and the removal of their link.

use super::{Habit, Outcome, expect, scan, shell, until_scan};
use crate::side::Side;

pub(super) const HABITS: &[Habit] = &[
    Habit::new("svc -dx x && rm x, 40 services", remove),
    Habit::new("svc -dx *; sleep 1; rm *, 40 services", remove_later),
    Habit::new("svc -dx x; mv x .x, 40 services", hide),
    Habit::new("svc -dx * */log; sleep 1; kill svscan", end_all),
];

const MANY: usize = 40;

/// Links to services that are all up, and a svscan that has just scanned.
fn linked(side: &Side) -> crate::Proc {
    for number in 0..MANY {
        side.service(&format!("sv/x{number}"), "exec sleep 1000");
        side.symlink(format!("../sv/x{number}"), format!("s/x{number}"));
    }
    let svscan = scan(side);
    for number in 0..MANY {
        side.until_status(format!("sv/x{number}"), "up", crate::Status::is_up);
    }
    until_scan(side);
    svscan
}

/// Whether none of them is supervised after two more scans.
fn all_ended(side: &Side) -> Outcome {
    until_scan(side);
    until_scan(side);
    let left = (0..MANY).filter(|number| side.is_supervised(format!("sv/x{number}")));
    expect("still supervised", &left.count(), &0)
}

fn remove(side: &Side) -> Outcome {
    let _svscan = linked(side);
    shell(side, "cd s; for x in x*; do svc -dx $x && rm $x; done");
    all_ended(side)
}

fn remove_later(side: &Side) -> Outcome {
    let _svscan = linked(side);
    shell(side, "cd s; svc -dx x*; sleep 1; rm x*");
    all_ended(side)
}

fn hide(side: &Side) -> Outcome {
    let _svscan = linked(side);
    shell(side, "cd s; for x in x*; do svc -dx $x; mv $x .$x; done");
    all_ended(side)
}

fn end_all(side: &Side) -> Outcome {
    const LOGGED: usize = 10;
    for number in 0..LOGGED {
        side.service(&format!("s/x{number}"), "exec sleep 1000");
        side.service(&format!("s/x{number}/log"), "exec cat >>out");
    }
    let svscan = scan(side);
    let all =
        || (0..LOGGED).flat_map(|number| [format!("s/x{number}"), format!("s/x{number}/log")]);
    for name in all() {
        side.until_status(name, "up", crate::Status::is_up);
    }
    until_scan(side);
    let kill = format!("cd s; svc -dx * */log; sleep 1; kill {}", svscan.pid());
    shell(side, &kill);
    let _ = svscan.wait();
    // No supervisor is left that could start a service: those that run now run on.
    let left = all().filter(|name| side.is_supervised(name));
    expect("still supervised", &left.count(), &0)
}
