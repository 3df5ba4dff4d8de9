//! The processes of a test: they are killed when it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Kills every process that belongs to `folder`. A supervise may start a service again
/// before it is killed itself: several rounds reach all.
pub(crate) fn kill_all(folder: &Path) {
    for _ in 0..50 {
        let pids = of(folder);
        if pids.is_empty() {
            return;
        }
        let _ = Command::new("kill")
            .arg("-KILL")
            .args(&pids)
            .stderr(Stdio::null())
            .status();
        thread::sleep(Duration::from_millis(50));
    }
}

/// The pids of all processes whose working directory or command line is in `folder`.
fn of(folder: &Path) -> Vec<String> {
    let name = folder.to_string_lossy();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| *pid != std::process::id().to_string())
        .filter(|pid| {
            let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            cwd.starts_with(folder) || String::from_utf8_lossy(&line).contains(&*name)
        })
        .collect()
}
