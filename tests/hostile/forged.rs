//! Records and locks as another user may forge them.

use std::fs;

use conformance::{Side, Status};

/// Starts a process of root's that belongs to no service; gives its pid.
pub(crate) fn victim(side: &Side) -> u32 {
    let victim = side.command(["/bin/sleep", "1000"]).spawn();
    victim.pid().unsigned_abs()
}

/// Whether a process runs: it is no zombie and not stopped.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim().chars().next());
    matches!(state, Some('S' | 'R'))
}

/// Field 22 of /proc/PID/stat: the start time of a process, in clock ticks since boot.
fn born(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process");
    let rest = stat.rsplit(')').next().expect("a name");
    let field = rest.split_whitespace().nth(19).expect("22 fields");
    field.parse().expect("a number")
}

/// A start time as time of the wall clock.
fn since(born: u64) -> Status {
    let uptime = fs::read_to_string("/proc/uptime").expect("uptime");
    let uptime: f64 = uptime
        .split(' ')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("uptime");
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let age = (uptime - born as f64 / 100.0) as i64;
    Status::up(1).ago(age)
}

/// Writes a valid record of a process into a service directory, with its detail file.
pub(crate) fn record(side: &Side, dir: &str, pid: u32, want: u8) {
    use std::os::unix::fs::MetadataExt;
    let born_at = born(pid);
    let status = Status {
        pid,
        ..since(born_at).want(want)
    };
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot id");
    let place = fs::metadata(side.path(dir)).expect("the service directory");
    side.file(format!("{dir}/supervise/status"), status.pack());
    side.file(
        format!("{dir}/supervise/detail"),
        format!(
            "starts 1\npid {pid}\nborn {born_at}\nsince {:016x}{:08x}\nboot {}\ninit {}\n\
             directory {} {}\nseen {}\n",
            status.stamp,
            status.nanos,
            boot.trim(),
            born(1),
            place.dev(),
            place.ino(),
            u64::MAX,
        ),
    );
}
