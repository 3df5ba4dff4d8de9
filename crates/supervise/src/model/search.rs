//! The search: takes every step from every state until there is no new state. It remembers
//! the shortest way to each, so that a broken promise comes with the steps that lead to it.

use std::collections::{HashMap, VecDeque};

use super::key::{Key, key};
use super::state::State;
use super::step::{Bounds, Step, steps};

/// A step, and before which of its effects supervise was killed.
type Transition = (Step, Option<u32>);
/// From which state, and by what, another was reached first.
type Way = (usize, Option<Transition>);

/// How much was visited.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) states: usize,
    pub(super) transitions: usize,
    pub(super) kills: usize,
}

/// Visits all states that can be reached from `start`.
///
/// # Errors
/// The promise that was broken, and the way there.
pub(super) fn explore(start: State, bounds: Bounds) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut known: HashMap<Key, usize> = HashMap::new();
    let mut ways: Vec<Way> = vec![(0, None)];
    known.insert(key(&start), 0);
    let mut waiting = VecDeque::from([(0, start)]);
    while let Some((from, state)) = waiting.pop_front() {
        let mut forked = false;
        let world = &state.simulation().world;
        for step in steps(world, state.supervisor().is_some(), bounds) {
            // Where no fork was tried, none can fail.
            if step.is_with_failing_fork() && !forked {
                continue;
            }
            let mut effects = 0;
            let mut kill_before = None;
            loop {
                let next = state
                    .after(step, kill_before)
                    .map_err(|what| format!("{what}{}", way(&ways, from, (step, kill_before))))?;
                seen.transitions += 1;
                seen.kills += usize::from(kill_before.is_some());
                if let Some(next) = next {
                    if kill_before.is_none() {
                        effects = next.simulation().turn.effects;
                        forked = next.simulation().turn.forked;
                    }
                    let count = known.len();
                    let number = *known.entry(key(&next)).or_insert(count);
                    if number == count {
                        ways.push((from, Some((step, kill_before))));
                        waiting.push_back((number, next));
                    }
                }
                let first = kill_before.map_or(0, |effect| effect + 1);
                if first >= effects {
                    break;
                }
                kill_before = Some(first);
            }
        }
    }
    seen.states = known.len();
    Ok(seen)
}

/// The way to a broken promise, a line a step.
fn way(ways: &[Way], from: usize, last: Transition) -> String {
    let mut steps = vec![last];
    let mut at = from;
    while let (before, Some(step)) = ways[at] {
        steps.push(step);
        at = before;
    }
    let line = |(step, kill_before): &Transition| match kill_before {
        None => format!("\n  {step:?}"),
        Some(effects) => format!("\n  {step:?}, killed after {effects} effects"),
    };
    steps.iter().rev().map(line).collect()
}
