//! Every state that supervise and its world can get into, and every way from each: all
//! orders of commands, ends, failed forks and full disks, with supervise killed between
//! any two things that it does, and a successor that finds what was left.
//!
//! The machine and the verdict on an earlier record are the real ones. What stands
//! between them and the kernel is rebuilt: `hands.rs` does what `work.rs`, `record.rs`
//! and `setup.rs` do, step by step, on the world of `world.rs`. `promise.rs` knows
//! what was promised, by itself, and looks on. `happening.rs` says what can happen in a
//! state, and `search.rs` goes everywhere.
//!
//! Time goes in halves of a second. States that differ only in when all happened, or
//! in which pids there are, are one, so their number is finite, and the search ends
//! when there are no new ones.

mod hands;
mod happening;
mod promise;
mod search;
mod state;
mod world;

use hands::Supervise;
use happening::{Bounds, Happening};
use promise::Promise;
use search::explore;
use world::{Stop, World};

/// One state of all there is.
#[derive(Clone, Debug)]
struct State {
    world: World,
    supervise: Option<Supervise>,
    promise: Promise,
}

impl State {
    fn new(normally_down: bool) -> Self {
        Self {
            world: World::new(normally_down),
            supervise: None,
            promise: Promise::default(),
        }
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
                // Before it could note it, or after.
                if matches!(happening, Happening::Terminate | Happening::Svscan) {
                    next.promise.may_begin_anew(&next.world);
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
            Happening::Terminate => {
                let running = supervise.as_mut().ok_or(Stop::Killed)?;
                running.terminated(world)?;
                promise.begins_anew(world);
                *supervise = None;
            }
            Happening::Svscan => {
                world.svscan = world.ticks();
                match supervise {
                    Some(supervise) => {
                        supervise.taken_over(world);
                        supervise.settle(world, promise)?;
                        promise.at_rest(world, supervise)?;
                    }
                    None => promise.begins_anew(world),
                }
            }
            Happening::End => {
                world.services.clear();
                promise.service_ended(world);
            }
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
