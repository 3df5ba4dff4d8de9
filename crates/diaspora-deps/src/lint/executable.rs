//! The faults of a `run` file that supervise is to execute.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::script::{Interpreter, interpreter};
use crate::read;

/// The faults of a file that has to be executable.
pub(super) fn faults(file: &Path) -> Vec<String> {
    let metadata = match fs::metadata(file) {
        Err(_) => return vec!["missing: write a run script".to_owned()],
        Ok(metadata) => metadata,
    };
    if !metadata.is_file() {
        return vec!["is no file".to_owned()];
    }
    let mut faults = Vec::new();
    if metadata.permissions().mode() & 0o111 == 0 {
        faults.push(format!("not executable: chmod a+x {}", file.display()));
    }
    match interpreter(&read::regular(file).unwrap_or_default()) {
        Interpreter::Missing => {
            faults.push("does not begin with #!: the kernel won't run it".to_owned());
        }
        Interpreter::Program(program) if !Path::new(&program).exists() => {
            faults.push(format!("its interpreter {program} does not exist"));
        }
        _ => {}
    }
    faults
}
