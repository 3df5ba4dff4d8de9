//! Where the contenders are, where to work, how much to measure.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::thread;
use std::time::Duration;

use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use crate::Outcome;
use crate::contender::{Contender, Contenders};
use crate::family::Family;
use crate::{process, program};

/// Folders of the contenders and of the work.
#[derive(Debug, Args)]
pub(crate) struct Places {
    /// Our programs.
    #[arg(long, value_name = "DIR", default_value = "build/bin")]
    ours: PathBuf,
    /// The reference's programs.
    #[arg(long, value_name = "DIR", default_value = "build/reference/usr/bin")]
    reference: PathBuf,
    /// Our programs, the static ones linked with musl: a column of its own.
    #[arg(long, value_name = "DIR")]
    musl: Option<PathBuf>,
    /// runit and s6, unpacked.
    #[arg(long, value_name = "DIR", default_value = "build/peers")]
    peers: PathBuf,
    /// Where to work: in memory.
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    memory: PathBuf,
    /// Where to work: on a real disk.
    #[arg(long, value_name = "DIR", default_value = "build")]
    disk: PathBuf,
}

/// What the cases need to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) contenders: Contenders,
    pub(crate) quick: bool,
    scratch: TempDir,
    disk: TempDir,
}

impl Settings {
    /// Finds the contenders and makes the folders.
    pub(crate) fn new(places: Places, quick: bool) -> Outcome<Self> {
        let absolute = |path: &Path| -> PathBuf {
            let below = Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .map(|root| root.join(path));
            let found = [Some(path.to_owned()), below]
                .into_iter()
                .flatten()
                .find(|p| p.exists());
            found
                .and_then(|path| path.canonicalize().ok())
                .unwrap_or_else(|| path.to_owned())
        };
        let peers = absolute(&places.peers);
        let mut all = vec![
            Contender::new("ours", Family::Daemontools, absolute(&places.ours)),
            Contender::new(
                "daemontools",
                Family::Daemontools,
                absolute(&places.reference),
            ),
            Contender::new("runit", Family::Runit, peers.join("usr/bin")).with_libraries(&peers),
            Contender::new("s6", Family::S6, peers.join("usr/bin")).with_libraries(&peers),
        ];
        if let Some(musl) = &places.musl {
            let musl = Contender::new("musl", Family::Daemontools, absolute(musl));
            if musl.program("supervise").is_none() {
                return Err(format!("musl: no supervise in {}", musl.folder().display()).into());
            }
            all.insert(2, musl);
        }
        let contenders = Contenders::new(all)?;
        let scratch = [places.memory, env::temp_dir()]
            .iter()
            .find_map(|place| usable(place))
            .ok_or("no folder in which programs can be made and run")?;
        let disk = TempDir::with_prefix_in("bench.", absolute(&places.disk))?;
        clean_up_after_signals(vec![scratch.path().to_owned(), disk.path().to_owned()])?;
        Ok(Self {
            contenders,
            quick,
            scratch,
            disk,
        })
    }

    /// A folder in memory, which goes with the run.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// A folder on a disk, which goes with the run.
    pub(crate) fn disk(&self) -> &Path {
        self.disk.path()
    }

    /// How many rounds: `full`, or very few of them.
    pub(crate) fn rounds(&self, full: usize) -> usize {
        if self.quick {
            full.div_ceil(20).min(3)
        } else {
            full
        }
    }

    /// How many of something: `full`, or a twentieth.
    pub(crate) fn amount(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(20) } else { full }
    }

    /// How long: `full`, or a twelfth.
    pub(crate) fn time(&self, full: Duration) -> Duration {
        if self.quick { full / 12 } else { full }
    }
}

/// A new folder below `place`, if programs can be run there.
fn usable(place: &Path) -> Option<TempDir> {
    let folder = TempDir::with_prefix_in("bench.", place).ok()?;
    let test = folder.path().join("test");
    program::write(&test, &program::exit(0)).ok()?;
    let status = Command::new(&test).status().ok()?;
    fs::remove_file(&test).ok()?;
    status.success().then_some(folder)
}

/// Ends with nothing left behind when the run is interrupted.
fn clean_up_after_signals(folders: Vec<PathBuf>) -> Outcome<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            for folder in folders {
                process::kill_below(&folder);
                let _ = fs::remove_dir_all(folder);
            }
            exit(128 + signal);
        }
    });
    Ok(())
}
