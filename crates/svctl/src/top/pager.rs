//! A log in the pager of the user.

use std::io;
use std::process::{Command, Stdio};

use crate::service::Service;
use crate::tree::Tree;

/// Shows all lines of a log in `$PAGER`.
pub(super) fn show(tree: &Tree, service: &Service) -> io::Result<()> {
    let pager = std::env::var_os("PAGER").filter(|pager| !pager.is_empty());
    let mut lines = Command::new(std::env::current_exe()?)
        .arg("--dir")
        .arg(tree.directory())
        .args(["logs", "-n", "all"])
        .arg(&service.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = lines.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let shown = Command::new("sh")
        .arg("-c")
        .arg(pager.unwrap_or_else(|| "less".into()))
        .stdin(input)
        .status();
    // A pager that was left early ends it.
    lines.wait()?;
    shown.map(drop)
}
