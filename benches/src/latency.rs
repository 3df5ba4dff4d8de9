//! How long an operator, or a service that ended, has to wait.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::contender::Contender;
use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::tree::{Tree, readable};
use crate::{Outcome, process, program};

/// After which a service may be started again at once.
const SETTLED: Duration = Duration::from_millis(1300);
/// After which a supervise that did not come back never will.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut command = Row::new("command just after a start, until it has its effect", "ms")
        .target(Target::Below(5.0));
    let mut appear =
        Row::new("new service directory until its run executes", "ms").target(Target::Below(50.0));
    let mut back = Row::new("supervise killed until one is back", "ms").target(Target::Below(50.0));
    let all = settings.contenders.with(|family| family.scan());
    for round in 0..settings.rounds(7) {
        for contender in &all {
            let took = command_after_start(settings, contender);
            command.extend(contender.name, contender.unless_peer_failed(took)?);
        }
        // The scanners look every five seconds: at various moments in between.
        let moment = Duration::from_millis(300 + 550 * (round as u64 % 9));
        for contender in &all {
            let took = new_directory(settings, contender, moment);
            appear.extend(contender.name, contender.unless_peer_failed(took)?);
        }
        for contender in &all {
            let took = supervise_back(settings, contender, moment);
            back.extend(contender.name, contender.unless_peer_failed(took)?);
        }
    }
    Ok(vec![command, appear, back])
}

/// TERM by command, right after the service began to run, until it is dead.
fn command_after_start(settings: &Settings, contender: &Contender) -> Outcome<f64> {
    let mut tree = Tree::new(settings, contender, 1, &program::stay())?;
    tree.start_supervise(0)?;
    let pid = tree.heard(1)?[0];
    let service = Pid::from_raw(pid.cast_signed()).ok_or("a service without a pid")?;
    let service = pidfd_open(service, PidfdFlags::empty())?;
    let begin = Instant::now();
    tree.command(0, b"t")?;
    if !readable(&service, PATIENCE)? {
        return Err(format!("{}: the command had no effect", contender.name).into());
    }
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

fn new_directory(settings: &Settings, contender: &Contender, moment: Duration) -> Outcome<f64> {
    let mut tree = Tree::new(settings, contender, 0, &program::stay())?;
    tree.start_scan()?;
    thread::sleep(moment);
    let ready = tree.beside("ready");
    tree.add(&ready)?;
    let begin = Instant::now();
    fs::rename(ready, tree.service(0))?;
    tree.heard(1)?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

/// From the kill until somebody reads the control FIFO again.
fn supervise_back(settings: &Settings, contender: &Contender, moment: Duration) -> Outcome<f64> {
    let mut tree = Tree::new(settings, contender, 1, &program::stay())?;
    tree.start_scan()?;
    tree.heard(1)?;
    thread::sleep(SETTLED + moment);
    let pid = *tree.supervises().first().ok_or("no supervise to kill")?;
    let begin = Instant::now();
    process::signal(pid, Signal::SIGKILL);
    while tree.is_watched(0) && begin.elapsed() < PATIENCE {}
    while !tree.is_watched(0) && begin.elapsed() < PATIENCE {
        thread::sleep(Duration::from_micros(200));
    }
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

/// A service that ran for over a second is killed; until the next one runs.
pub(crate) fn restart(settings: &Settings) -> Outcome<Vec<Row>> {
    let mut row =
        Row::new("crash to restart, after a second and more", "µs").target(Target::at_most(0.9));
    let mut trees = Vec::new();
    for contender in settings.contenders.with(|family| family.scan()) {
        let mut tree = Tree::new(settings, contender, 1, &program::stay())?;
        tree.start_supervise(0)?;
        let pid = tree.heard(1)?[0];
        trees.push((tree, pid));
    }
    for _ in 0..settings.rounds(25) {
        thread::sleep(SETTLED);
        for (tree, pid) in &mut trees {
            let begin = Instant::now();
            process::signal(*pid, Signal::SIGKILL);
            *pid = tree.heard(1)?[0];
            row.push(tree.contender.name, begin.elapsed().as_secs_f64() * 1e6);
            // The next one has the processor to itself.
            thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(vec![row])
}
