//! What the kernel tells of processes.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;

/// Runs a command to its end and gives the time from before its start until after
/// its end, in microseconds.
pub(crate) fn whole(command: &mut Command) -> Outcome<f64> {
    let begin = Instant::now();
    let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
    let took = begin.elapsed();
    match status.code() {
        Some(0) => Ok(took.as_secs_f64() * 1e6),
        _ => Err(format!("{command:?}: {status}").into()),
    }
}

/// Private dirty memory in kB.
pub(crate) fn private_dirty(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Private_Dirty:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// CPU time so far, of user and system, in milliseconds.
pub(crate) fn cpu(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    let nanos: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanos / 1e6)
}

/// How many descriptors are open.
pub(crate) fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Processes whose working directory is `folder` or below, by pid and name.
pub(crate) fn below(folder: &Path) -> Vec<(u32, String)> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        // A folder that was removed has " (deleted)" behind its name.
        let inside = cwd.starts_with(folder);
        let name = inside.then(|| fs::read_to_string(format!("/proc/{pid}/comm")).ok())??;
        Some((pid, name.trim_end().to_owned()))
    })
    .collect()
}

/// Pids of the processes below `folder` that have a name.
pub(crate) fn named(folder: &Path, name: &str) -> Vec<u32> {
    let all = below(folder).into_iter();
    all.filter_map(|(pid, found)| (found == name).then_some(pid))
        .collect()
}

/// Sends a signal.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
}

/// Kills all processes below `folder`, and what they start meanwhile.
pub(crate) fn kill_below(folder: &Path) {
    for _ in 0..200 {
        let all = below(folder);
        if all.is_empty() {
            return;
        }
        for (pid, _) in all {
            signal(pid, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(10));
    }
}
