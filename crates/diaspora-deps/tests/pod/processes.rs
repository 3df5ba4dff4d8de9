//! The processes of the pod: all that there are, but for the test itself and process 1.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Kills all, as a power cut does. A supervise may start a service again before it is
/// killed itself: several rounds reach all.
pub(crate) fn kill_all() {
    for _ in 0..100 {
        let pids = all();
        if pids.is_empty() {
            return;
        }
        kill(&pids);
        thread::sleep(Duration::from_millis(20));
    }
    panic!("processes are left: {:?}", all());
}

/// Kills some processes.
pub(crate) fn kill(pids: &[String]) {
    let _ = Command::new("kill")
        .arg("-KILL")
        .args(pids)
        .stderr(Stdio::null())
        .status();
}

/// The pids of all.
fn all() -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| *pid != "1" && *pid != std::process::id().to_string())
        // One that has ended, and that nobody has waited for, has none.
        .filter(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok())
        .collect()
}
