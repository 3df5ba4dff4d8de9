//! What can happen in a state. The search sees nothing else.

use daemontools::servicedir::status::Want;
use daemontools::unix::process::End;

use super::world::World;

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A supervise begins.
    Begin { fork_fails: bool },
    /// supervise wakes up: its service has ended, or commands have come, or both.
    Wake {
        ends: Option<End>,
        commands: [Option<u8>; 2],
        fork_fails: bool,
    },
    /// The service says that it is ready.
    Ready,
    /// `./finish` ends.
    FinishEnds,
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
    /// The commands. `t` stands for all that only send a signal.
    pub(super) letters: &'static [u8],
    /// Two commands in one write.
    pub(super) pairs: bool,
    /// Forks fail.
    pub(super) forks: bool,
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
    let fails = if bounds.forks {
        &[false, true][..]
    } else {
        &[false]
    };
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
    if world.ready == Some(false) && up {
        all.push(Step::Ready);
    }
    if world.finish.is_some() {
        all.push(Step::FinishEnds);
    }
    if !supervised {
        all.extend(fails.iter().map(|&fork_fails| Step::Begin { fork_fails }));
        if up {
            all.push(Step::End);
        } else if bounds.elsewhere && world.policy.is_none() {
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
    let letters = bounds.letters;
    let mut blocks = vec![[None; 2]];
    blocks.extend(letters.iter().map(|&letter| [Some(letter), None]));
    if bounds.pairs {
        let pairs = letters.iter().flat_map(|&first| {
            letters
                .iter()
                .map(move |&second| [Some(first), Some(second)])
        });
        blocks.extend(pairs);
    }
    let ends: &[Option<End>] = match world.policy {
        Some(_) => &[None, Some(End::Exited(0)), Some(End::Exited(1))],
        None => &[None, Some(End::Exited(0))],
    };
    for &ends in ends {
        for &commands in &blocks {
            if (ends.is_some() && !up) || (ends.is_none() && commands[0].is_none()) {
                continue;
            }
            all.extend(fails.iter().map(|&fork_fails| Step::Wake {
                ends,
                commands,
                fork_fails,
            }));
        }
    }
    all
}
