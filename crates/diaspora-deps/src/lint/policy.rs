//! `supervise.toml` and the files beside it: lines that supervise ignores, and files that
//! mean something to other supervisors and are not switched on here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use daemontools::servicedir::foreign::ALL;
use daemontools::servicedir::policy::Policy;

use crate::read;

/// The faults of a service or logger directory, each with its file.
pub(super) fn faults(directory: &Path) -> Vec<(PathBuf, String)> {
    let file = directory.join("supervise.toml");
    let mut faults = Vec::new();
    let text = match read::regular(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            faults.push((file.clone(), format!("can't be read: {error}")));
            Vec::new()
        }
    };
    let policy = Policy::parse(&text, |trouble| {
        let what = trouble.kind.describe(|parts| parts.concat());
        let what = String::from_utf8_lossy(&what).into_owned();
        faults.push((file.clone(), format!("line {}: {what}", trouble.line)));
    });
    let exists = |name: &str| fs::symlink_metadata(directory.join(name)).is_ok();
    if exists("finish") && !policy.finish {
        let fault = format!("is not run: write finish = true into {}", file.display());
        faults.push((directory.join("finish"), fault));
    }
    for foreign in ALL {
        let path = directory.join(foreign.file);
        if exists(foreign.file) && !(foreign.has)(&policy) {
            let content = read::regular(&path).unwrap_or_default();
            let line = foreign.line(&String::from_utf8_lossy(&content));
            let suite = foreign.suite;
            let fault = format!("is {suite}'s and means nothing to supervise: here it is {line}");
            faults.push((path, fault));
        }
    }
    if policy.finish && !exists("finish") {
        let fault = "has finish = true, and there is no finish: write one, or take the line out";
        faults.push((file, fault.to_owned()));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("write");
        }
        let faults = faults(folder.path());
        let lines = faults.iter().map(|(file, fault)| {
            let file = file.strip_prefix(folder.path()).expect("in it");
            format!("{}: {fault}\n", file.display())
        });
        lines.collect()
    }

    #[test]
    fn a_line_that_supervise_ignores_is_said_in_its_words() {
        let text = "stop-tiemout = 3\nbackoff = 9\nrestart = always\n";
        let found = found(&[("supervise.toml", text)]);
        assert_eq!(
            found,
            "supervise.toml: line 1: unknown name stop-tiemout, ignored\n\
             supervise.toml: line 3: not of the form NAME = VALUE, ignored\n"
        );
    }

    #[test]
    fn a_file_that_is_not_switched_on_is_said() {
        let finish = found(&[("finish", "")]);
        assert!(
            finish.starts_with("finish: is not run: write finish = true into "),
            "{finish}"
        );
        let fd = found(&[
            ("notification-fd", "3"),
            ("supervise.toml", "backoff = 1\n"),
        ]);
        assert!(
            fd.starts_with(
                "notification-fd: is s6's and means nothing to supervise: here it is ready-fd = 3"
            ),
            "{fd}"
        );
        let policy = "finish = true\nready-fd = 3\ngive-up = 3\n";
        let on = [
            ("finish", ""),
            ("notification-fd", "3"),
            ("max-death-tally", "3"),
            ("supervise.toml", policy),
        ];
        assert_eq!(found(&on), "");
        assert!(found(&[("supervise.toml", "finish = true\n")]).contains("there is no finish"));
        assert_eq!(found(&[]), "");
    }
}
