//! A walk through services in an order: each is told to start or stop when those before
//! it are done. One that gets stuck holds those after it, and no others. Pure.

/// How far a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Not told yet.
    Held,
    /// Told, and not done.
    Told,
    Done,
    /// Will not be done in time.
    Stuck,
}

#[derive(Debug)]
pub(super) struct Walk {
    /// For each service those before it.
    before: Vec<Vec<usize>>,
    steps: Vec<Step>,
}

impl Walk {
    pub(super) fn new(before: Vec<Vec<usize>>) -> Self {
        Self {
            steps: vec![Step::Held; before.len()],
            before,
        }
    }

    pub(super) fn set(&mut self, service: usize, step: Step) {
        self.steps[service] = step;
    }

    /// The services that are to be told now.
    pub(super) fn due(&self) -> Vec<usize> {
        let held = self.all(Step::Held).into_iter();
        let is_done = |before: &usize| self.steps[*before] == Step::Done;
        held.filter(|&service| self.before[service].iter().all(is_done))
            .collect()
    }

    /// The services at this step.
    pub(super) fn all(&self, step: Step) -> Vec<usize> {
        let steps = self.steps.iter().enumerate();
        steps
            .filter(|&(_, &found)| found == step)
            .map(|(service, _)| service)
            .collect()
    }

    /// Whether nothing is to be told or waited for any more.
    pub(super) fn is_over(&self) -> bool {
        self.all(Step::Told).is_empty() && self.due().is_empty()
    }

    /// Those that are not done and hold this service.
    pub(super) fn holders(&self, service: usize) -> Vec<usize> {
        let before = self.before[service].iter().copied();
        before
            .filter(|&other| self.steps[other] == Step::Stuck)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two stores, a client of both, a client of the second, and a stray.
    fn stores_after_clients() -> Walk {
        Walk::new(vec![vec![2], vec![2, 3], vec![], vec![], vec![]])
    }

    #[test]
    fn each_is_told_when_those_before_it_are_done() {
        let mut walk = stores_after_clients();
        assert_eq!(walk.due(), [2, 3, 4]);
        for service in [2, 3, 4] {
            walk.set(service, Step::Told);
        }
        assert!(walk.due().is_empty() && !walk.is_over());
        walk.set(2, Step::Done);
        assert_eq!(walk.due(), [0]);
        walk.set(3, Step::Done);
        assert_eq!(walk.due(), [0, 1]);
        for service in [0, 1, 4] {
            walk.set(service, Step::Done);
        }
        assert!(walk.is_over() && walk.all(Step::Held).is_empty());
    }

    #[test]
    fn one_that_is_stuck_holds_those_after_it_alone() {
        let mut walk = stores_after_clients();
        walk.set(2, Step::Done);
        walk.set(3, Step::Stuck);
        walk.set(4, Step::Stuck);
        assert_eq!(walk.due(), [0]);
        walk.set(0, Step::Done);
        assert!(walk.is_over());
        assert_eq!(walk.all(Step::Held), [1]);
        assert_eq!(walk.holders(1), [3]);
    }
}
