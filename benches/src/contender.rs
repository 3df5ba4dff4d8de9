//! Who is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::family::Family;

/// One suite of programs.
#[derive(Debug)]
pub(crate) struct Contender {
    /// The column's name.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    bin: PathBuf,
    libraries: Option<PathBuf>,
}

impl Contender {
    /// The programs in `bin`.
    pub(crate) const fn new(name: &'static str, family: Family, bin: PathBuf) -> Self {
        Self {
            name,
            family,
            bin,
            libraries: None,
        }
    }

    /// Where its programs are.
    pub(crate) fn folder(&self) -> &Path {
        &self.bin
    }

    /// With the shared libraries of packages unpacked into `root`.
    pub(crate) fn with_libraries(mut self, root: &Path) -> Self {
        let folders = fs::read_dir(root.join("usr/lib"))
            .into_iter()
            .flatten()
            .flatten();
        self.libraries = folders
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().contains("-linux-"));
        self
    }

    /// What was measured; a peer that failed is left out, with a message.
    pub(crate) fn unless_peer_failed<T>(&self, result: Outcome<T>) -> Outcome<Option<T>> {
        match result {
            Err(error) if self.libraries.is_some() => {
                eprintln!("bench: left out: {error}");
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// The path of a program, if this suite has it.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let path = self.bin.join(name);
        path.exists().then_some(path)
    }

    /// A program with an environment that is small and the same for all.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()));
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }
}

/// All of them, ours first.
#[derive(Debug)]
pub(crate) struct Contenders(Vec<Contender>);

impl Contenders {
    /// Those whose programs are there; it takes the first two.
    pub(crate) fn new(all: Vec<Contender>) -> Outcome<Self> {
        for contender in &all[..2] {
            if contender.program("supervise").is_none() {
                let (name, bin) = (contender.name, contender.bin.display());
                return Err(format!("{name}: no supervise in {bin}").into());
            }
        }
        Ok(Self(all))
    }

    /// Those that have a program, which their family calls by the name that `name`
    /// gives.
    pub(crate) fn with(&self, name: fn(Family) -> &'static str) -> Vec<&Contender> {
        let all = self.0.iter();
        all.filter(|c| c.program(name(c.family)).is_some())
            .collect()
    }

    /// The reference and all builds of ours, if ours and the reference have a program.
    pub(crate) fn daemontools(&self, name: &str) -> Option<Vec<&Contender>> {
        self.pair(name)?;
        let all = self.0.iter();
        let all = all.filter(|c| c.family == Family::Daemontools && c.program(name).is_some());
        Some(all.collect())
    }

    /// Ours and the reference, if both have a program.
    pub(crate) fn pair(&self, name: &str) -> Option<[&Contender; 2]> {
        let pair = [&self.0[0], &self.0[1]];
        pair.iter()
            .all(|c| c.program(name).is_some())
            .then_some(pair)
    }
}
