//! In these tables, svscan is 10 and leads the group and session of all processes;
//! supervises are 20 and 30, and their services 21 and 31.

use super::*;

const SVSCAN: u32 = 10;

/// A process in the group and session of svscan.
fn plain(pid: u32, parent: u32) -> Process {
    within(pid, parent, SVSCAN, SVSCAN)
}

fn within(pid: u32, parent: u32, group: u32, session: u32) -> Process {
    Process {
        pid,
        parent,
        group,
        session,
        start_time: u64::from(pid),
        state: b'S',
    }
}

/// Both services, and `more`.
fn table(more: &[Process]) -> Vec<Process> {
    let mut table = vec![
        plain(1, 0),
        plain(SVSCAN, 1),
        plain(20, SVSCAN),
        plain(21, 20),
        plain(30, SVSCAN),
        plain(31, 30),
        plain(32, 31),
    ];
    table.extend(more);
    table
}

fn pids(found: &[Process]) -> Vec<u32> {
    let mut pids: Vec<u32> = found.iter().map(|found| found.pid).collect();
    pids.sort_unstable();
    pids
}

/// The processes of the service with the main process `root`.
fn of(root: Process, table: &[Process]) -> Vec<u32> {
    let mut members = Members::default();
    members.add(root);
    pids(&members.update(table))
}

#[test]
fn finds_descendants_in_any_order_of_the_table() {
    let mut table = table(&[plain(42, 41), plain(41, 21), plain(43, 42)]);
    assert_eq!(of(plain(21, 20), &table), [41, 42, 43]);
    table.reverse();
    assert_eq!(of(plain(21, 20), &table), [41, 42, 43]);
}

#[test]
fn the_group_and_session_of_supervise_do_not_count() {
    // An orphan in that group may be of any service.
    assert_eq!(of(plain(21, 20), &table(&[plain(44, 1)])), []);
}

#[test]
fn all_processes_of_a_session_that_the_service_leads_count() {
    let root = within(21, 20, 21, 21);
    let orphan = within(44, 1, 21, 21);
    let job = within(45, 1, 45, 21);
    let mut table = table(&[orphan, job]);
    table.retain(|process| process.pid != root.pid);
    table.push(root);
    assert_eq!(of(root, &table), [44, 45]);
}

#[test]
fn all_processes_of_a_group_or_session_that_a_descendant_leads_count() {
    let (leader, orphan) = (within(41, 21, 41, 41), within(44, 1, 44, 41));
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
    let (leader, orphan) = (within(41, 21, 41, SVSCAN), within(44, 1, 41, SVSCAN));
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
}

#[test]
fn a_session_whose_leader_was_never_seen_does_not_count() {
    // A daemon that forked, made a session and forked again.
    assert_eq!(of(plain(21, 20), &table(&[within(44, 1, 43, 43)])), []);
    // Of its processes, only a descendant counts.
    let (child, other) = (within(41, 21, 43, 43), within(44, 1, 43, 43));
    assert_eq!(of(plain(21, 20), &table(&[child, other])), [41]);
}

#[test]
fn a_zombie_still_leads_its_session() {
    let leader = Process {
        state: b'Z',
        ..within(41, 21, 41, 41)
    };
    let orphan = within(44, 1, 44, 41);
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
}

#[test]
fn gives_each_process_once_and_keeps_a_session_after_its_leader() {
    let mut members = Members::default();
    members.add(plain(21, 20));
    let (leader, orphan) = (within(41, 21, 41, 41), within(44, 1, 44, 41));
    assert_eq!(pids(&members.update(&table(&[leader, orphan]))), [41, 44]);
    assert_eq!(pids(&members.update(&table(&[leader, orphan]))), []);
    // The leader has ended; its session counts as long as a member is in it.
    let late = within(46, 1, 46, 41);
    assert_eq!(pids(&members.update(&table(&[orphan, late]))), [46]);
}

#[test]
fn a_reused_pid_is_another_process() {
    let mut members = Members::default();
    members.add(plain(21, 20));
    let leader = within(41, 21, 41, 41);
    assert_eq!(pids(&members.update(&table(&[leader]))), [41]);
    // All processes of session 41 have ended; another process has the number now.
    let other = Process {
        start_time: 1000,
        ..within(41, 1, 41, 41)
    };
    let child = within(44, 41, 41, 41);
    assert_eq!(pids(&members.update(&table(&[other, child]))), []);
}

#[test]
fn a_process_older_than_its_parent_is_not_its_child() {
    let older = Process {
        start_time: 3,
        ..plain(41, 21)
    };
    assert_eq!(of(plain(21, 20), &table(&[older])), []);
}

#[test]
fn excluded_processes_and_their_children_do_not_count() {
    let mut members = Members::without([41]);
    members.add(plain(21, 20));
    let table = table(&[plain(41, 21), plain(42, 41), plain(43, 21)]);
    assert_eq!(pids(&members.update(&table)), [43]);
}
