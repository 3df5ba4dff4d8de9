//! A service that gives up: it fails at once, its supervise is killed at random, and it is
//! told up again and again. It may not be started more often than its policy allows.

use std::fs;
use std::path::{Path, PathBuf};

use conformance::process::all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Early ends after which it has failed.
const GIVE_UP: usize = 3;

pub(crate) struct Failing {
    dir: PathBuf,
    /// How often it was told up after it had failed.
    told_up: usize,
}

impl Failing {
    pub(crate) fn new(root: &Path) -> Self {
        let dir = root.join("s/failing");
        super::tree::script(&dir, "echo >>starts; exit 1");
        let policy = format!("give-up = {GIVE_UP}\n");
        fs::write(dir.join("supervise.toml"), policy).expect("a policy");
        Self { dir, told_up: 0 }
    }

    /// Kills its supervise, or tells it up if it has failed.
    pub(crate) fn disturb(&mut self, kills: bool, svscan: Option<u32>) {
        if kills && self.is_settled(svscan) {
            if let Some(pid) = self.supervise() {
                let _ = kill(pid, Signal::SIGKILL);
            }
        } else if self.has_failed() && fs::write(self.dir.join("supervise/control"), "u").is_ok() {
            self.told_up += 1;
        }
    }

    /// Whether its supervise runs and knows that it does so under this svscan. While it does
    /// not, neither may be killed: if both are gone, the tree begins anew, and so does it.
    pub(crate) fn is_settled(&self, svscan: Option<u32>) -> bool {
        self.supervise().is_some() && svscan.is_some_and(|pid| self.runs_under(pid))
    }

    fn supervise(&self) -> Option<Pid> {
        let works_here = |pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|dir| dir == self.dir)
                && fs::read_to_string(format!("/proc/{pid}/comm"))
                    .is_ok_and(|name| name == "supervise\n")
        };
        all()
            .into_iter()
            .map(|entry| entry.pid)
            .find(|&pid| works_here(pid))
    }

    fn runs_under(&self, svscan: u32) -> bool {
        let seen: Option<u64> = self.detail("seen").and_then(|ticks| ticks.parse().ok());
        // Behind the name the start time is the twentieth word, in the same ticks.
        let stat = fs::read_to_string(format!("/proc/{svscan}/stat")).unwrap_or_default();
        let words = stat.rsplit(") ").next().unwrap_or_default();
        let begun = words
            .split(' ')
            .nth(19)
            .and_then(|ticks| ticks.parse().ok());
        begun.is_some() && seen > begun
    }

    fn has_failed(&self) -> bool {
        self.detail("stage").is_some_and(|stage| stage == "failed")
    }

    fn detail(&self, name: &str) -> Option<String> {
        let detail = fs::read_to_string(self.dir.join("supervise/detail")).ok()?;
        let mut lines = detail.lines().filter_map(|line| line.split_once(' '));
        lines.find_map(|(its, value)| (its == name).then(|| value.to_owned()))
    }

    /// How many starts there were more than the policy allows, and how many in all.
    pub(crate) fn starts(&self) -> (usize, usize) {
        let starts = fs::read(self.dir.join("starts")).unwrap_or_default().len();
        (starts.saturating_sub(GIVE_UP * (1 + self.told_up)), starts)
    }
}
