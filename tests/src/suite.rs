//! All cases of all programs, as named tests with the command line of `cargo test`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::case::{Case, Need};
use crate::keeper;
use crate::side::Programs;

/// Cases mostly wait, so there are more threads than processors.
const THREADS: usize = 16;

/// Cases by program, in the order in which they were added.
#[derive(Default)]
pub struct Suite {
    programs: Vec<(&'static str, Vec<Case>)>,
}

impl Suite {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the cases of one program.
    #[must_use]
    pub fn program(mut self, name: &'static str, cases: Vec<Case>) -> Self {
        self.programs.push((name, cases));
        self
    }

    /// Runs what the command line selects; the result is the exit code.
    #[must_use]
    pub fn run(self) -> i32 {
        let mut arguments = Arguments::from_args();
        let listing = arguments.list;
        let ready = match listing {
            // The names can be listed without the programs.
            true => Ok(Default::default()),
            false => keeper::enter()
                .map_err(|error| error.to_string())
                .and_then(|root| Ok((programs(&root)?, root))),
        };
        let (programs, root) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                eprintln!("conformance: {error}");
                return 2;
            }
        };
        std::panic::set_hook(Box::new(|_| {}));
        arguments.test_threads.get_or_insert(THREADS);

        let passed: Arc<Mutex<BTreeMap<&str, usize>>> = Arc::default();
        let all_needs = [Need::Root, Need::Strace, Need::Namespaces, Need::Pidfds];
        let lacking: Vec<Need> = all_needs
            .into_iter()
            .filter(|&need| !available(need))
            .collect();
        let mut order = Vec::new();
        let mut trials = Vec::new();
        for (program, cases) in self.programs {
            order.push(program);
            for case in cases {
                let missing = case.needs.iter().find(|need| lacking.contains(need));
                let mut name = format!("{program}: {}", case.name);
                if let Some(need) = missing {
                    name.push_str(&format!(" (left out: needs {need:?})"));
                }
                let ignored = missing.is_some();
                let case_root = root.join(format!("c{:04}", trials.len()));
                let (programs, passed) = (programs.clone(), Arc::clone(&passed));
                let run = move || {
                    let result = case.check(&programs, &case_root).map_err(Failed::from);
                    fs::remove_dir_all(&case_root).ok();
                    if result.is_ok() {
                        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
                        *passed.entry(program).or_default() += 1;
                    }
                    result
                };
                trials.push(Trial::test(name, run).with_ignored_flag(ignored));
            }
        }
        let conclusion = libtest_mimic::run(&arguments, trials);
        if !listing {
            let passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
            let counts = order.iter().map(|program| {
                format!(
                    "{program} {}",
                    passed.get(program).copied().unwrap_or_default()
                )
            });
            let total: usize = passed.values().sum();
            println!(
                "conformance: {}, total {total}",
                counts.collect::<Vec<_>>().join(", ")
            );
        }
        if conclusion.has_failed() { 101 } else { 0 }
    }
}

fn available(need: Need) -> bool {
    let works = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    match need {
        Need::Root => nix::unistd::geteuid().is_root(),
        Need::Pidfds => !crate::bare::asked(),
        Need::Strace => works("strace", &["-o", "/dev/null", "true"]),
        Need::Namespaces => {
            nix::unistd::geteuid().is_root()
                && works("unshare", &["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        }
    }
}

/// A directory of programs: what the variable says, else this one of the workspace.
fn directory(variable: &str, default: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("below the workspace");
    env::var_os(variable).map_or_else(|| workspace.join(default), PathBuf::from)
}

fn reference() -> PathBuf {
    directory("REFERENCE_BIN", "build/reference/usr/bin")
}

/// Whether the reference knows `svc -q -1 -2`: 1:0.76-14 does, 1:0.76-8.1 does not.
#[must_use]
pub fn reference_sends_quit() -> bool {
    let svc = Command::new(reference().join("svc")).arg("-q").output();
    svc.is_ok_and(|output| output.status.success())
}

/// Whether our programs that convert times are linked with musl. With glibc they have names
/// that begin with `GLIBC_`, linked dynamically or not.
#[must_use]
pub fn ours_has_musl() -> bool {
    let program = directory("OURS_BIN", "build/bin").join("tai64nlocal");
    fs::read(program).is_ok_and(|bytes| !bytes.windows(6).any(|part| part == b"GLIBC_"))
}

/// Copies both sides' programs below `root`. There every user can execute them, a build
/// during the run does not change them, and both paths have the same length.
pub(crate) fn programs(root: &Path) -> Result<Programs, String> {
    let reference = reference();
    let ours = directory("OURS_BIN", "build/bin");
    if !reference.join("supervise").exists() {
        return Err(format!(
            "no reference in {}: run tests/fetch-reference, or set REFERENCE_BIN",
            reference.display()
        ));
    }
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).map_err(|e| e.to_string())?;
    let copy = |from: &Path, to: &str| -> std::io::Result<PathBuf> {
        let to = root.join(to);
        fs::create_dir(&to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(to)
    };
    let copied = |path: &Path, to: &str| {
        copy(path, to).map_err(|error| format!("{}: {error}", path.display()))
    };
    Ok(Programs {
        same: reference.canonicalize().ok() == ours.canonicalize().ok(),
        reference: copied(&reference, "ref-bin")?,
        ours: copied(&ours, "our-bin")?,
    })
}
