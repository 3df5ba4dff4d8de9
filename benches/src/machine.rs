//! Where and when a run was made.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::settings::Settings;

/// The heading of a run: date, machine, kernel, load.
pub(crate) fn heading(settings: &Settings) -> String {
    let read = |path: &str| {
        fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let cpuinfo = read("/proc/cpuinfo");
    let cpu = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let cpu = cpu.map_or("unknown", |name| name.trim_start_matches([' ', '\t', ':']));
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let system = read("/etc/os-release");
    let system = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let load = read("/proc/loadavg");
    let mut out = String::from("## ");
    let date = Command::new("date")
        .args(["-u", "+%Y-%m-%d %H:%M UTC"])
        .output();
    let date = date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let _ = writeln!(out, "{}\n", date.unwrap_or_default());
    let _ = writeln!(
        out,
        "{cores} × {cpu}, {}, Linux {};",
        system.unwrap_or("").trim_matches('"'),
        read("/proc/sys/kernel/osrelease")
    );
    let _ = writeln!(
        out,
        "load before the run {}. Medians; contenders in turn.",
        load.split(' ').next().unwrap_or("")
    );
    if settings.quick {
        out.push_str("**A quick run: whether it works, not how fast it is.**\n");
    }
    out
}
