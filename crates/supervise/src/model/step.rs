//! What can happen in a state. The search sees nothing else.

use daemontools::servicedir::status::Want;

use super::world::World;

/// The commands. `t` stands for all that only send a signal.
const LETTERS: [u8; 7] = *b"udoxpct";

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A supervise begins.
    Begin { fork_fails: bool },
    /// supervise wakes up: its service has ended, or commands have come, or both.
    Wake {
        ends: bool,
        commands: [Option<u8>; 2],
        fork_fails: bool,
    },
    /// supervise is killed while it waits.
    Kill,
    /// supervise gets TERM.
    Terminate,
    /// svscan ends, and another begins, which takes a running supervise over.
    Svscan,
    /// The service ends while there is no supervise.
    End,
    /// Another process gets the pid in the record.
    ReusePid,
    /// Half a second passes.
    Time,
    /// The machine is started again.
    Reboot,
    /// The disk is full, or has room again.
    Disk,
    /// The supervise of the C original ran the service and was killed.
    Original { want: Want },
}

/// What is left out, to keep the number of states low.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Two commands in one write.
    pub(super) pairs: bool,
    /// The disk gets full. Then supervise is not killed while its record is not true: what
    /// only a killed process knew is gone.
    pub(super) full: bool,
    /// Reboots, pids that are used again, svscan, TERM, the C original.
    pub(super) elsewhere: bool,
}

impl Step {
    /// Whether it differs from the step before it only in that a fork fails.
    pub(super) const fn is_with_failing_fork(self) -> bool {
        matches!(
            self,
            Self::Begin { fork_fails: true }
                | Self::Wake {
                    fork_fails: true,
                    ..
                }
        )
    }
}

/// All steps from a state.
pub(super) fn steps(world: &World, supervised: bool, bounds: Bounds) -> Vec<Step> {
    let up = !world.services.is_empty();
    let mut all = vec![Step::Time];
    if bounds.full {
        all.push(Step::Disk);
    }
    if bounds.elsewhere {
        all.push(Step::Reboot);
        // Within a tick the kernel's times are the same.
        let now = Some(world.ticks());
        if Some(world.svscan).max(world.detail.seen) < now {
            all.push(Step::Svscan);
        }
    }
    if !supervised {
        all.extend([false, true].map(|fork_fails| Step::Begin { fork_fails }));
        if up {
            all.push(Step::End);
        } else if bounds.elsewhere {
            let wants = [Want::Up, Want::Down, Want::Once];
            all.extend(wants.map(|want| Step::Original { want }));
        }
        if bounds.elsewhere && world.may_reuse_pid() {
            all.push(Step::ReusePid);
        }
        return all;
    }
    all.push(Step::Kill);
    if bounds.elsewhere {
        all.push(Step::Terminate);
    }
    let mut blocks = vec![[None; 2]];
    blocks.extend(LETTERS.map(|letter| [Some(letter), None]));
    if bounds.pairs {
        let pairs = LETTERS
            .iter()
            .flat_map(|&first| LETTERS.map(|second| [Some(first), Some(second)]));
        blocks.extend(pairs);
    }
    for ends in [false, true] {
        for &commands in &blocks {
            if (ends && !up) || (!ends && commands[0].is_none()) {
                continue;
            }
            all.extend([false, true].map(|fork_fails| Step::Wake {
                ends,
                commands,
                fork_fails,
            }));
        }
    }
    all
}
