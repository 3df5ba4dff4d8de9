//! The programs of a test: the gate of this build, the suite, the servers.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const GATE: &str = env!("CARGO_BIN_EXE_diaspora-deps");
pub(crate) const SVC: &str = env!("CARGO_BIN_EXE_diaspora_svc");

/// The root of the source tree.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// PATH: the folders of the gate, of this suite, of fetched servers, of the system.
pub(crate) fn path() -> OsString {
    let ours = std::env::var_os("OURS_BIN").map_or_else(|| root().join("build/bin"), PathBuf::from);
    let gate = Path::new(GATE).parent().unwrap().to_owned();
    let mut all = vec![gate, ours, root().join("build/venv/bin")];
    let system = std::env::var_os("PATH").unwrap_or_default();
    all.extend(std::env::split_paths(&system));
    all.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    std::env::join_paths(all).unwrap()
}

/// Those of these programs that are not installed, and root's rights if missing. A name may
/// end with `*`.
pub(crate) fn missing(programs: &[&str]) -> String {
    let path = path();
    let is_missing = |&&program: &&&str| match program.strip_suffix('*') {
        Some(start) => !std::env::split_paths(&path).any(|folder| has(&folder, start)),
        None => !std::env::split_paths(&path).any(|folder| folder.join(program).exists()),
    };
    let mut missing: Vec<&str> = programs.iter().filter(is_missing).copied().collect();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !status.contains("Uid:\t0\t0") {
        missing.push("root's rights");
    }
    if programs.contains(&"unshare") && !may_unshare() {
        missing.push("the right to make namespaces");
    }
    missing.join(", ")
}

fn has(folder: &Path, start: &str) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with(start))
}

fn may_unshare() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--pid", "--fork", "--net", "true"]);
    unshare.output().is_ok_and(|output| output.status.success())
}
