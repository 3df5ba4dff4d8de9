//! The search: goes every way from every state until there is no new one, and knows the
//! shortest way to each, so that a broken promise comes with a story.

use std::collections::{HashMap, VecDeque};

use super::State;
use super::happening::{Bounds, Happening};
use super::state;

/// What happened, and after how many things supervise was killed meanwhile.
type Step = (Happening, Option<u32>);
/// From which state, by what, another was reached first.
type Way = (usize, Option<Step>);

/// How much was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) states: usize,
    pub(super) transitions: usize,
    pub(super) kills: usize,
}

/// Goes everywhere from `start`.
///
/// # Errors
/// What promise was broken, and the way there.
pub(super) fn explore(start: State, bounds: Bounds) -> Result<Seen, String> {
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
