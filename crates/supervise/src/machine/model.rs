//! Every state that supervise and its world can get into, and every way from each: all
//! orders of commands, ends, failed forks and full disks, with supervise killed between
//! any two things that it does, and a successor that finds what was left.
//!
//! The machine and the verdict on an earlier record are the real ones. What stands
//! between them and the kernel is rebuilt: `hands.rs` does what `work.rs`, `record.rs`
//! and `setup.rs` do, step by step, on the world of `world.rs`. `promise.rs` knows
//! what was promised, by itself, and looks on.
//!
//! Time goes in halves of a second. States that differ only in when all happened, or
//! in which pids there are, are one, so their number is finite, and the search ends
//! when there are no new ones.

mod hands;
mod promise;
mod state;
mod world;

use std::collections::{HashMap, VecDeque};

use super::*;
use hands::Supervise;
use promise::Promise;
use world::{Stop, World};

/// The commands: `t` stands for all that only send a signal.
const LETTERS: [u8; 7] = *b"udoxpct";

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
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

/// One state of all there is.
#[derive(Clone, Debug)]
struct State {
    world: World,
    supervise: Option<Supervise>,
    promise: Promise,
}

/// What is to be left out, to keep the number of states low.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Two commands in one write.
    pairs: bool,
    /// The disk gets full (and then supervise is not killed while its record is not
    /// true: what only the memory of a killed process knew is gone).
    full: bool,
    /// Another machine's troubles: reboots, strangers, the C original.
    elsewhere: bool,
}

impl Happening {
    /// Whether it differs from the happening before it in that a fork fails.
    const fn is_without_fork(self) -> bool {
        matches!(
            self,
            Self::Begin { forks: false } | Self::Wake { forks: false, .. }
        )
    }
}

impl State {
    fn new(normally_down: bool) -> Self {
        Self {
            world: World::new(normally_down),
            supervise: None,
            promise: Promise::default(),
        }
    }

    /// All that can happen in this state.
    fn happenings(&self, bounds: Bounds) -> Vec<Happening> {
        let up = !self.world.services.is_empty();
        let mut all = vec![Happening::Tick];
        if bounds.full {
            all.push(Happening::Disk);
        }
        if bounds.elsewhere {
            all.push(Happening::Reboot);
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

    /// What becomes of it. With `fuse`, supervise is killed before it does that many
    /// things more. `None` where nothing is promised of what follows.
    fn after(&self, happening: Happening, fuse: Option<u32>) -> Result<Option<Self>, String> {
        let mut next = self.clone();
        next.world.light(fuse);
        match next.go(happening) {
            Ok(()) => {}
            Err(Stop::Killed) if next.world.full || next.promise.untrue => return Ok(None),
            Err(Stop::Killed) => {
                if next
                    .supervise
                    .take()
                    .is_some_and(|supervise| supervise.left)
                {
                    next.promise.may_have_left(&next.world);
                }
            }
            Err(Stop::Broken(what)) => return Err(what),
        }
        if next
            .supervise
            .as_ref()
            .is_some_and(|supervise| supervise.left)
        {
            next.supervise = None;
        }
        Ok(Some(next))
    }

    fn go(&mut self, happening: Happening) -> Result<(), Stop> {
        let Self {
            world,
            supervise,
            promise,
        } = self;
        match happening {
            Happening::Begin { forks } => {
                world.forks = forks;
                promise.before_begin(world);
                let (begun, verdict) = Supervise::begin(world, promise)?;
                promise.begun(world, &begun, verdict)?;
                let begun = supervise.insert(begun);
                begun.settle(world, promise)?;
                promise.at_rest(world, begun)?;
            }
            Happening::Wake {
                ended,
                letters,
                forks,
            } => {
                world.forks = forks;
                let supervise = supervise.as_mut().ok_or(Stop::Killed)?;
                if ended {
                    world.services.clear();
                    supervise.ended(world, promise)?;
                }
                for letter in letters.into_iter().flatten() {
                    promise.before(letter, world, supervise);
                    supervise.obey(letter, world, promise)?;
                    promise.obeyed(letter, world, supervise)?;
                }
                supervise.settle(world, promise)?;
                promise.at_rest(world, supervise)?;
            }
            Happening::Tick => {
                world.pass();
                world.forks = true;
                if let Some(supervise) = supervise {
                    supervise.settle(world, promise)?;
                    promise.at_rest(world, supervise)?;
                }
            }
            Happening::Kill => return Err(Stop::Killed),
            Happening::End => world.services.clear(),
            Happening::Stranger => world.give_again(),
            Happening::Disk => world.full = !world.full,
            Happening::Reboot => {
                world.reboot();
                promise.forget();
                return Err(Stop::Killed);
            }
            Happening::Original { want } => {
                world.original(want);
                promise.forget();
                promise.original = true;
            }
        }
        Ok(())
    }
}

/// What happened, and after how many things supervise was killed meanwhile.
type Step = (Happening, Option<u32>);
/// From which state, by what, another was reached first.
type Way = (usize, Option<Step>);

/// How much was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    states: usize,
    transitions: usize,
    kills: usize,
}

/// Goes everywhere from `start`.
///
/// # Errors
/// What promise was broken, and the way there.
fn explore(start: State, bounds: Bounds) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut known: HashMap<state::Key, usize> = HashMap::new();
    let mut ways: Vec<Way> = vec![(0, None)];
    known.insert(state::key(&start), 0);
    let mut waiting = VecDeque::from([(0, start)]);
    while let Some((from, state)) = waiting.pop_front() {
        let mut asked = false;
        for happening in state.happenings(bounds) {
            // Without a start, a failed one is none.
            if happening.is_without_fork() && !asked {
                continue;
            }
            let mut things = 0;
            let mut fuse = None;
            loop {
                let next = state
                    .after(happening, fuse)
                    .map_err(|what| format!("{what}{}", way(&ways, from, happening, fuse)))?;
                seen.transitions += 1;
                seen.kills += usize::from(fuse.is_some());
                if let Some(next) = next {
                    if fuse.is_none() {
                        things = next.world.done;
                        asked = next.world.asked;
                    }
                    let count = known.len();
                    let number = *known.entry(state::key(&next)).or_insert(count);
                    if number == count {
                        ways.push((from, Some((happening, fuse))));
                        waiting.push_back((number, next));
                    }
                }
                let first = fuse.map_or(0, |fuse| fuse + 1);
                if first >= things {
                    break;
                }
                fuse = Some(first);
            }
        }
    }
    seen.states = known.len();
    Ok(seen)
}

/// The way to a broken promise, a line a step.
fn way(ways: &[Way], from: usize, last: Happening, fuse: Option<u32>) -> String {
    let mut steps = vec![(last, fuse)];
    let mut at = from;
    while let (before, Some(step)) = ways[at] {
        steps.push(step);
        at = before;
    }
    let line = |(happening, fuse): &Step| match fuse {
        None => format!("\n  {happening:?}"),
        Some(fuse) => format!("\n  {happening:?}, killed after {fuse} things"),
    };
    steps.iter().rev().map(line).collect()
}

fn check(name: &str, bounds: Bounds) {
    for normally_down in [false, true] {
        match explore(State::new(normally_down), bounds) {
            Ok(seen) => println!(
                "{name}, normally {}: {} states, {} transitions, {} of them with supervise \
                 killed in the middle: every promise kept",
                if normally_down { "down" } else { "up" },
                seen.states,
                seen.transitions,
                seen.kills
            ),
            Err(what) => panic!("{name}: {what}"),
        }
    }
}

#[test]
fn every_promise_is_kept_whenever_supervise_is_killed() {
    check(
        "all but full disks",
        Bounds {
            pairs: true,
            full: false,
            elsewhere: true,
        },
    );
}

#[test]
fn and_while_disks_get_full() {
    check(
        "full disks",
        Bounds {
            pairs: false,
            full: true,
            elsewhere: false,
        },
    );
}
