//! What the processes of a service use: the main process and all that descend from it.

use std::fs;

/// What some processes use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// How many they are.
    pub(crate) processes: u64,
    /// Memory that is resident, in bytes.
    pub(crate) resident: u64,
    /// The time on a processor, in clock ticks.
    pub(crate) ticks: u64,
    /// Open descriptors; `None` if one may not be looked at.
    pub(crate) descriptors: Option<u64>,
}

/// Of which processes a service may consist at most: a tree that grows while it is read has
/// an end.
const MOST: usize = 10_000;

/// What the process `main` and its descendants use.
pub(crate) fn usage(main: u32, with_descriptors: bool) -> Usage {
    let mut usage = Usage {
        descriptors: with_descriptors.then_some(0),
        ..Usage::default()
    };
    let page = page_size();
    let mut found = vec![main];
    let mut at = 0;
    while let Some(&pid) = found.get(at) {
        at += 1;
        let Some(stat) = read_stat(pid) else { continue };
        usage.processes += 1;
        usage.resident += stat.resident_pages * page;
        usage.ticks += stat.ticks;
        if let Some(sum) = usage.descriptors {
            let open = fs::read_dir(format!("/proc/{pid}/fd"));
            usage.descriptors = open.ok().map(|open| sum + open.count() as u64);
        }
        if found.len() < MOST {
            children(pid, &mut found);
        }
    }
    usage
}

/// Appends the children of all threads of a process.
fn children(pid: u32, found: &mut Vec<u32>) {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    for task in tasks.flatten() {
        let Ok(text) = fs::read_to_string(task.path().join("children")) else {
            continue;
        };
        found.extend(
            text.split_ascii_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
}

/// Some fields of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    ticks: u64,
    resident_pages: u64,
}

fn read_stat(pid: u32) -> Option<Stat> {
    parse(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 14, 15 and 24. Field 2 is the name in parentheses, which may hold any byte.
fn parse(stat: &[u8]) -> Option<Stat> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let fields = std::str::from_utf8(stat.get(name_end + 2..)?).ok()?;
    let mut fields = fields.split(' ');
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let resident_pages = fields.nth(8)?.parse().ok()?;
    Some(Stat {
        ticks: user + system,
        resident_pages,
    })
}

fn page_size() -> u64 {
    daemontools::unix::memory::page_size()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_fields_behind_any_name() {
        let rest = "S 1 2 3 0 -1 4194560 92 0 0 0 11 22 0 0 20 0 1 0 987654 2318336 19 1 2";
        let wanted = Some(Stat {
            ticks: 33,
            resident_pages: 19,
        });
        for name in ["cat", "a b) S (c", ""] {
            assert_eq!(parse(format!("42 ({name}) {rest}").as_bytes()), wanted);
        }
        assert_eq!(parse(b"42 (cat) S 1"), None);
    }

    #[test]
    fn a_process_counts_with_its_children() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "sleep 1000 & wait"])
            .spawn()
            .expect("a child");
        let both = || usage(child.id(), true);
        while both().processes != 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let usage = both();
        assert!(
            usage.resident > 100_000 && usage.descriptors > Some(4),
            "{usage:?}"
        );
        let _ = std::process::Command::new("pkill")
            .args(["-P", &child.id().to_string()])
            .status();
        let _ = child.kill();
        let _ = child.wait();
        assert_eq!(super::usage(u32::MAX, true).processes, 0);
    }
}
