//! The log path when little comes: how soon a line is there, how often the kernel is
//! called, what an idle logger keeps.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::contender::Contender;
use crate::log_path::{Style, logger};
use crate::settings::Settings;
use crate::table::{Row, Target};
use crate::{Outcome, input, process};

/// No rotation while lines are counted.
const LONG: Style = Style {
    stamp: false,
    size: Some(16_777_215),
    alert: false,
};
const STAMPED: Style = Style {
    stamp: true,
    size: None,
    alert: false,
};

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Row>> {
    let latency = |when| {
        let case = format!("one line until it is in current, {when}, p50");
        Row::new(case, "µs").target(Target::at_most(1.0))
    };
    let (mut idle, mut busy) = (latency("idle"), latency("busy"));
    let mut calls = Row::new("system calls per MB, t, pipe", "").target(Target::Below(200.0));
    let mut fresh = Row::new("idle logger, fresh", "kB").target(Target::at_most(0.9));
    let mut burst = Row::new("idle logger, after 1 MB", "kB").target(Target::at_most(0.9));
    let strace = Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    let all = settings.contenders.with(|family| family.logger());
    for _ in 0..settings.rounds(5) {
        for contender in &all {
            idle.push(contender.name, line(settings, contender, SLEEPS)?);
            busy.push(contender.name, line(settings, contender, Duration::ZERO)?);
        }
        for contender in &all {
            let (before, after) = memory(settings, contender)?;
            fresh.push(contender.name, before);
            burst.push(contender.name, after);
        }
    }
    if strace.is_ok_and(|status| status.success()) {
        for contender in &all {
            calls.push(contender.name, system_calls(settings, contender)?);
        }
    }
    Ok(vec![idle, busy, calls, fresh, burst])
}

/// A logger that reads a pipe of ours; it ends when it is dropped.
struct Running(Child);

impl Running {
    fn new(contender: &Contender, directory: &Path, style: Style) -> Outcome<Self> {
        let mut command = logger(contender, directory, style)?;
        let running = Self(command.stdin(Stdio::piped()).spawn()?);
        let end = Instant::now() + Duration::from_secs(20);
        while !directory.join("current").exists() {
            if Instant::now() > end {
                return Err(format!("{}: its logger does not start", contender.name).into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(running)
    }

    fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        Ok(self.0.stdin.as_mut().ok_or("no pipe")?.write_all(bytes)?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// After so long without a line a logger sleeps.
const SLEEPS: Duration = Duration::from_micros(200);

/// The median of many lines, each written so long after the one before it was there.
fn line(settings: &Settings, contender: &Contender, pause: Duration) -> Outcome<f64> {
    let directory = settings.scratch().join("lines");
    let mut running = Running::new(contender, &directory, LONG)?;
    let current = File::open(directory.join("current"))?;
    let text = input::lines(1, 100, 100);
    let mut took = Vec::new();
    for _ in 0..settings.amount(2000) {
        if !pause.is_zero() {
            thread::sleep(pause);
        }
        let before = current.metadata()?.len();
        let begin = Instant::now();
        running.write(&text)?;
        while current.metadata()?.len() == before {
            if begin.elapsed() > Duration::from_secs(20) {
                return Err(format!("{}: a line was lost", contender.name).into());
            }
        }
        took.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    took.sort_by(f64::total_cmp);
    Ok(took[took.len() / 2])
}

/// Private dirty memory, mean of a number of loggers: fresh, and idle after a burst.
fn memory(settings: &Settings, contender: &Contender) -> Outcome<(f64, f64)> {
    let count = settings.amount(20);
    let folder = settings.scratch().join("loggers");
    let mut all = Vec::new();
    for index in 0..count {
        all.push(Running::new(
            contender,
            &folder.join(index.to_string()),
            LONG,
        )?);
    }
    let mean = |all: &[Running]| {
        let sizes = all
            .iter()
            .filter_map(|running| process::private_dirty(running.0.id()));
        sizes.sum::<f64>() / all.len() as f64
    };
    nix::unistd::sync();
    thread::sleep(Duration::from_millis(300));
    let fresh = mean(&all);
    let text = input::lines(1_000_000, 100, 250);
    for running in &mut all {
        running.write(&text)?;
    }
    thread::sleep(Duration::from_secs(5));
    let burst = mean(&all);
    drop(all);
    fs::remove_dir_all(&folder)?;
    Ok((fresh, burst))
}

/// As strace counts them.
fn system_calls(settings: &Settings, contender: &Contender) -> Outcome<f64> {
    let size = settings.amount(20_000_000);
    let directory = settings.scratch().join("counted");
    let summary = settings.scratch().join("summary");
    let logger = logger(contender, &directory, STAMPED)?;
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-o"]).arg(&summary);
    command.arg(logger.get_program()).args(logger.get_args());
    for (name, value) in logger.get_envs() {
        if let Some(value) = value.filter(|_| name == "LD_LIBRARY_PATH") {
            command.env(name, value);
        }
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("no pipe")?;
    for block in input::lines(size, 100, 250).chunks(65536) {
        stdin.write_all(block)?;
    }
    drop(stdin);
    child.wait()?;
    let text = fs::read_to_string(summary)?;
    let total = text.lines().rev().find(|line| line.ends_with("total"));
    let calls = total.and_then(|line| line.split_whitespace().nth(3)?.parse::<f64>().ok());
    Ok(calls.ok_or("strace gave no total")? / (size as f64 / 1e6))
}
