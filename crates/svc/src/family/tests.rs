//! The table of a machine on which svscan is 10 and leads the session and the group of
//! all: supervises 20 and 30, whose services are 21 and 31.

use super::*;

const SVSCAN: u32 = 10;

/// A process that has changed neither group nor session.
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

/// Whom the service of `root` finds in a table.
fn of(root: Process, table: &[Process]) -> Vec<u32> {
    let mut family = Family::default();
    family.add(root);
    pids(&family.grow(table))
}

#[test]
fn descendants_are_found_whatever_the_order_of_the_table() {
    let mut table = table(&[plain(42, 41), plain(41, 21), plain(43, 42)]);
    assert_eq!(of(plain(21, 20), &table), [41, 42, 43]);
    table.reverse();
    assert_eq!(of(plain(21, 20), &table), [41, 42, 43]);
}

#[test]
fn the_group_and_session_of_supervise_are_nobody_s_own() {
    // 44 was left behind in them: whose it was, nothing tells.
    assert_eq!(of(plain(21, 20), &table(&[plain(44, 1)])), []);
}

#[test]
fn a_service_that_leads_its_session_has_all_of_it() {
    let root = within(21, 20, 21, 21);
    let orphan = within(44, 1, 21, 21);
    let job = within(45, 1, 45, 21);
    let mut table = table(&[orphan, job]);
    table.retain(|process| process.pid != root.pid);
    table.push(root);
    assert_eq!(of(root, &table), [44, 45]);
}

#[test]
fn so_has_a_descendant_that_leads_one_or_a_group() {
    let (leader, orphan) = (within(41, 21, 41, 41), within(44, 1, 44, 41));
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
    let (leader, orphan) = (within(41, 21, 41, SVSCAN), within(44, 1, 41, SVSCAN));
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
}

#[test]
fn a_session_whose_maker_is_gone_proves_nothing() {
    // A daemon that forked, made a session and forked again.
    assert_eq!(of(plain(21, 20), &table(&[within(44, 1, 43, 43)])), []);
    // A descendant in it is found all the same; the others there are not.
    let (child, other) = (within(41, 21, 43, 43), within(44, 1, 43, 43));
    assert_eq!(of(plain(21, 20), &table(&[child, other])), [41]);
}

#[test]
fn an_ended_leader_still_stands_for_its_session() {
    let leader = Process {
        state: b'Z',
        ..within(41, 21, 41, 41)
    };
    let orphan = within(44, 1, 44, 41);
    assert_eq!(of(plain(21, 20), &table(&[leader, orphan])), [41, 44]);
}

#[test]
fn what_was_known_is_kept_and_given_once() {
    let mut family = Family::default();
    family.add(plain(21, 20));
    let (leader, orphan) = (within(41, 21, 41, 41), within(44, 1, 44, 41));
    assert_eq!(pids(&family.grow(&table(&[leader, orphan]))), [41, 44]);
    assert_eq!(pids(&family.grow(&table(&[leader, orphan]))), []);
    // The leader has ended; its session is known as long as a member is in it.
    let late = within(46, 1, 46, 41);
    assert_eq!(pids(&family.grow(&table(&[orphan, late]))), [46]);
}

#[test]
fn a_number_that_is_given_again_is_another_process() {
    let mut family = Family::default();
    family.add(plain(21, 20));
    let leader = within(41, 21, 41, 41);
    assert_eq!(pids(&family.grow(&table(&[leader]))), [41]);
    // All of session 41 have ended; a stranger has the number now.
    let stranger = Process {
        start_time: 1000,
        ..within(41, 1, 41, 41)
    };
    let child = within(44, 41, 41, 41);
    assert_eq!(pids(&family.grow(&table(&[stranger, child]))), []);
}

#[test]
fn nobody_is_older_than_its_parent() {
    let older = Process {
        start_time: 3,
        ..plain(41, 21)
    };
    assert_eq!(of(plain(21, 20), &table(&[older])), []);
}

#[test]
fn the_spared_are_spared_and_their_children_with_them() {
    let mut family = Family::sparing([41]);
    family.add(plain(21, 20));
    let table = table(&[plain(41, 21), plain(42, 41), plain(43, 21)]);
    assert_eq!(pids(&family.grow(&table)), [43]);
}
