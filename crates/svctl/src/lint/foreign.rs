//! Files to which other suites give a meaning, and supervise none: what switches the same on
//! here, if that is not done yet.

use std::fs;
use std::path::Path;

use daemontools::servicedir::foreign::{ALL, Foreign};
use daemontools::servicedir::policy::Policy;

use super::finding::Finding;

/// What is there and not switched on.
pub(super) fn not_switched_on(directory: &Path, policy: Option<&Policy>) -> Vec<Finding> {
    let lacking = ALL.iter().filter(|foreign| {
        directory.join(foreign.file).exists() && !policy.is_some_and(foreign.has)
    });
    let say = |foreign: &Foreign| {
        let path = directory.join(foreign.file);
        // A FIFO would block.
        let text = path
            .is_file()
            .then(|| fs::read_to_string(path).ok())
            .flatten();
        let line = foreign.line(&text.unwrap_or_default());
        let text = format!(
            "is {}'s and means nothing to supervise; here it is {line}",
            foreign.suite
        );
        Finding::of(foreign.file, text)
    };
    lacking.map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_that_is_proposed_is_one_that_supervise_takes() {
        let place = tempfile::tempdir().expect("a directory");
        for (file, content, line) in [
            ("notification-fd", "3\n", "ready-fd = 3"),
            ("timeout-kill", "2500\n", "stop-timeout = 2.500"),
            ("timeout-finish", "10000", "finish-timeout = 10"),
            ("down-signal", "SIGQUIT\n", "stop-signal = \"SIGQUIT\""),
            ("max-death-tally", "5\n", "give-up = 5"),
        ] {
            fs::write(place.path().join(file), content).expect("write");
            let findings = not_switched_on(place.path(), None);
            let shown: Vec<String> = findings.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|text| text.ends_with(line)), "{shown:?}");
            let policy = Policy::parse(line.as_bytes(), |trouble| panic!("{trouble:?}"));
            let others = not_switched_on(place.path(), Some(&policy));
            assert!(
                !others.iter().any(|other| other.to_string().contains(file)),
                "{others:?}"
            );
            fs::remove_file(place.path().join(file)).expect("unlink");
        }
    }
}
