//! The graph of needs: the order in which services start. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::State;
use crate::config::Config;
use crate::name::Name;

mod draw;

use draw::Node;

/// Services with what each needs, dependencies first.
#[derive(Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<(String, Vec<String>)>,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A line for each service, in the order of their start.
    #[default]
    Text,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

impl Graph {
    /// The graph of these services and of everything that they need.
    #[must_use]
    pub fn new(config: &Config, names: &[Name]) -> Self {
        let mut nodes = BTreeMap::new();
        let mut open: Vec<Name> = names.to_vec();
        while let Some(name) = open.pop() {
            if nodes.contains_key(&name.to_string()) {
                continue;
            }
            let Some(service) = config.services.get(&name.service) else {
                continue;
            };
            let needs: Vec<Name> = service
                .needs
                .iter()
                .filter_map(|need| config.find(&need.name))
                .collect();
            nodes.insert(
                name.to_string(),
                needs.iter().map(Name::to_string).collect(),
            );
            open.extend(needs);
        }
        Self { nodes: sort(nodes) }
    }

    /// The names, dependencies first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|(name, _)| name.as_str())
    }

    /// Draws it; `state` gives the state of a service, and the state with the reason.
    #[must_use]
    pub fn render(
        &self,
        format: Format,
        state: impl Fn(&str) -> Option<(State, String)>,
    ) -> String {
        let position = |name: &String| self.nodes.iter().position(|(known, _)| known == name);
        let nodes = self.nodes.iter().map(|(name, needs)| Node {
            name,
            needs: needs.iter().filter_map(position).collect(),
            state: state(name),
        });
        let nodes: Vec<Node> = nodes.collect();
        match format {
            Format::Text => draw::text(&nodes),
            Format::Dot => draw::dot(&nodes),
            Format::Mermaid => draw::mermaid(&nodes),
        }
    }
}

/// Sorts dependencies first, and by name where the order is free. There is no cycle: a
/// [`Config`] with one is refused when it is read.
fn sort(nodes: BTreeMap<String, Vec<String>>) -> Vec<(String, Vec<String>)> {
    let mut left = nodes;
    let mut done = BTreeSet::new();
    let mut sorted = Vec::new();
    loop {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| done.contains(need)))
            .map(|(name, _)| name.clone())
            .collect();
        if free.is_empty() {
            return sorted;
        }
        for name in free {
            let needs = left.remove(&name).unwrap_or_default();
            done.insert(name.clone());
            sorted.push((name, needs));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str) -> BTreeMap<String, Vec<String>> {
        let node = |line: &str| {
            let (name, needs) = line.split_once(':').expect("a colon");
            let needs = needs.split_whitespace().map(str::to_owned).collect();
            (name.to_owned(), needs)
        };
        text.split(';').map(node).collect()
    }

    #[test]
    fn dependencies_come_first() {
        let sorted = sort(nodes("a:b c;b:c;c:;d:"));
        let names: Vec<&str> = sorted.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["c", "d", "b", "a"]);
    }

    #[test]
    fn the_stack_of_2010_in_three_forms() {
        let config = Config::load(std::path::Path::new("/nonexistent")).expect("built in");
        let thin = config.find("99thin_1").expect("known");
        let graph = Graph::new(&config, &[thin]);
        let text = graph.render(Format::Text, |_| None);
        assert_eq!(
            text,
            "mongo\nnginx\nredis\nwebsocket  needs mongo, redis\n\
             thin_1     needs mongo, nginx, redis, websocket\n"
        );
        let dot = graph.render(Format::Dot, |_| Some((State::Ready, "ready".to_owned())));
        assert!(
            dot.contains("n4 -> n1;") && dot.contains("label = \"mongo\\nready\""),
            "{dot}"
        );
        let mermaid = graph.render(Format::Mermaid, |_| None);
        assert!(mermaid.contains("n4[\"thin_1\"]\n") && mermaid.contains("n4 --> n2\n"));
    }
}
