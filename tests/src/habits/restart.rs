//! Trees that are stopped and started again by hand.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Habit, Outcome, expect, shell};
use crate::Status;
use crate::process::Proc;
use crate::side::Side;

pub(super) const HABITS: &[Habit] = &[
    Habit::new("Venus OS: svc -d *, killall svscan supervise, start", venus),
    Habit::new(
        "killall supervise alone: what was down starts",
        supervises_alone,
    ),
    Habit::new(
        "ulimit -n 230: 100 logged services, svscan again",
        few_descriptors,
    ),
];

const SERVICES: usize = 12;
const SLEEPER: &str = "exec sleep 1000";

fn logged(side: &Side, count: usize) -> Vec<String> {
    let dirs = (0..count).flat_map(|number| {
        side.service(&format!("s/x{number}"), SLEEPER);
        side.service(&format!("s/x{number}/log"), "exec cat");
        [format!("s/x{number}"), format!("s/x{number}/log")]
    });
    dirs.collect()
}

fn until_up(side: &Side, dirs: &[String]) {
    for dir in dirs {
        side.until_status(dir, "up", Status::is_up);
        side.until("a supervise", || side.is_supervised(dir));
    }
}

/// Kills the supervises of this side, as `killall` would all supervises.
fn killall_supervise(side: &Side, dirs: &[String]) {
    let root = side.path("s");
    let processes = fs::read_dir("/proc").expect("/proc is mounted").flatten();
    for process in processes.map(|entry| entry.path()) {
        let name = fs::read(process.join("comm")).unwrap_or_default();
        let here = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&root));
        let pid = process
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok());
        if let (b"supervise\n", true, Some(pid)) = (name.as_slice(), here, pid) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
    for dir in dirs {
        side.until("its end", || !side.is_supervised(dir));
    }
}

fn end(svscan: &Proc) {
    svscan.signal(Signal::SIGTERM);
    let _ = svscan.wait();
}

fn venus(side: &Side) -> Outcome {
    let dirs = logged(side, SERVICES);
    let svscan = side.command(["svscan", "s"]).spawn();
    until_up(side, &dirs);
    shell(side, "svc -d s/*; svc -d s/*/log");
    for dir in &dirs {
        side.until_status(dir, "down", Status::is_down);
    }
    end(&svscan);
    killall_supervise(side, &dirs);
    let _svscan = side.command(["svscan", "s"]).spawn();
    until_up(side, &dirs);
    Ok(())
}

fn supervises_alone(side: &Side) -> Outcome {
    let dirs = logged(side, SERVICES);
    let _svscan = side.command(["svscan", "s"]).spawn();
    until_up(side, &dirs);
    shell(side, "svc -d s/*; svc -d s/*/log");
    for dir in &dirs {
        side.until_status(dir, "down", Status::is_down);
    }
    killall_supervise(side, &[]);
    until_up(side, &dirs);
    Ok(())
}

fn few_descriptors(side: &Side) -> Outcome {
    const LIMIT: u64 = 230;
    let dirs = logged(side, 100);
    let first = side.command(["svscan", "s"]);
    let first = first.limit(libc::RLIMIT_NOFILE, LIMIT).spawn();
    until_up(side, &dirs);
    first.signal(Signal::SIGKILL);
    let _ = first.wait();
    let second = side.command(["svscan", "s"]);
    let second = second.limit(libc::RLIMIT_NOFILE, LIMIT).spawn();
    // The reference can't start a service that runs, and reports that twice for each.
    side.until("a scan", || {
        second.stderr().len() > 2 * dirs.len() || open_pipes(&second) == dirs.len()
    });
    let alive = dirs.iter().filter(|dir| {
        let up = side.status(dir).is_some_and(|status| status.is_up());
        up && side.is_supervised(dir)
    });
    expect("up", &alive.count(), &dirs.len())
}

/// The number of pipe ends that a process has open.
fn open_pipes(process: &Proc) -> usize {
    let fds = fs::read_dir(format!("/proc/{}/fd", process.pid()));
    let links = fds.into_iter().flatten().flatten();
    let links = links.filter_map(|fd| fs::read_link(fd.path()).ok());
    let pipes = links.filter(|link| link.to_string_lossy().starts_with("pipe:"));
    pipes.count()
}
