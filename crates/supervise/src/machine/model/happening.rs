//! What can happen, and when: the ways out of a state. What is left out here is never
//! seen by the search.

use daemontools::servicedir::status::Want;

use super::State;

/// The commands: `t` stands for all that only send a signal.
const LETTERS: [u8; 7] = *b"udoxpct";

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// supervise starts where none runs.
    Begin { forks: bool },
    /// It wakes: its service has ended, or commands came, or both, or a time has come.
    Wake {
        ended: bool,
        letters: [Option<u8>; 2],
        forks: bool,
    },
    /// It is killed while it waits.
    Kill,
    /// It gets TERM.
    Terminate,
    /// svscan ends, and another begins: a supervise that runs is taken over.
    Svscan,
    /// The service ends while there is no supervise.
    End,
    /// The pid in the record is given to another process.
    Stranger,
    /// Half a second passes.
    Tick,
    /// The machine is started anew.
    Reboot,
    /// The disk is full, or has room again.
    Disk,
    /// The C original's supervise ran the service and was killed.
    Original { want: Want },
}

/// What is to be left out, to keep the number of states low.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Two commands in one write.
    pub(super) pairs: bool,
    /// The disk gets full (and then supervise is not killed while its record is not
    /// true: what only the memory of a killed process knew is gone).
    pub(super) full: bool,
    /// Another machine's troubles: reboots, strangers, the C original.
    pub(super) elsewhere: bool,
}

impl Happening {
    /// Whether it differs from the happening before it in that a fork fails.
    pub(super) const fn is_without_fork(self) -> bool {
        matches!(
            self,
            Self::Begin { forks: false } | Self::Wake { forks: false, .. }
        )
    }
}

impl State {
    /// All that can happen in this state.
    pub(super) fn happenings(&self, bounds: Bounds) -> Vec<Happening> {
        let up = !self.world.services.is_empty();
        let mut all = vec![Happening::Tick];
        if bounds.full {
            all.push(Happening::Disk);
        }
        if bounds.elsewhere {
            all.push(Happening::Reboot);
            // Within a tick the kernel's times are the same.
            let now = Some(self.world.ticks());
            if Some(self.world.svscan).max(self.world.detail.seen) < now {
                all.push(Happening::Svscan);
            }
        }
        if self.supervise.is_none() {
            all.extend([true, false].map(|forks| Happening::Begin { forks }));
            if up {
                all.push(Happening::End);
            } else if bounds.elsewhere {
                let wants = [Want::Up, Want::Down, Want::Once];
                all.extend(wants.map(|want| Happening::Original { want }));
            }
            if bounds.elsewhere && self.world.may_be_given_again() {
                all.push(Happening::Stranger);
            }
            return all;
        }
        all.push(Happening::Kill);
        if bounds.elsewhere {
            all.push(Happening::Terminate);
        }
        let mut words = vec![[None; 2]];
        words.extend(LETTERS.map(|letter| [Some(letter), None]));
        if bounds.pairs {
            let pairs = LETTERS
                .iter()
                .flat_map(|&first| LETTERS.map(|second| [Some(first), Some(second)]));
            words.extend(pairs);
        }
        for ended in [false, true] {
            for &letters in &words {
                if (ended && !up) || (!ended && letters[0].is_none()) {
                    continue;
                }
                all.extend([true, false].map(|forks| Happening::Wake {
                    ended,
                    letters,
                    forks,
                }));
            }
        }
        all
    }
}
