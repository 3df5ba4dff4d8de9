//! When svinit, which stops, gives up waiting. Services get their time and are killed then;
//! the processes that they leave behind are ended after them; loggers read to the end, and
//! are told to end when they had a second more. No I/O.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

/// How much longer than services loggers get: as much as Docker's ten seconds leave, with
/// the eight of the services, and one second in reserve. A process that services have left
/// behind and that KILL has not ended by then is not waited for.
const LOGGERS: Duration = Duration::from_secs(1);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Kill the services that still run.
    KillServices,
    /// Have loggers end that still read.
    HurryLoggers,
    /// Nothing runs any more.
    Exit,
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) now: Monotonic,
    /// No service runs, and not the program.
    pub(super) services_are_down: bool,
    /// Nor does a logger.
    pub(super) all_stopped: bool,
    /// Processes run that services have left behind.
    pub(super) strays: bool,
}

/// How far the stop is.
#[derive(Debug)]
pub(super) struct Ending {
    /// How long services get.
    limit: Duration,
    /// When it began.
    since: Option<Monotonic>,
    services_killed: bool,
    loggers_hurried: bool,
    /// Loggers have had their time.
    over: bool,
}

impl Ending {
    pub(super) const fn new(limit: Duration) -> Self {
        Self {
            limit,
            since: None,
            services_killed: false,
            loggers_hurried: false,
            over: false,
        }
    }

    /// How long services get.
    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// The stop begins. `again`: whoever stops it has no patience left, so that the caller
    /// kills and hurries all at once.
    pub(super) fn begin(&mut self, now: Monotonic, again: bool) {
        self.since.get_or_insert(now);
        self.services_killed |= again;
        self.loggers_hurried |= again;
    }

    /// Whether what runs is killed by now.
    pub(super) fn kills(&self, now: Monotonic) -> bool {
        self.services_killed || self.kill_at().is_some_and(|at| at <= now)
    }

    /// What is to be done; each order is given once.
    pub(super) fn order(&mut self, facts: Facts) -> Option<Order> {
        let has_come = |at: Option<Monotonic>| at.is_some_and(|at| at <= facts.now);
        self.over |= has_come(self.hurry_at());
        let nothing_else = facts.all_stopped && facts.services_are_down;
        if nothing_else && (self.over || !facts.strays) {
            return Some(Order::Exit);
        }
        if !self.services_killed && has_come(self.kill_at()) {
            self.services_killed = true;
            if !facts.services_are_down {
                return Some(Order::KillServices);
            }
        }
        if !self.loggers_hurried && self.over && !facts.all_stopped {
            self.loggers_hurried = true;
            return Some(Order::HurryLoggers);
        }
        None
    }

    /// The moment of the next order, unless an event brings one before.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        match (self.services_killed, self.over) {
            (false, _) => self.kill_at(),
            (true, false) => self.hurry_at(),
            (true, true) => None,
        }
    }

    fn kill_at(&self) -> Option<Monotonic> {
        self.since.map(|since| since + self.limit)
    }

    fn hurry_at(&self) -> Option<Monotonic> {
        self.kill_at().map(|at| at + LOGGERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Monotonic = Monotonic(5_000_000_000);
    const LIMIT: Duration = Duration::from_secs(8);

    fn begun() -> Ending {
        let mut ending = Ending::new(LIMIT);
        ending.begin(START, false);
        ending
    }

    const fn at(now: Monotonic) -> Facts {
        Facts {
            now,
            services_are_down: false,
            all_stopped: false,
            strays: false,
        }
    }

    #[test]
    fn it_exits_as_soon_as_nothing_runs() {
        let mut ending = begun();
        assert_eq!(ending.order(at(START)), None);
        let mut facts = at(START);
        facts.services_are_down = true;
        assert_eq!(ending.order(facts), None, "a logger runs");
        facts.all_stopped = true;
        facts.strays = true;
        assert_eq!(ending.order(facts), None, "a process is left");
        facts.strays = false;
        assert_eq!(ending.order(facts), Some(Order::Exit));
    }

    #[test]
    fn services_are_killed_once_at_the_limit_and_loggers_hurried_a_second_later() {
        let mut ending = begun();
        assert_eq!(ending.deadline(), Some(START + LIMIT));
        assert!(!ending.kills(START));
        let limit = START + LIMIT;
        assert!(ending.kills(limit));
        assert_eq!(ending.order(at(limit)), Some(Order::KillServices));
        assert_eq!(ending.order(at(limit)), None);
        assert_eq!(ending.deadline(), Some(limit + LOGGERS));
        let late = limit + LOGGERS;
        assert_eq!(ending.order(at(late)), Some(Order::HurryLoggers));
        assert_eq!(ending.order(at(late)), None);
        assert_eq!(ending.deadline(), None);
    }

    #[test]
    fn nobody_is_named_as_killed_where_only_loggers_are_left() {
        let mut ending = begun();
        let mut facts = at(START + LIMIT);
        facts.services_are_down = true;
        assert_eq!(ending.order(facts), None);
        assert_eq!(ending.deadline(), Some(START + LIMIT + LOGGERS));
    }

    #[test]
    fn a_second_request_leaves_nothing_to_wait_for() {
        let mut ending = begun();
        ending.begin(START, true);
        assert!(ending.kills(START));
        assert_eq!(ending.order(at(START)), None);
        let late = START + LIMIT + LOGGERS;
        assert_eq!(ending.deadline(), Some(late));
        assert_eq!(ending.order(at(late)), None);
        assert_eq!(ending.deadline(), None);
    }

    #[test]
    fn a_process_that_kill_does_not_end_is_not_waited_for_for_ever() {
        let mut ending = begun();
        let mut facts = at(START + LIMIT);
        (facts.services_are_down, facts.all_stopped, facts.strays) = (true, true, true);
        assert_eq!(ending.order(facts), None);
        facts.now = START + LIMIT + LOGGERS;
        assert_eq!(ending.deadline(), Some(facts.now));
        assert_eq!(ending.order(facts), Some(Order::Exit));
    }
}
