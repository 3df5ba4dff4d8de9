use super::*;

const START: Tick = Tick(u32::MAX - 500);

fn place(inode: u64) -> Identity {
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
    table.insert(c"a", place(1), START).expect("memory");
    table[0].set(Mark::Logged, true);
    table[0].started(Role::Service, 10, START);
    table[0].started(Role::Log, 11, START);
    table
}

#[test]
fn what_is_listed_no_more_is_left_alone_and_forgotten_once_nothing_runs() {
    let mut table = running();
    table.insert(c"b", place(2), START).expect("memory");
    table[1].started(Role::Service, 20, START);
    table.begin_scan();
    table.meet(1, c"b").expect("memory");
    table.end_scan();
    let later = START.plus(2000);
    table.ended(&ends(&[10]), later);
    assert_eq!(table[0].next(later), None);
    assert_eq!(table[0].wait(later), None);
    for (pid, left) in [(0, 2), (11, 1)] {
        table.ended(&ends(&[pid]), later);
        table.begin_scan();
        let b = table.find(place(2)).expect("b");
        table.meet(b, c"b").expect("memory");
        table.end_scan();
        assert_eq!(table.len(), left);
    }
    assert_eq!(table.find(place(1)), None);
    assert_eq!(table.find(place(2)), Some(0));
    assert_eq!(table.name(0), c"b");
}

#[test]
fn a_service_with_another_name_is_the_same_and_the_first_name_of_a_scan_counts() {
    let mut table = running();
    table.begin_scan();
    table.meet(0, c"longer-name").expect("memory");
    table.meet(0, c"alias").expect("memory");
    table.end_scan();
    assert_eq!(table.name(0), c"longer-name");
    assert_eq!(table.namesake(c"longer-name", 1), Some(0));
    assert_eq!(table.namesake(c"a", 1), None);
    assert_eq!(table.namesake(c"longer-name", 0), None);
}

#[test]
fn twenty_thousand_services_are_found_after_any_removal() {
    const MANY: u64 = 20_000;
    let mut table = Table::default();
    for inode in 0..MANY {
        // Not in the order of the inodes.
        let inode = inode * 7919 % MANY;
        let name = std::ffi::CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table.insert(&name, place(inode), START).expect("memory");
        assert_eq!(table.find(place(inode)), Some(slot));
    }
    table.begin_scan();
    for inode in (0..MANY).step_by(3) {
        let name = std::ffi::CString::new(format!("service-{inode}")).expect("no NUL");
        let slot = table.find(place(inode)).expect("it");
        table.meet(slot, &name).expect("memory");
    }
    table.end_scan();
    for inode in 0..MANY {
        let found = table.find(place(inode));
        assert_eq!(found.is_some(), inode % 3 == 0);
        if let Some(slot) = found {
            let name = table.name(slot).to_str().expect("text");
            assert_eq!(name, format!("service-{inode}"));
        }
    }
    assert!(table.garbage < table.names.len());
}

#[test]
fn a_replaced_directory_is_found_by_its_new_identity_only() {
    let mut table = running();
    table.insert(c"b", place(5), START).expect("memory");
    table.replace(0, place(7));
    assert_eq!(table.find(place(1)), None);
    assert_eq!(table.find(place(7)), Some(0));
    assert_eq!(table.find(place(5)), Some(1));
}

#[test]
fn many_ends_at_once_each_find_their_supervise() {
    let mut table = Table::default();
    for number in 0..100 {
        let slot = table
            .insert(c"a", place(u64::from(number)), START)
            .expect("memory");
        table[slot].started(Role::Service, 1000 - number, START);
    }
    let mut pids: Vec<u32> = (0..100).step_by(7).map(|number| 1000 - number).collect();
    pids.extend([1, 5000]);
    pids.sort_unstable();
    table.ended(&ends(&pids), START.plus(2000));
    for slot in 0..100 {
        assert_eq!(table[slot].is_idle(), slot % 7 == 0);
    }
}

#[test]
fn a_supervise_is_found_by_its_process() {
    let mut table = running();
    table.insert(c"b", place(2), START).expect("memory");
    table[1].started(Role::Service, 20, START);
    assert_eq!(table.holder(11), Some((0, Role::Log)));
    assert_eq!(table.holder(20), Some((1, Role::Service)));
    assert_eq!(table.holder(0), None);
    table.ended(&ends(&[20]), START);
    assert_eq!(table.holder(20), None);
}
