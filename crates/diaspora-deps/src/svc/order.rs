//! Which services of a set come before which. A service comes after those that it needs,
//! directly or through others that need not be in the set. Pure.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::name::Name;

/// A service of the set: its name, if it has one in `services.toml`, and its direct needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Option<Name>,
    pub(super) needs: Vec<Name>,
}

/// For each service of a set those of the set that it needs, by their index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order(Vec<Vec<usize>>);

impl Order {
    pub(super) fn new<'a>(config: &Config, members: impl Iterator<Item = &'a Member>) -> Self {
        let members: Vec<&Member> = members.collect();
        let all: Vec<BTreeSet<usize>> = members
            .iter()
            .map(|member| reach(config, &members, member))
            .collect();
        // Of services that need each other none comes first.
        let is_one_way = |from: usize, to: usize| from != to && !all[to].contains(&from);
        let needs = |from: usize| {
            let to = all[from].iter().copied();
            to.filter(|&to| is_one_way(from, to)).collect()
        };
        Self((0..members.len()).map(needs).collect())
    }

    /// For each service those that it needs.
    pub(super) fn needs(&self) -> Vec<Vec<usize>> {
        self.0.clone()
    }

    /// For each service those that need it.
    pub(super) fn needed_by(&self) -> Vec<Vec<usize>> {
        let mut needed_by = vec![Vec::new(); self.0.len()];
        for (from, needs) in self.0.iter().enumerate() {
            for &to in needs {
                needed_by[to].push(from);
            }
        }
        needed_by
    }
}

/// The services of the set that one needs.
fn reach(config: &Config, members: &[&Member], member: &Member) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = member.needs.clone();
    while let Some(name) = open.pop() {
        for (index, other) in members.iter().enumerate() {
            if other.name.as_ref() == Some(&name) && found.insert(index) {
                open.extend(other.needs.iter().cloned());
            }
        }
        if seen.insert(name.clone()) {
            open.extend(needs_of(config, &name));
        }
    }
    found
}

/// The direct needs of a service, as `services.toml` has them.
pub(super) fn needs_of(config: &Config, name: &Name) -> Vec<Name> {
    let service = config.services.get(&name.service);
    let needs = service.into_iter().flat_map(|service| &service.needs);
    needs.filter_map(|need| config.find(&need.name)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn needs(names: &[&str]) -> Vec<Vec<usize>> {
        let config = Config::load(Path::new("/nonexistent")).expect("built in");
        let members: Vec<Member> = names
            .iter()
            .map(|name| {
                let name = config.find(name);
                let needs = name.iter().flat_map(|name| needs_of(&config, name));
                Member {
                    needs: needs.collect(),
                    name,
                }
            })
            .collect();
        Order::new(&config, members.iter()).needs()
    }

    #[test]
    fn a_service_comes_after_those_that_it_needs() {
        let modern = ["10postgres", "20nginx", "30redis", "90sidekiq", "99puma"];
        let none = Vec::new;
        let expected = vec![none(), none(), none(), vec![0, 2], vec![0, 2]];
        assert_eq!(needs(&modern), expected);
    }

    #[test]
    fn a_need_counts_through_a_service_that_is_not_there() {
        // The worker needs the websocket, and that needs redis.
        let names = ["30redis", "90resque_worker", "anything", "31redis"];
        let expected = vec![vec![], vec![0, 3], vec![], vec![]];
        assert_eq!(needs(&names), expected);
        let clients = Order(expected).needed_by();
        assert_eq!(clients, vec![vec![1], vec![], vec![], vec![1]]);
    }

    #[test]
    fn of_services_that_need_each_other_none_comes_first() {
        let config = Config::default();
        let name = |service: &str| Name {
            service: service.to_owned(),
            instance: None,
        };
        let member = |service: &str, need: &str| Member {
            name: Some(name(service)),
            needs: vec![name(need)],
        };
        let members = [member("a", "b"), member("b", "a"), member("c", "a")];
        let order = Order::new(&config, members.iter());
        assert_eq!(order.needs(), vec![vec![], vec![], vec![0, 1]]);
    }
}
