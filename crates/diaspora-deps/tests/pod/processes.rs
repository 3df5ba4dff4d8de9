//! The processes of the pod: all that share this network, but for the test itself.

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
pub(crate) fn all() -> Vec<String> {
    let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    let ours = network("self");
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| *pid != std::process::id().to_string())
        .filter(|pid| network(pid) == ours)
        .collect()
}
