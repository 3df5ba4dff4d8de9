use super::*;
use crate::slot::Logger;
use crate::slot::{PACE, PipeId};

const START: Monotonic = Monotonic(100_000_000_000);

fn directory(inode: u64) -> Identity {
    Identity { device: 1, inode }
}

fn ends(pids: &[u32]) -> Vec<Ended> {
    pids.iter()
        .map(|&pid| Ended {
            pid,
            ..Ended::default()
        })
        .collect()
}

/// A table with one service whose supervises run since [`START`], as pids 10 and 11.
fn running() -> Table {
    let mut table = Table::default();
    table.insert(c"a", directory(1), START).expect("memory");
    table[0].logger = Logger::Supervised;
    table[0].started(Role::Service, 10, START);
    table[0].started(Role::Log, 11, START);
    table
}

#[test]
fn service_not_listed_is_not_started_and_is_removed_once_nothing_runs() {
    let mut table = running();
    table.insert(c"b", directory(2), START).expect("memory");
    table[1].started(Role::Service, 20, START);
    table.begin_scan();
    table.meet(1, c"b").expect("memory");
    table.end_scan(|_| ());
    let later = START + 2 * PACE;
    table.ended(&ends(&[10]), later, |_, _, _| ());
    assert_eq!(table[0].next_action(later), None);
    assert_eq!(table[0].deadline(later), None);
    for (pid, left) in [(0, 2), (11, 1)] {
        table.ended(&ends(&[pid]), later, |_, _, _| ());
        table.begin_scan();
        let b = table.find(directory(2)).expect("b");
        table.meet(b, c"b").expect("memory");
        table.end_scan(|_| ());
        assert_eq!(table.len(), left);
    }
    assert_eq!(table.find(directory(1)), None);
    assert_eq!(table.find(directory(2)), Some(0));
    assert_eq!(*table[0].name, *c"b");
}

#[test]
fn renamed_service_stays_the_same_and_the_first_name_of_a_scan_counts() {
    let mut table = running();
    table.begin_scan();
    table.meet(0, c"longer-name").expect("memory");
    table.meet(0, c"alias").expect("memory");
    table.end_scan(|_| ());
    assert_eq!(*table[0].name, *c"longer-name");
    assert_eq!(table.find_running(c"longer-name", 1), Some(0));
    assert_eq!(table.find_running(c"a", 1), None);
    assert_eq!(table.find_running(c"longer-name", 0), None);
}

#[test]
fn twenty_thousand_services_are_found_after_removals() {
    const MANY: u64 = 20_000;
    let mut table = Table::default();
    for inode in 0..MANY {
        // Not in the order of the inodes.
        let inode = inode * 7919 % MANY;
        let name = CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table
            .insert(&name, directory(inode), START)
            .expect("memory");
        assert_eq!(table.find(directory(inode)), Some(slot));
    }
    table.begin_scan();
    for inode in (0..MANY).step_by(3) {
        let name = CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table.find(directory(inode)).expect("it");
        table.meet(slot, &name).expect("memory");
    }
    table.end_scan(|_| ());
    for inode in 0..MANY {
        let found = table.find(directory(inode));
        assert_eq!(found.is_some(), inode % 3 == 0);
        if let Some(slot) = found {
            let name = table[slot].name.to_str().expect("text");
            assert_eq!(name, format!("service-{inode}"));
        }
    }
}

#[test]
fn replaced_directory_is_found_by_its_new_identity_only() {
    let mut table = running();
    table.insert(c"b", directory(5), START).expect("memory");
    table.replace(0, directory(7));
    assert_eq!(table.find(directory(1)), None);
    assert_eq!(table.find(directory(7)), Some(0));
    assert_eq!(table.find(directory(5)), Some(1));
}

#[test]
fn ends_of_many_supervises_at_once_reach_their_slots() {
    let mut table = Table::default();
    for number in 0..100 {
        let slot = table
            .insert(c"a", directory(u64::from(number)), START)
            .expect("memory");
        table[slot].started(Role::Service, 1000 - number, START);
    }
    let mut pids: Vec<u32> = (0..100).step_by(7).map(|number| 1000 - number).collect();
    pids.extend([1, 5000]);
    pids.sort_unstable();
    table.ended(&ends(&pids), START + 2 * PACE, |_, _, _| ());
    for slot in 0..100 {
        assert_eq!(table[slot].is_idle(), slot % 7 == 0);
    }
}

#[test]
fn supervise_is_found_by_its_pid() {
    let mut table = running();
    table.insert(c"b", directory(2), START).expect("memory");
    table[1].started(Role::Service, 20, START);
    assert_eq!(table.find_process(11), Some((0, Role::Log)));
    assert_eq!(table.find_process(20), Some((1, Role::Service)));
    assert_eq!(table.find_process(0), None);
    table.ended(&ends(&[20]), START, |_, _, _| ());
    assert_eq!(table.find_process(20), None);
}

#[test]
fn removed_service_is_reported_with_its_pipe() {
    let mut table = running();
    assert_eq!(table[0].set_pipe(PipeId(3)), None);
    table.ended(&ends(&[10, 11]), START, |_, _, _| ());
    table.begin_scan();
    let mut pipes = Vec::new();
    table.end_scan(|slot| pipes.extend(slot.pipe()));
    assert_eq!(pipes, [PipeId(3)]);
}

/// What a service takes without its name: 20,000 are to stay within twice the 1.4 MB that
/// svscan took with slots of 48 bytes.
#[test]
fn slot_and_its_index_take_at_most_88_bytes() {
    assert!(size_of::<Slot>() + size_of::<usize>() <= 88);
}
