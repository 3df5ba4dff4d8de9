//! svc against local users. The reference has no `--tree` and reaches processes only
//! through supervise, so there is nothing to compare.

use std::os::unix::fs::symlink;

use conformance::case::Need;
use conformance::process::{self, Entry};
use conformance::{Case, Proc, Side, Status};

/// All commands: with and without stopping first, to end, stop or signal processes.
const LETTERS: [&str; 5] = ["-k", "-d", "-p", "-dk", "-t"];

pub(crate) fn cases() -> Vec<Case> {
    let forged = |name: &str, forge: fn(&Side)| {
        let case = Case::scenario(format!("--tree believes no record {name}"), move |side| {
            let stranger = Stranger::start(side);
            side.fake_supervise("x", Status::up(stranger.main).ago(0));
            side.mode("x/supervise", 0o755);
            forge(side);
            stranger.survives(side);
        });
        promise(
            case,
            "unable to believe supervise/status of x: other users may write it: nothing sent",
        )
    };
    let counted = Case::scenario("--tree counts no supervise of another user", |side| {
        // It has the name, the directory and the lock, and the child whose pid is in an
        // old record.
        side.fake_supervise("x", Status::down());
        side.mode("x/supervise", 0o755);
        side.file("x/supervise/lock", "");
        let stranger = Stranger::with_lock(side);
        side.file("x/supervise/status", Status::up(stranger.main).pack());
        stranger.survives(side);
    });
    vec![
        forged("of another user", |side| {
            side.give_away("x/supervise/status");
        }),
        forged("in another user's directory", |side| {
            side.give_away("x/supervise");
        }),
        forged("that others may write", |side| {
            side.mode("x/supervise/status", 0o666);
        }),
        forged("where others may put one", |side| {
            side.mode("x/supervise", 0o777);
        }),
        forged("that is a link", |side| {
            side.rename("x/supervise/status", "elsewhere");
            side.symlink("../../elsewhere", "x/supervise/status");
        }),
        promise(
            counted,
            "unable to tell whether process N is x: nothing sent",
        ),
    ]
}

fn promise(case: Case, why: &str) -> Case {
    let each = LETTERS.iter().flat_map(|letters| {
        [
            format!("{letters}: exit 111"),
            format!("stderr: svc: warning: {why}"),
            "lives: true".to_owned(),
        ]
    });
    let lines: Vec<String> = each.chain(["x/supervise/control:".to_owned()]).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    case.needs(Need::Root).promises(&lines)
}

/// Two processes that belong to no service: `main` and its child.
struct Stranger {
    main: u32,
    child: i32,
    _first: Proc,
}

const SLEEPERS: &str = "sleep 1001 & exec sleep 1000";

impl Stranger {
    /// Processes of root.
    fn start(side: &Side) -> Self {
        let main = side.command(["/bin/sh", "-c", SLEEPERS]).spawn();
        let pid = main.pid();
        Self::found(side, pid, main)
    }

    /// Processes of nobody, below a `supervise` that holds the lock of `x`.
    fn with_lock(side: &Side) -> Self {
        symlink("/usr/bin/flock", side.path("supervise")).expect("a link");
        let words = ["./supervise", "supervise/lock", "-c", SLEEPERS];
        let supervise = side.command(words).cwd("x").unprivileged().spawn();
        let pid = only_child(side, supervise.pid());
        Self::found(side, pid, supervise)
    }

    fn found(side: &Side, main: i32, first: Proc) -> Self {
        Self {
            main: main.unsigned_abs(),
            child: only_child(side, main),
            _first: first,
        }
    }

    /// Runs svc on `x` with every command, and logs the state of these processes.
    fn survives(&self, side: &Side) {
        for letters in LETTERS {
            let words = ["svc", letters, "--tree", "--strict", "x"];
            let svc = side.command(words).spawn();
            side.log(letters, svc.wait());
            let said = String::from_utf8_lossy(&svc.stderr()).into_owned();
            let said = said.replace(&self.main.to_string(), "N");
            side.log("stderr", said.trim_end());
            let lives = |pid| Entry::of(pid).is_some_and(|now| !"TZ".contains(now.state));
            let main = i32::try_from(self.main).expect("a pid");
            side.log("lives", lives(main) && lives(self.child));
        }
        side.log_control("x");
    }
}

fn only_child(side: &Side, parent: i32) -> i32 {
    let mut found = None;
    side.until("a child", || {
        let all = process::all();
        found = all
            .iter()
            .find(|entry| entry.parent.as_raw() == parent)
            .map(|entry| entry.pid);
        found.is_some()
    });
    found.expect("until returns when it is there").as_raw()
}
