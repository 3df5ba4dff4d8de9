//! A case: its steps, and the comparison of the two sides.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::normal::Normal;
use crate::side::{Programs, Side, Whose};
use crate::transcript::Transcript;

type Step = Box<dyn Fn(&Side) + Send + Sync>;

/// A requirement of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The harness runs as root.
    Root,
    /// strace is installed and may trace.
    Strace,
    /// Root that may make mount namespaces.
    Namespaces,
    /// A kernel with pidfds that is not restricted to look as if it had none.
    Pidfds,
}

/// A named list of steps, run on both sides.
#[must_use = "a case has to get into a suite"]
pub struct Case {
    pub(crate) name: String,
    pub(crate) needs: Vec<Need>,
    steps: Vec<Step>,
    stdin: Vec<u8>,
    normals: Vec<Normal>,
    files: bool,
    additions: bool,
    difference: Option<Difference>,
    promise: Option<Vec<String>>,
}

/// An intended difference.
struct Difference {
    reason: String,
    reference: Vec<String>,
    ours: Vec<String>,
}

impl Case {
    /// A case without steps yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            needs: Vec::new(),
            steps: Vec::new(),
            stdin: Vec::new(),
            normals: Vec::new(),
            files: true,
            additions: false,
            difference: None,
            promise: None,
        }
    }

    /// A case that is one closure.
    pub fn scenario(
        name: impl Into<String>,
        steps: impl Fn(&Side) + Send + Sync + 'static,
    ) -> Self {
        Self::new(name).then(steps)
    }

    /// Prepares the side's directory.
    pub fn setup(self, step: impl Fn(&Side) + Send + Sync + 'static) -> Self {
        self.then(step)
    }

    /// Any further step.
    pub fn then(mut self, step: impl Fn(&Side) + Send + Sync + 'static) -> Self {
        self.steps.push(Box::new(step));
        self
    }

    /// Gives the following runs these bytes on standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Runs a command of this side to its end; its exit and output are compared.
    pub fn run<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        let args: Vec<OsString> = args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect();
        let stdin = self.stdin.clone();
        self.then(move |side| {
            side.command(&args).stdin(stdin.clone()).run();
        })
    }

    /// Applies these replacements to every line before the comparison.
    pub fn normal(mut self, normals: &[Normal]) -> Self {
        self.normals.extend(normals);
        self
    }

    /// Leaves the files at the end out of the comparison.
    pub fn without_files(mut self) -> Self {
        self.files = false;
        self
    }

    /// Compares the files that only ours makes as well.
    pub fn with_additions(mut self) -> Self {
        self.additions = true;
        self
    }

    /// Skips the case if this requirement is not met.
    pub fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// Declares an intended difference: the lines of the transcript that only the
    /// reference has, and those that only ours has. The case fails if the difference is
    /// another one, or if there is none.
    pub fn differs(mut self, reason: impl Into<String>, reference: &[&str], ours: &[&str]) -> Self {
        let own = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        self.difference = Some(Difference {
            reason: reason.into(),
            reference: own(reference),
            ours: own(ours),
        });
        self
    }

    /// Runs ours alone; its transcript must be these lines. For a promise that the
    /// reference does not keep, or would take hours to show.
    pub fn promises(mut self, lines: &[&str]) -> Self {
        self.promise = Some(lines.iter().map(|&line| line.to_owned()).collect());
        self.without_files()
    }

    /// Runs both sides below `root` and compares them.
    ///
    /// # Errors
    /// The text that shows the difference.
    pub(crate) fn check(&self, programs: &Programs, root: &Path) -> Result<(), String> {
        if let Some(promise) = &self.promise {
            let ours = self.observe(Whose::Ours, programs, root)?;
            return if ours.lines() == promise {
                Ok(())
            } else {
                Err(format!("promised {promise:#?}, but {:#?}", ours.lines()))
            };
        }
        let reference = self.observe(Whose::Reference, programs, root)?;
        if std::env::var_os("CONFORMANCE_SHOW").is_some() {
            eprintln!("{}:\n  {}", self.name, reference.lines().join("\n  "));
        }
        let ours = self.observe(Whose::Ours, programs, root)?;
        let (only_reference, only_ours) = reference.difference(&ours);
        let verdict = match &self.difference {
            Some(difference) if !programs.same => {
                let expected = (&difference.reference, &difference.ours);
                if (&only_reference, &only_ours) == expected {
                    return Ok(());
                }
                format!(
                    "expected another difference ({}):\nonly the reference: {:#?}\nonly ours: {:#?}",
                    difference.reason, difference.reference, difference.ours
                )
            }
            _ if only_reference.is_empty() && only_ours.is_empty() => return Ok(()),
            _ => "the sides differ".to_owned(),
        };
        Err(format!("{verdict}\n{}", reference.side_by_side(&ours)))
    }

    fn observe(
        &self,
        whose: Whose,
        programs: &Programs,
        root: &Path,
    ) -> Result<Transcript, String> {
        // Both names have the same length, since some limits include the path.
        let name = if whose == Whose::Reference {
            "ref"
        } else {
            "our"
        };
        let side = Side::new(whose, programs, root.join(name), &self.normals);
        let steps = catch_unwind(AssertUnwindSafe(|| {
            self.steps.iter().for_each(|step| step(&side));
        }));
        let end = catch_unwind(AssertUnwindSafe(|| side.kill_all()));
        if let Err(payload) = steps.and(end) {
            let seen = side.transcript().lines().join("\n  ");
            return Err(format!(
                "{whose:?}: {}\nseen until then:\n  {seen}",
                message(&*payload)
            ));
        }
        if self.files {
            side.log_tree(self.additions);
        }
        Ok(side.transcript())
    }
}

pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked")
}
