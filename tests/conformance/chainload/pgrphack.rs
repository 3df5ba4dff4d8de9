//! pgrphack: a session of its own, also for a group leader. Its search of PATH stands for
//! all chain loaders.

use conformance::Case;

use super::{common, fault, search};

/// Whether a program leads its session and its group.
const LEADS: &str = r#"print +(POSIX::getpgrp() == $$ ? "leads" : "does not lead"), "\n""#;

/// The cases.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = common(&["pgrphack"]);
    cases.extend(search(&["pgrphack"]));
    cases.extend([
        Case::new("no arguments").run(["pgrphack"]),
        Case::new("what looks like an option is a program").run(["pgrphack", "-x", "true"]),
        Case::new("two dashes are a program").run(["pgrphack", "--", "true"]),
        Case::new("a program in somebody's group gets its own").then(|side| {
            let shell = format!("pgrphack perl -MPOSIX -e '{LEADS}'; perl -MPOSIX -e '{LEADS}'");
            side.command(["/bin/sh", "-c", &shell]).run();
        }),
        Case::new("a leader stays one").run(["pgrphack", "perl", "-MPOSIX", "-e", LEADS]),
        fault(
            "no session is no reason to stop",
            "setsid:error=EPERM",
            vec!["pgrphack", "/bin/echo", "goes on"],
        ),
    ]);
    cases
}
